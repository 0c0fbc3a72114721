import { permutation } from '../models/digits/load.ts';
import type { Call } from './peers/peer.ts';

/** Milliseconds of a call of each peer, one number a round. */
export type Samples = ReadonlyMap<string, readonly number[]>;

export interface Budget {
  /** Seconds for all peers together, after warming up. */
  readonly seconds: number;
  /** Rounds that are run, however long they take. */
  readonly fewest: number;
  readonly most: number;
}

/** One sample is as many calls as take this long. */
const SAMPLE_MS = 8;
const WARM_UP_MS = 300;
const WARM_UP_CALLS = 3;

/** Milliseconds of one of `count` calls one after the other. */
async function time(call: Call, count: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const values = call.run();
    if (values instanceof Promise) await values;
  }
  return (performance.now() - start) / count;
}

/** Calls until nothing is new: compiled code, caches, memory of the process. The fastest of the calls tells how long one takes. */
async function warmUp(call: Call): Promise<number> {
  const start = performance.now();
  let fastest = Number.POSITIVE_INFINITY;
  let calls = 0;
  do {
    fastest = Math.min(fastest, await time(call, 1));
    calls++;
    // What takes long has more work in it than overhead to warm up.
  } while (performance.now() - start < WARM_UP_MS || (calls < WARM_UP_CALLS && fastest < 1_000));
  return fastest;
}

/**
 * Times calls in rounds, each round a sample of every call in an order drawn anew: what the machine does beside hits all alike.
 * @param random numbers in [0, 1)
 */
export async function timeAlternating(calls: ReadonlyMap<string, Call>, budget: Budget, random: () => number): Promise<Samples> {
  const names = [...calls.keys()];
  const counts = new Map<string, number>();
  for (const [name, call] of calls) counts.set(name, Math.max(1, Math.ceil(SAMPLE_MS / (await warmUp(call)))));
  const samples = new Map<string, number[]>(names.map((name) => [name, []]));
  const start = performance.now();
  for (let round = 0; round < budget.most; round++) {
    if (round >= budget.fewest && performance.now() - start > budget.seconds * 1_000) break;
    for (const i of permutation(names.length, random)) {
      const name = names[i] as string;
      samples.get(name)?.push(await time(calls.get(name) as Call, counts.get(name) ?? 1));
    }
  }
  return samples;
}
