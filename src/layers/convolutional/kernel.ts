import type { Value } from '../../ir/program.ts';
import { elements, isKnown } from '../../ir/types.ts';
import type { Lowering } from '../row.ts';

/** Sizes of a kernel, which are always known. */
export const kernelShape = (kernel: Value): readonly number[] => kernel.type.shape.filter(isKnown);

/** A kernel of a sequence as one of images: a height of 1 in front. */
export const imageKernel = (layer: Lowering, kernel: Value, rank: number): Value =>
  rank === 1 ? layer.op('reshape', [kernel], { shape: [1, ...kernel.type.shape] }, 'kernel') : kernel;

/**
 * The kernel with zeros between its taps, for ops that know no dilation.
 * [k, ...] becomes [(k - 1) d + 1, ...] along each spatial axis, the first ones of the kernel.
 */
export function spreadTaps(layer: Lowering, kernel: Value, dilations: readonly number[]): Value {
  return dilations.reduce((current, dilation, axis) => {
    if (dilation === 1) return current;
    const shape = kernelShape(current);
    const taps = shape[axis] as number;
    const [before, after] = [elements(shape.slice(0, axis)), elements(shape.slice(axis + 1))];
    const apart = layer.op('reshape', [current], { shape: [before, taps, 1, after] }, 'taps');
    const paddings = [0, 0, dilation - 1, 0].map((zeros) => [0, zeros] as const);
    const wide = layer.op('pad', [apart], { paddings, value: 0 }, 'taps');
    const line = layer.op('reshape', [wide], { shape: [before, taps * dilation, after] }, 'taps');
    const size = (taps - 1) * dilation + 1;
    const cut = layer.op('slice', [line], { begin: [0, 0, 0], size: [before, size, after] }, 'taps');
    return layer.op('reshape', [cut], { shape: shape.with(axis, size) }, 'dilated_kernel');
  }, kernel);
}
