import type { Value } from '../../ir/program.ts';
import type { Dim } from '../../ir/types.ts';
import { boolean, integer, nullable, number, object, withDefault } from '../../schema/build.ts';
import { einsum } from '../einsum.ts';
import { layer } from '../row.ts';
import { refuseTraining } from '../training.ts';
import { ATTENTION_KEYWORDS, attentionMask, operandsOf } from './attention-mask.ts';
import { project } from './projection.ts';
import { shares } from './shares.ts';

const size = integer({ minimum: 1 });

export const groupedQueryAttention = layer({
  className: 'GroupQueryAttention',
  aliases: ['GroupedQueryAttention'],
  doc: 'multi-head attention in which several heads of the query share one of key and value',
  only: 3,
  config: object({
    head_dim: size,
    num_query_heads: size,
    num_key_value_heads: size,
    dropout: withDefault(nullable(number()), 0),
    use_bias: withDefault(nullable(boolean), true),
    use_gate: withDefault(nullable(boolean), false),
    sliding_window: withDefault(nullable(size), null),
  }),
  takesList: true,
  keywords: ATTENTION_KEYWORDS,
  lower(layer) {
    refuseTraining(layer);
    const { head_dim: channels, num_query_heads: heads, num_key_value_heads: groups, use_gate, sliding_window, dropout } = layer.config;
    const useBias = layer.config.use_bias !== false;
    const repeats = heads / groups;
    if (!Number.isInteger(repeats))
      return layer.mismatch('num_query_heads is no multiple of num_key_value_heads', `${heads} and ${groups}`);
    const operands = operandsOf(layer, false);
    const { shape } = operands.query.type;
    const features = shape.at(-1);
    if (shape.length !== 3 || typeof features !== 'number')
      return layer.mismatch('GroupQueryAttention takes a query of three axes, the last of known size', shape);
    const mask = attentionMask(layer, operands, sliding_window);
    const query = project(layer, 'query', operands.query, 1, [heads, channels], useBias);
    const key = project(layer, 'key', operands.key, 1, [groups, channels], useBias);
    const gate =
      use_gate === true ? layer.op('sigmoid', [project(layer, 'gate', operands.query, 1, [heads, channels], useBias)], {}) : null;
    const value = project(layer, 'value', operands.value, 1, [groups, channels], useBias);

    const returnsScores = layer.kwargs['return_attention_scores'] === true;
    const fused = !returnsScores && !((dropout ?? 0) > 0);
    const scaled = layer.op('mul', [query, layer.scalar(1 / Math.sqrt(channels), 'scale')], {}, 'scaled_query');
    const grouped = layer.op('reshape', [scaled], { shape: parted(query, 2, [groups, repeats]) }, 'grouped_query');
    const products = einsum(layer, 'bqgrh,bkgh->bgrqk', [grouped, key], 'products');
    const [batch = 1, , , queries = 1, keys = 1] = products.type.shape;
    const ofHeads = layer.op('reshape', [products], { shape: [batch, heads, queries, keys] }, 'scores');
    const scores = shares(layer, ofHeads, mask, 1, fused);
    // Symbols may be those of the mask by now.
    const inGroups = layer.op('reshape', [scores], { shape: parted(scores, 1, [groups, repeats]) }, 'grouped_scores');
    const combined = einsum(layer, 'bgrqk,bkgh->bqgrh', [inGroups, value], 'combined');
    const [samples = 1, rows = 1] = combined.type.shape;
    const attended = layer.op('reshape', [combined], { shape: [samples, rows, heads, channels] }, 'attended');
    const gated = gate === null ? attended : layer.op('mul', [attended, gate], {}, 'gated');
    const result = project(layer, 'attention_output', gated, 2, [features], useBias);
    return returnsScores ? [result, scores] : result;
  },
});

/** The shape of x with one axis parted. */
const parted = (x: Value, axis: number, into: readonly number[]): Dim[] => x.type.shape.toSpliced(axis, 1, ...into);
