import { dispose } from '@tensorflow/tfjs-core';
import { type Analysis, analyseModel } from '../analyse.ts';
import { type Compiled, type CompileOptions, draftOf, finish, weightFile, weightsFor } from '../compile.ts';
import { SkipcError } from '../diagnostics/error.ts';
import { liveWeights } from '../emit/weights.ts';
import { startBackend } from '../eval/backend.ts';
import type { BackendChoice } from '../eval/choices.ts';
import { type ModelSource, readModel } from '../read/read.ts';
import type { WeightIndex } from '../read/weights/index.ts';
import { isPeer, type NoPeer, openPeer, type Peer } from '../tfjs-layers/peer.ts';
import { trace } from '../trace.ts';
import { randomWeights } from '../verify/random-weights.ts';
import { version } from '../version.ts';
import { groupsOf } from './groups.ts';
import { randomInputs } from './inputs.ts';
import { ownersOf } from './owners.ts';
import type { Profile } from './report.ts';
import { rowsOf } from './rows.ts';
import { type Contender, timeInTurns } from './turns.ts';

export interface ProfileOptions {
  readonly compile: Omit<CompileOptions, 'backend' | 'bake' | 'weights' | 'command'>;
  /** The first of these that is installed is used. */
  readonly backends: readonly BackendChoice[];
  readonly batchSize: number;
  /** How often each side runs; by default, as often as takes some seconds. */
  readonly runs?: number | undefined;
  /** Times tfjs-layers as well. */
  readonly withPeer: boolean;
}

export interface Profiled {
  readonly profile: Profile;
  /** What was timed. */
  readonly compiled: Compiled;
}

const SEED = 1;

/**
 * Times a module layer by layer on random inputs, and tfjs-layers beside it, which runs all of the model.
 * @throws SkipcError as compiling does, and `backend-unavailable`
 */
export async function profile(source: ModelSource, options: ProfileOptions): Promise<Profiled> {
  const { batchSize } = options;
  const backend = await startBackend(options.backends);
  const model = await readModel(source);
  const compileOptions = { ...options.compile, backend };
  const given = await weightsFor(model, options.compile.weightsFrom);
  const index = given ?? randomWeights(analyseModel(model, compileOptions).whole.weights, SEED);
  const draft = await draftOf(model, index, compileOptions);
  const compiled = finish(draft, weightFile(draft));
  const { analysis, summary, identifiers, code, weights } = compiled;
  const { program } = analysis;
  const groups = groupsOf(program);
  const owners = ownersOf(groups, identifiers);

  const { module, watch } = await trace(code, weights);
  const w = await module.load();
  const inputs = randomInputs(program, batchSize, SEED);
  const ours: Contender = {
    run: () => dispose(module.predict(w, inputs)),
    watched(stopwatch) {
      watch(({ identifiers: [first = ''] }, compute) => stopwatch.around(String(owners.get(first) ?? ''), compute));
      stopwatch.watch(() => stopwatch.around('', () => dispose(module.predict(w, inputs))));
      watch(null);
    },
  };
  const peer = options.withPeer ? await peerOf(analysis, index) : null;
  const theirs = peer !== null && isPeer(peer) ? peerContender(peer, analysis, batchSize) : null;
  try {
    const { turns, timed } = timeInTurns([ours, ...(theirs === null ? [] : [theirs])], options.runs);
    const [own, other] = timed;
    if (own === undefined) throw new Error('nothing was timed');
    const numbered = new Map([...own.spent].map(([owner, spent]) => [owner === '' ? -1 : Number(owner), spent]));
    const { graph } = model;
    const measured: Profile = {
      skipc: version,
      model: { name: graph.name, hash: model.hash },
      program: summary.program,
      backend,
      batchSize,
      runs: turns,
      weights: given === null ? 'random' : 'model',
      module: own.side,
      peer: other?.side ?? null,
      peerAbsent: peer !== null && !isPeer(peer) ? peer.reason : null,
      perLayer: [...rowsOf({ program, groups, module: numbered, graph, sources: analysis.sources, peer: other?.spent ?? null })],
    };
    return { profile: measured, compiled };
  } finally {
    module.dispose(w);
    dispose(inputs);
    theirs?.dispose();
  }
}

/** All of the model in tfjs-layers, or the chosen part where skipc cannot compile the rest. */
async function peerOf({ model, uncounted, whole, selected, lowered }: Analysis, index: WeightIndex): Promise<Peer | NoPeer> {
  const [graph, program] = uncounted === 0 ? [model.graph, whole] : [selected, lowered];
  try {
    return await openPeer(graph, program.weights, await liveWeights(program, index));
  } catch (error) {
    // The module can be timed without: what is amiss on the other side is said, and no more.
    if (error instanceof SkipcError) return { reason: error.message, layer: null };
    throw error;
  }
}

function peerContender(peer: Peer, { uncounted, whole, lowered }: Analysis, batchSize: number): Contender & { dispose(): void } {
  const inputs = randomInputs(uncounted === 0 ? whole : lowered, batchSize, SEED);
  return {
    run: () => dispose(peer.run(inputs)),
    watched: (stopwatch) =>
      stopwatch.watch(() =>
        stopwatch.around('', () => dispose(peer.run(inputs, { around: (call, run) => stopwatch.around(call.replace(/@\d+$/, ''), run) }))),
      ),
    dispose() {
      peer.dispose();
      dispose(inputs);
    },
  };
}
