import type { Tensor } from '@tensorflow/tfjs-core';

/** A model that runs: a tfjs `LayersModel`, or anything with its weights. */
export interface LiveModel {
  readonly weights: readonly LiveWeight[];
  /** What its weights are in; of models inside it tells apart layers of one name. */
  readonly layers?: readonly LiveLayer[];
}

export interface LiveWeight {
  readonly name: string;
  readonly originalName?: string;
  readonly trainable?: boolean;
  read(): Tensor;
}

export interface LiveLayer {
  readonly name: string;
  readonly trainable?: boolean;
  readonly weights: readonly object[];
  readonly layers?: readonly LiveLayer[];
}

/** Where a weight is found. */
interface Found {
  readonly scopes: Set<string>;
  isTrained: boolean;
}

/**
 * The weights of a model by their names, before which stand those of the models that they are in; a layer may be in several. Those of a
 * layer that was made as not trainable say so no more than the layer does.
 */
export function liveWeightsOf({ weights, layers = [] }: LiveModel): (readonly [name: string, weight: LiveWeight, isTrained: boolean])[] {
  const places = new Map<object, Found>();
  const open = layers.map((layer) => ({ layer, scope: '', isTrained: layer.trainable !== false }));
  for (const { layer, scope, isTrained } of open) {
    for (const inner of layer.layers ?? []) {
      open.push({ layer: inner, scope: `${scope}${layer.name}/`, isTrained: isTrained && inner.trainable !== false });
    }
    for (const weight of layer.layers === undefined ? layer.weights : []) {
      const found = places.get(weight) ?? { scopes: new Set(), isTrained: false };
      found.scopes.add(scope);
      found.isTrained ||= isTrained;
      places.set(weight, found);
    }
  }
  return weights.flatMap((weight) => {
    const { scopes, isTrained } = places.get(weight) ?? { scopes: [''], isTrained: true };
    return [...scopes].map(
      (scope) => [scope + (weight.originalName ?? weight.name), weight, isTrained && weight.trainable === true] as const,
    );
  });
}
