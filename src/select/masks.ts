import type { Call, Masks, ModelGraph, TensorId } from '../model/graph.ts';

/**
 * The graph, each call with what the whole model has done to the masks of its tensors by then: that holds in a part of the model as well,
 * where the layer that took a mask off, or the nested model that brought one, may be left out.
 * @param replaced tensors of skipped layers: what those have done is undone
 */
export function withMasks(graph: ModelGraph, masks: Masks, replaced: ReadonlyMap<TensorId, TensorId>): ModelGraph {
  if (masks.lost.size === 0 && masks.kept.size === 0) return graph;
  const calls = graph.calls.map((call): Call => {
    const lost = [...(masks.lost.get(call.id) ?? [])];
    const unmasked = lost.filter(([, by]) => !replaced.has(`${by}:0`)).map(([tensor]) => tensor);
    const kept = masks.kept.get(call.id) ?? [];
    return {
      ...call,
      ...(unmasked.length === 0 ? {} : { unmasked }),
      ...(kept.length === 0 ? {} : { entering: [...(call.entering ?? []), ...kept] }),
    };
  });
  return { ...graph, calls };
}
