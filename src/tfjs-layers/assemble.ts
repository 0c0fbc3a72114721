import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { CallId, Layer, TensorId } from '../model/graph.ts';
import { type PeerConfig, tensorName } from './configs.ts';
import type { Library, PeerLayer } from './library.ts';
import type { NoPeer, PeerInput, PeerTopology } from './topology.ts';

/** A model of tfjs-layers whose weights are not set. */
export interface PeerModel {
  /** Null where every output is an input. */
  readonly network: LayersModel | null;
  /** In the order in which the network takes them. */
  readonly inputs: readonly PeerInput[];
  /** In the order in which it gives them. */
  readonly outputs: readonly TensorId[];
  readonly layers: ReadonlyMap<Layer, PeerLayer>;
  /** What each call gives, before it is computed. */
  readonly calls: ReadonlyMap<CallId, { readonly layer: PeerLayer; readonly tensors: readonly SymbolicTensor[] }>;
  dispose(): void;
}

/**
 * Makes the layers and calls them in order, as an application that builds the model itself would; a file's list of layers would have
 * tfjs-layers number the calls of shared ones in an order of its own.
 */
export function assembleModel(library: Library, name: string, { layers, calls, inputs, outputs }: PeerTopology): PeerModel | NoPeer {
  const { input, model: modelOf } = library.layers;
  const made = new Map<Layer, PeerLayer>();
  const called = new Map<CallId, { layer: PeerLayer; tensors: SymbolicTensor[] }>();
  const dispose = (): void => {
    for (const layer of made.values()) for (const weight of layer.weights) weight.dispose();
  };
  const refuse = (error: unknown, layer: string | null): NoPeer => {
    dispose();
    const what = layer === null ? 'the model' : JSON.stringify(layer);
    return { reason: `tfjs-layers cannot make ${what}: ${messageOf(error)}`, layer };
  };

  const taken = new Set<string>();
  /** tfjs-layers is particular about names; one that it does not take is replaced. */
  const nameOf = (wanted: string): string => {
    const base = tensorName(wanted) ?? 'layer';
    let name = base;
    for (let n = 1; taken.has(name); n++) name = `${base}_${n}`;
    taken.add(name);
    return name;
  };
  const tensors = new Map<TensorId, SymbolicTensor>();
  for (const { key, tensor, shape, dtype } of inputs) {
    tensors.set(tensor, input({ name: nameOf(key), batchShape: [...shape], dtype: dtype as 'float32' }));
  }
  for (const { id, layer, inputs: given } of calls) {
    try {
      const own = made.get(layer) ?? makeLayer(library, layers.get(layer) as PeerConfig, nameOf(layer.path));
      made.set(layer, own);
      const symbolic = given.map((tensor) => tensors.get(tensor) ?? missing(tensor));
      const results = [own.apply(symbolic.length === 1 ? (symbolic[0] as SymbolicTensor) : symbolic)].flat() as SymbolicTensor[];
      for (const [k, result] of results.entries()) tensors.set(`${id}:${k}`, result);
      called.set(id, { layer: own, tensors: results });
    } catch (error) {
      return refuse(error, layer.path);
    }
  }
  try {
    const wanted = outputs.map((tensor) => tensors.get(tensor) ?? missing(tensor));
    const taken = inputs.map(({ tensor }) => tensors.get(tensor) as SymbolicTensor);
    const network = wanted.length === 0 ? null : modelOf({ name: tensorName(name) ?? 'model', inputs: taken, outputs: wanted });
    return { network, inputs, outputs, layers: made, calls: called, dispose };
  } catch (error) {
    return refuse(error, null);
  }
}

function makeLayer({ make }: Library, { className, config }: PeerConfig, name: string): PeerLayer {
  const layer = make(className, { ...config, name });
  // Zeros: the weights are set afterwards.
  layer.setFastWeightInitDuringBuild(true);
  return layer;
}

const missing = (tensor: TensorId): never => {
  throw new Error(`${tensor} is none of its tensors`);
};

/** What tfjs-layers says, on one line; of a stack that is full, that it walks through the model by recursion. */
export const messageOf = (error: unknown): string =>
  error instanceof RangeError && /call stack/i.test(error.message)
    ? 'it walks through the layers by recursion, and there are too many'
    : (error as Error).message.replace(/\s+/g, ' ').trim();
