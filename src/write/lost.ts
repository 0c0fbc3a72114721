import { layersWith } from '../layers/index.ts';
import { lower } from '../lower/lower.ts';
import type { Masks, ModelGraph, TensorId } from '../model/graph.ts';
import { readNested } from '../read/nested.ts';
import { graphOf } from '../read/read.ts';
import type { Places } from './calls.ts';

/**
 * True where a layer takes the same masks off the same tensors in the file as in the graph. Which ones it does depends on the order of
 * all calls, in the model that the graph is a part of, and in nested models before what is behind them.
 * @param json the graph as a file
 */
export function losesAlike(graph: ModelGraph, places: Places, json: object): boolean {
  if (!graph.calls.some(({ layer, unmasked }) => layer.className === 'MultiHeadAttention' || unmasked !== undefined)) return true;
  const masksOf = (each: ModelGraph): Masks => lower(each, 'masks', layersWith([]), { tolerant: true, readNested }).masks;
  const [here, there] = [masksOf(graph), masksOf(graphOf(json))];
  const nameOf = (tensor: TensorId): string => {
    const [layer, call, index] = places.of(tensor);
    return `${layer}@${call}:${index}`;
  };
  return graph.calls.every(({ id, unmasked = [] }) => {
    const lost = new Set([...(here.lost.get(id)?.keys() ?? []), ...unmasked].filter((tensor) => here.ranks.has(tensor)).map(nameOf));
    const again = there.lost.get(nameOf(`${id}:0`).replace(/:0$/, '')) ?? new Map();
    return lost.size === again.size && [...again.keys()].every((tensor) => lost.has(tensor));
  });
}
