import type { Value } from '../ir/program.ts';
import { array, either, integer, type Schema } from '../schema/build.ts';
import type { Lowering } from './row.ts';

/** An `axis` as configs hold it: one, or a list. */
export const axisConfig: Schema<number | readonly number[]> = either(integer(), array(integer()));

/**
 * The axis counted from the front.
 * @throws SkipcError `shape-mismatch` where the tensor has no such axis
 */
export function axisOf(layer: Lowering, axis: number, x: Value): number {
  const rank = x.type.shape.length;
  if (axis < -rank || axis >= rank) return layer.mismatch(`there is no axis ${axis}`, x.type.shape);
  return axis < 0 ? axis + rank : axis;
}

/** One axis or a list of them, counted from the front, in the order given. */
export function axesOf(layer: Lowering, axis: number | readonly number[], x: Value): number[] {
  const axes = [axis].flat().map((one) => axisOf(layer, one, x));
  if (axes.length === 0 || new Set(axes).size < axes.length) return layer.mismatch(`[${axis}] is no list of different axes`, x.type.shape);
  return axes;
}

/** Sizes that a weight over some axes has, in the order of the axes; they have to be known. */
export function sizesOf(layer: Lowering, axes: readonly number[], x: Value): number[] {
  return axes.map((axis) => {
    const size = x.type.shape[axis];
    return typeof size === 'number' ? size : layer.mismatch(`the size of axis ${axis} has to be known`, x.type.shape);
  });
}

/**
 * A weight over some axes of a tensor, in a shape that broadcasts against it. Row-major, as Keras reshapes it: a list of
 * axes in another order does not transpose the weight.
 */
export function alongAxes(layer: Lowering, weight: Value, axes: readonly number[], x: Value): Value {
  const rank = x.type.shape.length;
  const first = Math.min(...axes);
  const shape = Array.from({ length: rank - first }, (_, i) => (axes.includes(first + i) ? (sizesOf(layer, [first + i], x)[0] ?? 1) : 1));
  return shape.join() === weight.type.shape.join() ? weight : layer.op('reshape', [weight], { shape }, `${roleOf(weight)}_broadcast`);
}

const roleOf = (weight: Value): string => weight.name.slice(weight.name.search(/[^/.@%]*$/));
