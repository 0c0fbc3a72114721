import { isObject, type LayerSpec, type ModelSpec, type Reference, referencesIn } from './spec.ts';

/**
 * The number by which lists refer to the first call of each nested model: 1 where the call that made the nested model counts, as
 * Keras has it for functional models; 0 where it does not, as for a Sequential that was made without an input shape, for every
 * Sequential of Keras 3, and in some files by other writers. A reference to call 0, or past the last call, decides.
 */
export function firstCalls(model: ModelSpec): ReadonlyMap<string, 0 | 1> {
  const nested = new Map(
    model.layers.filter((layer) => layer.model !== null).map((layer) => [layer.name, { layer, least: Infinity, most: -1 }]),
  );
  if (nested.size === 0) return new Map();
  const note = (reference: Reference): void => {
    const range = nested.get(reference.layer);
    if (range === undefined || reference.counting !== 'list') return;
    range.least = Math.min(range.least, reference.call);
    range.most = Math.max(range.most, reference.call);
  };
  for (const { nodes } of model.layers) {
    for (const { args, kwargs } of nodes) for (const reference of [...referencesIn(args), ...referencesIn(kwargs)]) note(reference);
  }
  for (const { reference } of model.outputs) note(reference);
  return new Map(
    [...nested].map(([name, { layer, least, most }]) => {
      if (least === 0) return [name, 0];
      if (most >= layer.nodes.length) return [name, 1];
      return [name, countsFromZero(layer) ? 0 : 1];
    }),
  );
}

function countsFromZero(layer: LayerSpec): boolean {
  if (layer.className !== 'Sequential') return false;
  const calledAsKeras3 = layer.nodes.some(({ args }) => referencesIn(args).some((reference) => reference.counting === 'history'));
  return calledAsKeras3 || !startsWithShape(layer);
}

/** True where the Sequential was saved with an InputLayer, or starts with a layer that states its input shape. */
function startsWithShape(layer: LayerSpec): boolean {
  const saved: unknown = Array.isArray(layer.config['layers']) ? layer.config['layers'][0] : undefined;
  if (!isObject(saved)) return false;
  if (saved['class_name'] === 'InputLayer' || layer.model?.layers[1]?.model !== null) return true;
  return isObject(saved['config']) && saved['config']['batch_input_shape'] !== undefined;
}
