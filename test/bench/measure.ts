import * as tf from '@tensorflow/tfjs-core';
import { seededRandom } from '../models/digits/load.ts';
import { difference, TOLERANCE } from './agreement.ts';
import { BACKEND } from './compiled.ts';
import { inputsFor } from './inputs.ts';
import { type Call, CannotRun, type Peer, type Running, type Setting, type Values } from './peers/peer.ts';
import type { Costs, Measurement, PeerResult, Timing } from './results.ts';
import { bootstrapMedian, median, spread } from './statistics.ts';
import { type Budget, type Samples, timeAlternating } from './timing.ts';

/** Peers that are set up, in their order, and why the others are not. */
export interface Contest {
  readonly running: ReadonlyMap<string, Running>;
  readonly cannot: ReadonlyMap<string, string>;
}

/**
 * Sets peers up for a question.
 * @throws whatever a peer throws that is no reason for which it cannot run
 */
export async function setUp(peers: readonly Peer[], setting: Setting): Promise<Contest> {
  const running = new Map<string, Running>();
  const cannot = new Map<string, string>();
  for (const peer of peers.filter(({ isPresent }) => isPresent?.(setting) ?? true)) {
    try {
      running.set(peer.name, await (await peer.prepare(setting)).load());
    } catch (error) {
      cannot.set(peer.name, reasonOf(error));
    }
  }
  return { running, cannot };
}

function reasonOf(error: unknown): string {
  if (error instanceof CannotRun) return error.message;
  throw error;
}

/** Calls of peers that agree, bound to the same inputs, and the results of those that do not. */
export interface Agreement {
  readonly calls: ReadonlyMap<string, Call>;
  readonly others: readonly PeerResult[];
  /** Milliseconds of the slowest of the calls, the first time. */
  readonly slowest: number;
}

/** Compares what peers compute of one batch with what the first of them does, which is skipc. */
export async function compare({ running, cannot }: Contest, inputs: tf.NamedTensorMap): Promise<Agreement> {
  const others: PeerResult[] = [...cannot].map(([peer, why]) => ({ peer, outcome: 'cannot', why }));
  const calls = new Map<string, Call>();
  let reference: Values | undefined;
  let slowest = 0;
  for (const [peer, set] of running) {
    try {
      const call = await set.bind(inputs);
      const start = performance.now();
      const values = await call.run();
      slowest = Math.max(slowest, performance.now() - start);
      reference ??= values;
      const apart = difference(values, reference);
      if (apart <= TOLERANCE) {
        calls.set(peer, call);
        continue;
      }
      others.push({ peer, outcome: 'differs', difference: apart });
      call.dispose();
    } catch (error) {
      others.push({ peer, outcome: 'cannot', why: reasonOf(error) });
    }
  }
  return { calls, others, slowest };
}

/** Compares peers at one batch size, and times those that agree. */
export async function measure(contest: Contest, setting: Setting, batch: number, budgetOf: BudgetOf): Promise<Measurement> {
  const inputs = inputsFor(setting.model, batch);
  const { calls, others, slowest } = await compare(contest, inputs);
  const samples = await timeAlternating(calls, budgetOf(slowest), seededRandom(batch));
  const [own = []] = samples.values();
  const results: PeerResult[] = [];
  for (const [peer, times] of samples) {
    const costs = await costsOf(calls.get(peer) as Call);
    results.push({ peer, outcome: 'timed', timing: timingOf(times, own), costs });
  }
  for (const call of calls.values()) call.dispose();
  tf.dispose(inputs);
  return {
    model: setting.model.name,
    question: setting.question.name,
    backend: BACKEND[setting.backend],
    batch,
    peers: [...results, ...others],
    note: own.length < FEW ? `${own.length} rounds only, of ${roundSeconds(samples).toFixed(1)} s each` : null,
  };
}

/** How long a round of one call of every peer takes. */
const roundSeconds = (samples: Samples): number => [...samples.values()].reduce((sum, times) => sum + median(times), 0) / 1_000;

/** With fewer rounds an interval says little. */
const FEW = 5;

/** How much time there is for calls of which the slowest took some milliseconds, the first time. */
export type BudgetOf = (milliseconds: number) => Budget;

function timingOf(times: readonly number[], own: readonly number[]): Timing {
  const ratios = times.map((ms, round) => ms / (own[round] as number));
  return { ms: bootstrapMedian(times), ratio: bootstrapMedian(ratios), spread: spread(times), rounds: times.length };
}

/** Kernels and bytes of one call, as tfjs counts them. */
async function costsOf(call: Call): Promise<Costs> {
  const before = tf.memory().numBytes;
  let result: ReturnType<Call['run']> = [];
  const profile = await tf.profile(() => {
    result = call.run();
    return [];
  });
  await result;
  // Peers that do not run on tfjs have no kernels that it knows of.
  if (profile.kernels.length === 0) return { kernels: null, peakBytes: null };
  return { kernels: profile.kernels.length, peakBytes: profile.peakBytes - before };
}
