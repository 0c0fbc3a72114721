import type { Value } from '../../ir/program.ts';
import type { Lowering } from '../row.ts';
import { isBefore } from '../version.ts';
import { affine } from './affine.ts';
import { softmax, softmaxOver } from './distributions.ts';

/** What Keras puts in place of masked elements, or adds to them. */
const MASKED = -1e9;

/** Softmax over one axis, or over several together. */
export function softmaxOf(layer: Lowering, x: Value, axes: readonly number[]): Value {
  const [axis, ...more] = axes;
  return axis === undefined || more.length > 0 ? softmaxOver(layer, x, axes) : softmax(layer, x, axis);
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
