import type { Value } from '../../ir/program.ts';
import { type Dim, isKnown, times } from '../../ir/types.ts';
import type { Lowering } from '../row.ts';

/**
 * One axis of the first two, [batch * steps, ...]: steps that see nothing of each other are so many samples.
 * @throws SkipcError `shape-mismatch` where there are no two axes
 */
export function fold(layer: Lowering, x: Value, role: string): Value {
  const [batch, steps, ...rest] = x.type.shape;
  if (batch === undefined || steps === undefined)
    return layer.mismatch('a layer over the steps of a sequence takes [batch, steps, ...]', x.type.shape);
  return layer.op('reshape', [x], { shape: [product(batch, steps), ...rest] }, role);
}

function product(a: Dim, b: Dim): Dim | null {
  if (isKnown(a)) return isKnown(b) ? a * b : times(b, a);
  return isKnown(b) ? times(a, b) : null;
}

/** The inverse of `fold`: the first axis parted again into the batch and the steps that `like` has. */
export function unfold(layer: Lowering, x: Value, like: Value, role?: string): Value {
  const [batch = 1, steps = 1] = like.type.shape;
  if (!isKnown(batch) && !isKnown(steps)) return layer.op('unfold', [x, like], { axes: 2 }, role);
  return layer.op('reshape', [x], { shape: [batch, steps, ...x.type.shape.slice(1)] }, role);
}
