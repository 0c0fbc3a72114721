import type { Value } from '../../ir/program.ts';
import { type Arg, isTensorArg } from '../../model/graph.ts';
import type { Lowering } from '../row.ts';
import { isBefore } from '../version.ts';
import { bandMask, causalMask } from './position-masks.ts';

/** The arguments of a call of MultiHeadAttention or GroupQueryAttention. */
export interface Operands {
  readonly query: Value;
  readonly value: Value;
  readonly key: Value;
  readonly masks: {
    readonly query: Value | null;
    readonly value: Value | null;
    readonly key: Value | null;
    /** What the call itself says of pairs of queries and keys. */
    readonly attention: Value | null;
  };
}

/** The names of what those layers are called with behind the query, in the order of their `call`. */
export const ATTENTION_KEYWORDS = ['value', 'key', 'query_mask', 'value_mask', 'key_mask', 'attention_mask'] as const;

const given = (layer: Lowering, arg: Arg | undefined): Value | null =>
  arg !== undefined && isTensorArg(arg) ? layer.value(arg.tensor) : null;
const carried = (layer: Lowering, arg: Arg | undefined): Value | null =>
  arg !== undefined && isTensorArg(arg) ? layer.maskOf(arg.tensor) : null;

/**
 * Query, value and key of a call as floats, and their masks: what the call says, else what a tensor carries. Before Keras 2.10 such
 * layers did not look at the masks that tensors carry.
 * @param ownQueryMask true where the query's own mask comes before the one in the call
 * @throws SkipcError `shape-mismatch` where there is no value
 */
export function operandsOf(layer: Lowering, ownQueryMask: boolean): Operands {
  const { kwargs } = layer;
  const [query] = layer.inputs;
  const value = given(layer, kwargs['value']);
  if (query === undefined || value === null || layer.inputs.length > 1)
    return layer.mismatch('an attention layer is called with a query, a value and perhaps a key', `${layer.inputs.length} queries`);
  const implicit = !isBefore(layer.origin, 2, 10);
  const own = (mask: Value | null): Value | null => (implicit ? mask : null);
  return {
    query: layer.x,
    value: layer.cast(value, 'f32'),
    key: layer.cast(given(layer, kwargs['key']) ?? value, 'f32'),
    masks: {
      query: (ownQueryMask ? null : given(layer, kwargs['query_mask'])) ?? own(layer.mask()),
      value: given(layer, kwargs['value_mask']) ?? own(carried(layer, kwargs['value'])),
      key: given(layer, kwargs['key_mask']) ?? own(carried(layer, kwargs['key'])),
      attention: given(layer, kwargs['attention_mask']),
    },
  };
}

/**
 * Which keys each query may look at, or null where it may look at all: [batch or 1, queries or 1, keys or 1], or as the call's own
 * attention mask has it.
 */
export function attentionMask(layer: Lowering, { query, value, masks }: Operands, window: number | null): Value | null {
  const parts: Value[] = [];
  const spread = (mask: Value | null, role: string, axis: (rank: number) => number): void => {
    if (mask === null) return;
    const { shape } = mask.type;
    parts.push(layer.op('reshape', [layer.cast(mask, 'bool')], { shape: shape.toSpliced(axis(shape.length), 0, 1) }, role));
  };
  spread(masks.query, 'query_mask', (rank) => rank);
  spread(masks.value, 'value_mask', (rank) => rank - 1);
  spread(masks.key, 'key_mask', (rank) => rank - 1);
  const square = (mask: Value): void => {
    parts.push(layer.op('reshape', [mask], { shape: [1, ...mask.type.shape] }, 'position_mask'));
  };
  if (layer.kwargs['use_causal_mask'] === true) square(causalMask(layer, [query, 1], [value, 1]));
  if (window !== null) square(bandMask(layer, [query, 1], [value, 1], window));
  if (masks.attention !== null) parts.push(parts.length > 0 ? layer.cast(masks.attention, 'bool') : masks.attention);
  const [first, ...others] = parts;
  if (first === undefined) return null;
  return others.reduce((left, right) => layer.op('logicalAnd', [left, right], {}, 'attention_mask'), first);
}
