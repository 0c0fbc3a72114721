import type { Value } from '../../ir/program.ts';
import { isKnown, times } from '../../ir/types.ts';
import type { Lowering } from '../row.ts';
import { isBefore } from '../version.ts';
import { affine } from './affine.ts';
import { softmax, softmaxOver } from './distributions.ts';

/** What Keras puts in place of masked elements, or adds to them. */
const MASKED = -1e9;

/** Softmax over one axis, or over several together. */
export function softmaxOf(layer: Lowering, x: Value, axes: readonly number[]): Value {
  const [axis, ...more] = axes;
  if (axis !== undefined && more.length === 0) return softmax(layer, x, axis);
  const { shape } = x.type;
  const kept = shape.length - axes.length;
  const [symbol, ...symbols] = shape.slice(kept).filter((size) => !isKnown(size));
  // The last axes in any order are one to the kernel, where their sizes can be told apart again.
  if (kept < 1 || axes.some((one) => one < kept) || symbols.length > 0) return softmaxOver(layer, x, axes);
  const known = shape.slice(kept).reduce<number>((product, size) => (isKnown(size) ? product * size : product), 1);
  const size = typeof symbol === 'string' ? times(symbol, known) : known;
  const flat = layer.op('reshape', [x], { shape: [...shape.slice(0, kept), size] }, 'axes_together');
  return layer.op('reshape', [layer.op('softmax', [flat], {}, 'softmax_together')], { shape });
}

/**
 * Softmax as Keras's layer of that name computes it with a mask that broadcasts against x. Since Keras 3.10, masked elements are left
 * out beforehand and zeroed again behind, so that what is masked as a whole gives zeros; before, they were lowered by 1e9, and such a
 * row gave what it would without a mask, but for rounding.
 */
export function maskedSoftmax(layer: Lowering, x: Value, mask: Value, axes: readonly number[]): Value {
  if (isBefore(layer.origin, 3, 10)) return softmaxOf(layer, lowered(layer, x, mask), axes);
  const keep = mask.type.dtype === 'bool' ? mask : layer.op('greater', [mask, layer.scalar(0.5, 'half', mask.type.dtype)], {}, 'keep');
  const shares = softmaxOf(layer, leftOut(layer, x, keep), axes);
  return layer.op('where', [keep, shares, layer.scalar(0, 'zero')], {});
}

/** x where the mask is true, and a number that counts for nothing elsewhere: what is masked as a whole comes out even. */
export const leftOut = (layer: Lowering, x: Value, keep: Value): Value =>
  layer.op('where', [keep, x, layer.scalar(MASKED, 'masked')], {}, 'kept');

/** x + (1 - mask) * -1e9. */
export const lowered = (layer: Lowering, x: Value, mask: Value): Value =>
  layer.op('add', [x, affine(layer, layer.cast(mask, 'f32'), -MASKED, MASKED, 'penalty')], {}, 'kept');
