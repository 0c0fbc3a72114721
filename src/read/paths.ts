import type { Layer } from '../model/graph.ts';
import { firstCalls } from './numbering.ts';
import { isInputLayer, type LayerSpec, type ModelSpec } from './spec.ts';

/** A layer at its place in the whole model, however often the models around it are called. */
export interface Site {
  readonly spec: LayerSpec;
  readonly path: string;
  /** What the graph's calls refer to. */
  readonly layer: Layer;
  readonly model: PlacedModel | null;
  /** Calls counted so far, over all calls of the models around it. */
  calls: number;
}

export interface PlacedModel {
  readonly spec: ModelSpec;
  readonly sites: ReadonlyMap<string, Site>;
  /** Which of the model's inputs each InputLayer is. */
  readonly slots: ReadonlyMap<string, number>;
  readonly firstCalls: ReadonlyMap<string, 0 | 1>;
}

/**
 * Gives every layer its path, the names of the models around it and its own. A layer whose path is taken already (one may be
 * called `a/b` beside a nested `a` with a `b` inside) gets `~2`, `~3`, ... behind it. Recursive over nesting, which is bounded.
 */
export function placeModel(spec: ModelSpec, prefix = '', trainable = true, taken: Map<string, number> = new Map()): PlacedModel {
  const sites = new Map<string, Site>();
  const inside = trainable && spec.trainable;
  for (const layer of spec.layers) {
    const path = unique(prefix + layer.name, taken, '~', 2);
    const { name, className, config, pointer } = layer;
    const layerTrainable = inside && layer.trainable;
    sites.set(name, {
      spec: layer,
      path,
      layer: { path, name, className, config, trainable: layerTrainable, pointer },
      model: layer.model === null ? null : placeModel(layer.model, `${path}/`, layerTrainable, taken),
      calls: 0,
    });
  }
  const slots = new Map<string, number>();
  spec.inputs.forEach(({ reference }, i) => {
    const site = sites.get(reference.layer);
    if (site !== undefined && isInputLayer(site.spec) && !slots.has(reference.layer)) slots.set(reference.layer, i);
  });
  return { spec, sites, slots, firstCalls: firstCalls(spec) };
}

/** The name, or the first of name + mark + `from`, name + mark + (`from` + 1), ... that is not taken; takes it. */
export function unique(name: string, taken: Map<string, number>, mark: string, from: number): string {
  let candidate = name;
  for (let n = taken.get(name) ?? from; taken.has(candidate); n++) {
    candidate = `${name}${mark}${n}`;
    taken.set(name, n);
  }
  taken.set(candidate, from);
  return candidate;
}
