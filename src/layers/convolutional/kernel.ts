import type { Value } from '../../ir/program.ts';
import { elements, isKnown } from '../../ir/types.ts';
import { boolean, nullable, oneOf, withDefault } from '../../schema/build.ts';
import type { Lowering } from '../row.ts';

/** What the reader adds to a convolution whose kernel is stored otherwise than Keras 2 does. */
export const storedKernel = {
  /** Set where Keras 1 wrote the layer, which kept its kernels in the order of the layer's channels. */
  keras1_kernel: withDefault(nullable(oneOf('th', 'tf')), null),
  /** True where Theano, which runs kernels from their end to their start, was to convolve with it. */
  turned_kernel: withDefault(boolean, false),
};

interface Stored {
  readonly keras1_kernel: 'th' | 'tf' | null;
  readonly turned_kernel: boolean;
}

/** The layer's kernel, [...sizes, inputs, outputs], for a transposed convolution [...sizes, outputs, inputs]. */
export function kernelWeight(
  layer: Lowering<Stored>,
  sizes: readonly number[],
  channels: { readonly inputs: number; readonly outputs: number },
  transposed = false,
): Value {
  const kernel = orderedKernel(layer, sizes, channels, transposed);
  return layer.config.turned_kernel ? layer.op('reverse', [kernel], { axes: sizes.map((_, axis) => axis) }, 'turned_kernel') : kernel;
}

/**
 * Keras 1 kept [outputs, inputs, ...sizes] where the channels come first, for a transposed convolution the kernel of the one that it
 * transposes, and for a sequence that of an image one pixel wide (Keras 2's `preprocess_weights_for_loading`).
 */
function orderedKernel(
  layer: Lowering<Stored>,
  sizes: readonly number[],
  { inputs, outputs }: { readonly inputs: number; readonly outputs: number },
  transposed: boolean,
): Value {
  const { keras1_kernel: order } = layer.config;
  const axes = sizes.map((_, i) => i);
  const rank = sizes.length;
  const shape = [...sizes, ...(transposed ? [outputs, inputs] : [inputs, outputs])];
  if (order === null) return layer.weight('kernel', shape);
  if (rank === 1) {
    const image = layer.weight('kernel', [...sizes, 1, inputs, outputs]);
    return layer.op('reshape', [image], { shape }, 'sequence_kernel');
  }
  if (order === 'tf') {
    const stored = layer.weight('kernel', [...sizes, inputs, outputs]);
    return transposed ? layer.op('transpose', [stored], { perm: [...axes, rank + 1, rank] }, 'transposed_kernel') : stored;
  }
  const stored = layer.weight('kernel', [outputs, inputs, ...sizes]);
  const perm = [...axes.map((axis) => axis + 2), ...(transposed ? [0, 1] : [1, 0])];
  return layer.op('transpose', [stored], { perm }, 'ordered_kernel');
}

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
