import type * as Core from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import type { StoredWeight } from '../emit/safetensors.ts';
import type { Weight } from '../ir/program.ts';
import type { CallId, ModelGraph, TensorId } from '../model/graph.ts';
import { assembleModel, type PeerModel } from './assemble.ts';
import type { PeerHooks } from './hooks.ts';
import { knownDivergences } from './known.ts';
import { loadLibrary } from './library.ts';
import { type NoPeer, peerTopology } from './topology.ts';
import { Interruption, PeerFailure, watched } from './watch.ts';
import { setWeights } from './weights.ts';

export type { PeerHooks } from './hooks.ts';
export type { NoPeer } from './topology.ts';
export { PeerFailure } from './watch.ts';

/** A model that tfjs-layers runs, on whatever backend is active. */
export interface Peer {
  /** Such as `4.22.0`. */
  readonly version: string;
  /** Keys of inputs that it does not take: masks of cut tensors, states. It computes what the model does where they are left out. */
  readonly leftOut: readonly string[];
  /** What is known to be another in tfjs-layers than in Keras: sentences, by the calls that it is about. */
  readonly divergences: ReadonlyMap<CallId, readonly string[]>;
  /**
   * `predict` of tfjs-layers, in one batch. The caller owns what comes back; nothing else is left behind.
   * @param inputs by the keys of the graph's inputs; further ones are not read
   * @returns the outputs by the keys of the graph's outputs
   * @throws PeerFailure where tfjs-layers cannot run it, Error where an input is missing, and what the hooks throw
   */
  run(inputs: NamedTensorMap, hooks?: PeerHooks): NamedTensorMap;
  /** Frees the weights. */
  dispose(): void;
}

/** True where tfjs-layers has the model. */
export const isPeer = (opened: Peer | NoPeer): opened is Peer => 'run' in opened;

/**
 * A model in tfjs-layers.
 * @param graph all of which skipc compiles
 * @param variables those of the program that the graph was lowered to
 * @param weights of them, as `liveWeights` reads them
 * @returns or why tfjs-layers cannot have it
 * @throws SkipcError `tfjs-layers-missing`
 */
export async function openPeer(graph: ModelGraph, variables: readonly Weight[], weights: readonly StoredWeight[]): Promise<Peer | NoPeer> {
  const library = await loadLibrary();
  const topology = peerTopology(graph);
  if ('reason' in topology) return topology;
  const model = assembleModel(library, graph.name, topology);
  if ('reason' in model) return model;
  const amiss = setWeights(library.core, model.layers, variables, weights);
  if (amiss !== null) {
    model.dispose();
    return amiss;
  }
  const divergences = knownDivergences(graph.origin, topology);
  return { ...runnerOf(library.core, graph, model), version: library.layers.version_layers, leftOut: topology.leftOut, divergences };
}

function runnerOf(core: typeof Core, graph: ModelGraph, model: PeerModel): Pick<Peer, 'run' | 'dispose'> {
  const { network, inputs, outputs, dispose } = model;
  let hooks: PeerHooks = {};
  for (const [call, { layer, tensors }] of model.calls) {
    const source = watched(layer, call, () => hooks);
    for (const tensor of tensors) tensor.sourceLayer = source;
  }
  const keys = new Map(graph.inputs.map(({ tensor, key }) => [tensor, key]));
  const run = (given: NamedTensorMap): NamedTensorMap => {
    const taken = inputs.map(({ key }) => ownTensor(given, key));
    const computed = network === null ? [] : predicted(network, taken);
    const result = (tensor: TensorId): Tensor => computed[outputs.indexOf(tensor)] ?? ownTensor(given, keys.get(tensor) ?? tensor);
    return Object.fromEntries(graph.outputs.map(({ key, tensor }) => [key, result(tensor).clone()]));
  };
  return {
    run(given, told = {}) {
      hooks = told;
      return core.tidy(() => run(given));
    },
    dispose,
  };
}

function predicted(network: NonNullable<PeerModel['network']>, taken: Tensor[]): readonly Tensor[] {
  try {
    return [network.predictOnBatch(taken)].flat();
  } catch (error) {
    if (error instanceof Interruption) throw error.cause;
    throw error instanceof PeerFailure ? error : new PeerFailure(null, error);
  }
}

function ownTensor(given: NamedTensorMap, key: string): Tensor {
  const tensor = Object.hasOwn(given, key) ? given[key] : undefined;
  if (tensor === undefined) throw new Error(`the input ${JSON.stringify(key)} is missing`);
  return tensor;
}
