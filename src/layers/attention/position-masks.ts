import type { Value } from '../../ir/program.ts';
import { type Dim, isKnown } from '../../ir/types.ts';
import type { Lowering } from '../row.ts';

/** Which positions of a sequence others may look at, as [queries, keys]. */

interface Positions {
  /** [queries, 1] and [1, keys], i32. */
  readonly row: Value;
  readonly column: Value;
}

/**
 * True where the key is not behind the query.
 * @param query has the queries along `queryAxis`
 * @param key has the keys along `keyAxis`
 */
export function causalMask(layer: Lowering, [query, queryAxis]: Along, [key, keyAxis]: Along): Value {
  const { row, column } = positions(layer, [query, queryAxis], [key, keyAxis]);
  return layer.op('greaterEqual', [row, column], {}, 'causal');
}

/** True where query and key are fewer than `width` positions apart. */
export function bandMask(layer: Lowering, query: Along, key: Along, width: number): Value {
  const { row, column } = positions(layer, query, key);
  const [size, apart] = [layer.scalar(width, 'width', 'i32'), layer.op('sub', [row, column], {}, 'apart')];
  const before = layer.op('less', [apart, size], {}, 'near_before');
  const behind = layer.op('less', [layer.op('neg', [apart], {}, 'apart_behind'), size], {}, 'near_behind');
  return layer.op('logicalAnd', [before, behind], {}, 'band');
}

/** A tensor, and one of its axes. */
export type Along = readonly [x: Value, axis: number];

function positions(layer: Lowering, [query, queryAxis]: Along, [key, keyAxis]: Along): Positions {
  return {
    row: count(layer, query, query.type.shape[queryAxis] ?? 1, 0, 'query_position'),
    column: count(layer, key, key.type.shape[keyAxis] ?? 1, 1, 'key_position'),
  };
}

/** 0, 1, 2, ... along one of two axes, as many as an axis of x has. */
function count(layer: Lowering, x: Value, size: Dim, axis: number, role: string): Value {
  const shape = axis === 0 ? [size, 1] : [1, size];
  if (isKnown(size)) return layer.constant([...Array(size).keys()], shape.filter(isKnown), role, 'i32');
  const ones = layer.op('fill', [x], { shape, value: 1, dtype: 'i32' }, `${role}_ones`);
  return layer.op('cumsum', [ones], { axis, exclusive: true }, role);
}
