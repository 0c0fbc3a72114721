import { type LiveLayer, type LiveModel, liveWeightsOf } from '../runtime/live-weights.ts';
import { isObject } from './spec.ts';
import type { WeightEntry, WeightIndex } from './weights/index.ts';

/** A tfjs `LayersModel`, as far as it is read. */
interface LayersModel extends LiveModel {
  toJSON(unused: null, asText: false): object;
  readonly layers?: readonly TrainedLayer[];
  readonly loss?: unknown;
  /** Fails where a loss is a function of the user's own. */
  getTrainingConfig?(): object;
}

interface TrainedLayer extends LiveLayer {
  readonly trainable: boolean;
  readonly layers?: readonly TrainedLayer[];
  readonly weights: readonly { readonly trainable?: boolean }[];
}

/** True for a model that is there, and not its description. */
export const isLiveModel = (source: object): source is LayersModel =>
  Array.isArray((source as Partial<LayersModel>).weights) && typeof (source as Partial<LayersModel>).toJSON === 'function';

/** What `model.json` would hold of the model, with the `trainable` flags of its layers, which tfjs does not write. */
export function liveArtifacts(model: LayersModel): object {
  const topology: unknown = structuredClone(model.toJSON(null, false));
  if (isObject(topology)) markFrozen(topology['config'], model.layers ?? [], true);
  return { modelTopology: topology, ...trainingConfig(model) };
}

/** Writes into each layer's config whether training changes it. */
function markFrozen(config: unknown, layers: readonly TrainedLayer[], isTrained: boolean): void {
  const listed: unknown = Array.isArray(config) ? config : isObject(config) ? config['layers'] : [];
  const live = new Map(layers.map((layer) => [layer.name, layer]));
  for (const entry of Array.isArray(listed) ? listed : []) {
    if (!isObject(entry) || !isObject(entry['config'])) continue;
    const own = entry['config'] as Record<string, unknown>;
    const layer = live.get(String(own['name']));
    if (layer === undefined) continue;
    // A model that was frozen as a whole has frozen the variables of its layers, and not these.
    const isFrozen = layer.trainable === false || (layer.weights.length > 0 && layer.weights.every(({ trainable }) => trainable === false));
    own['trainable'] = isTrained && !isFrozen;
    if (layer.layers !== undefined) markFrozen(own, layer.layers, isTrained && !isFrozen);
  }
}

function trainingConfig(model: LayersModel): object {
  if (model.loss === undefined || model.loss === null) return {};
  try {
    const trainingConfig = model.getTrainingConfig?.();
    return trainingConfig === undefined ? {} : { trainingConfig };
  } catch {
    return {};
  }
}

/** The model's variables. They are read when they are asked for. */
export function liveWeightIndex(model: LiveModel): WeightIndex {
  const entries = liveWeightsOf(model).map(([name, weight]): WeightEntry => {
    const { shape, dtype, size } = weight.read();
    const known = dtype === 'int32' || dtype === 'bool' ? dtype : 'float32';
    return {
      name,
      shape,
      dtype: known,
      stored: { dtype: known },
      byteLength: size * (known === 'bool' ? 1 : 4),
      async read() {
        const { buffer, byteOffset, byteLength } = (await weight.read().data()) as Float32Array;
        return new Uint8Array(buffer, byteOffset, byteLength);
      },
    };
  });
  return { entries, totalBytes: entries.reduce((sum, { byteLength }) => sum + byteLength, 0) };
}
