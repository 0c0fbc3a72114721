import type { Value } from '../../ir/program.ts';
import { array, boolean, either, integer, nullable, number, object, type Static, withDefault } from '../../schema/build.ts';
import { einsum } from '../einsum.ts';
import { type Lowering, layer } from '../row.ts';
import { refuseTraining } from '../training.ts';
import { isBefore } from '../version.ts';
import { ATTENTION_KEYWORDS, attentionMask, operandsOf } from './attention-mask.ts';
import { project } from './projection.ts';
import { shares } from './shares.ts';

const size = integer({ minimum: 1 });

const config = object({
  num_heads: size,
  key_dim: size,
  value_dim: withDefault(nullable(integer({ minimum: 0 })), null),
  dropout: withDefault(nullable(number()), 0),
  use_bias: withDefault(nullable(boolean), true),
  use_gate: withDefault(nullable(boolean), false),
  output_shape: withDefault(nullable(either(size, array(size))), null),
  attention_axes: withDefault(nullable(either(integer(), array(integer()))), null),
  sliding_window: withDefault(nullable(size), null),
});
type Config = Static<typeof config>;

export const multiHeadAttention = layer({
  className: 'MultiHeadAttention',
  doc: 'several dot-product attentions side by side, on projections of query, key and value',
  config,
  takesList: true,
  keywords: ATTENTION_KEYWORDS,
  lower(layer) {
    refuseTraining(layer);
    const { num_heads: heads, key_dim: keys, value_dim, use_bias, use_gate, output_shape, sliding_window, dropout } = layer.config;
    const values = value_dim || keys;
    const useBias = use_bias !== false;
    // Since Keras 3.8 a query_mask in the call is not looked at, and the layer takes the masks off what it is called with.
    const isNew = layer.origin.keras === 3 && !isBefore(layer.origin, 3, 8);
    const operands = operandsOf(layer, isNew);
    if (isNew) for (const value of operands.given) layer.dropMask(value);
    if (isBefore(layer.origin, 2, 10)) layer.giveMask(null);
    const mask = attentionMask(layer, operands, sliding_window);
    const query = project(layer, 'query', operands.query, 1, [heads, keys], useBias);
    const key = project(layer, 'key', operands.key, 1, [heads, keys], useBias);
    const gate = use_gate === true ? layer.op('sigmoid', [project(layer, 'gate', operands.query, 1, [heads, values], useBias)], {}) : null;
    const value = project(layer, 'value', operands.value, 1, [heads, values], useBias);

    const returnsScores = layer.kwargs['return_attention_scores'] === true;
    const rank = query.type.shape.length;
    const fused = rank === 4 && !returnsScores && !((dropout ?? 0) > 0);
    const axes = fused && !isBefore(layer.origin, 3, 7) ? [1] : axesOf(layer, rank);
    const { dot, combine } = equations(rank, axes);
    const scaled = layer.op('mul', [query, layer.scalar(1 / Math.sqrt(keys), 'scale')], {}, 'scaled_query');
    const scores = shares(layer, einsum(layer, dot, [key, scaled], 'scores'), mask, axes.length, fused);
    const attended = einsum(layer, combine, [scores, value], 'attended');
    const gated = gate === null ? attended : layer.op('mul', [attended, gate], {}, 'gated');
    const outputs = [output_shape ?? []].flat();
    const result = project(layer, 'attention_output', gated, 2, outputs.length > 0 ? outputs : [channels(layer, operands.query)], useBias);
    return returnsScores ? [result, scores] : result;
  },
});

function channels(layer: Lowering, query: Value): number {
  const last = query.type.shape.at(-1);
  return typeof last === 'number' ? last : layer.mismatch('the last axis of a query has to be of known size', query.type.shape);
}

/** The axes of a projected tensor that are attended over: without a choice all but batch, heads and channels. */
function axesOf(layer: Lowering<Config>, rank: number): readonly number[] {
  const chosen = layer.config.attention_axes;
  if (chosen === null || (Array.isArray(chosen) && chosen.length === 0)) return Array.from({ length: rank - 3 }, (_, i) => i + 1);
  // Keras 3 counts negative ones among the axes of the input, Keras 2 among those of its projection.
  const axes = [chosen].flat().map((axis) => (axis < 0 ? axis + rank - (layer.origin.keras === 3 ? 1 : 0) : axis));
  if (axes.some((axis) => axis < 1 || axis > rank - 2) || new Set(axes).size < axes.length)
    return layer.mismatch('attention_axes are no different axes of the query', axes.join());
  return axes;
}

/**
 * The equations of the two products: (keys, queries) to the scores [batch, ..., heads, ...queries, ...keys], and (scores, values) to the
 * shape of the queries. Axes that are not attended over are as the batch.
 */
function equations(rank: number, axes: readonly number[]): { readonly dot: string; readonly combine: string } {
  const letter = (i: number): string => String.fromCharCode(97 + i);
  const all = Array.from({ length: rank }, (_, i) => i);
  const target = all.map(letter);
  const source = all.map((i) => (axes.includes(i) ? letter(rank + all.filter((j) => j < i && axes.includes(j)).length) : letter(i)));
  const batch = all.filter((i) => i < rank - 1 && !axes.includes(i));
  const product = [...batch.map(letter), ...axes.map((i) => target[i]), ...axes.map((i) => source[i])].join('');
  return {
    dot: `${source.join('')},${target.join('')}->${product}`,
    combine: `${product},${source.join('')}->${target.join('')}`,
  };
}
