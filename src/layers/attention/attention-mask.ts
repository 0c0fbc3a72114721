import type { Value } from '../../ir/program.ts';
import { type Arg, isTensorArg } from '../../model/graph.ts';
import type { Lowering } from '../row.ts';
import { isBefore } from '../version.ts';
import { bandMask, causalMask } from './position-masks.ts';

/** The arguments of a call of MultiHeadAttention or GroupQueryAttention. */
export interface Operands {
  /** Query, value and key as they were given. */
  readonly given: readonly Value[];
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
export const ATTENTION_KEYWORDS = ['value', 'key', 'query_mask', 'value_mask', 'key_mask', 'attention_mask', 'query'] as const;

/** A tensor of the call and the mask that it carries. */
interface Given {
  readonly tensor: Value;
  readonly mask: Value | null;
}

/** An argument by its name, or where the file lists the tensors of the call without names, by its place in the list. */
function argument(layer: Lowering, name: string, place: number): Given | null {
  const arg: Arg = layer.kwargs[name] ?? null;
  if (isTensorArg(arg)) return { tensor: layer.value(arg.tensor), mask: layer.maskOf(arg.tensor) };
  const listed = layer.inputs[place];
  return listed === undefined ? null : { tensor: listed, mask: layer.mask(place) };
}

/**
 * Query, value and key of a call as floats, and their masks: what the call says, else what a tensor carries. Before Keras 2.10 such
 * layers did not look at the masks that tensors carry.
 * @param ownQueryMask true where the query's own mask comes before the one in the call
 * @throws SkipcError `shape-mismatch` where there is no value
 */
export function operandsOf(layer: Lowering, ownQueryMask: boolean): Operands {
  const [query, value, key] = ['query', 'value', 'key'].map((name, place) => argument(layer, name, place));
  if (!query || !value || layer.inputs.length > 3)
    return layer.mismatch('an attention layer is called with a query, a value and perhaps a key', `${layer.inputs.length} tensors`);
  const implicit = !isBefore(layer.origin, 2, 10);
  const mask = (name: string, of: Given | null | undefined): Value | null => {
    const named = argument(layer, `${name}_mask`, Number.POSITIVE_INFINITY)?.tensor ?? null;
    return named ?? (implicit ? (of?.mask ?? null) : null);
  };
  return {
    given: [query, value, key ?? value].map(({ tensor }) => tensor),
    query: layer.cast(query.tensor, 'f32'),
    value: layer.cast(value.tensor, 'f32'),
    key: layer.cast((key ?? value).tensor, 'f32'),
    masks: {
      query: ownQueryMask ? query.mask : mask('query', query),
      value: mask('value', value),
      key: mask('key', key),
      attention: mask('attention', null),
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
