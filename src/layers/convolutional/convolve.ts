import type { Value } from '../../ir/program.ts';
import { isKnown } from '../../ir/types.ts';
import type { Lowering } from '../row.ts';
import { convolveDilatedVolume } from './dilated-volume.ts';
import { kernelShape, spreadTaps } from './kernel.ts';
import { explicitlyPadded, type Padding, padded } from './padding.ts';

/** How a kernel moves over the spatial axes. */
export interface Movement {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: Padding;
}

const windowsOf = (kernel: Value, { strides, dilations }: Movement) =>
  strides.map((stride, i) => ({ span: ((kernelShape(kernel)[i] as number) - 1) * (dilations[i] as number) + 1, stride }));

/** [batch, ...spatial, in] by [...taps, in, out], over two or three spatial axes. */
export function convolve(layer: Lowering, input: Value, kernel: Value, movement: Movement): Value {
  const { strides, dilations, padding } = movement;
  const windows = windowsOf(kernel, movement);
  const isDilated = dilations.some((dilation) => dilation > 1);
  if (strides.length === 3 && isDilated && isKnown(input.type.shape[1] ?? 1) && strides.every((stride) => stride === 1)) {
    return convolveDilatedVolume(layer, explicitlyPadded(layer, input, windows, padding), kernel, dilations);
  }
  const { x, pad } = padded(layer, input, windows, padding);
  if (strides.length === 2) return layer.op('conv2d', [x, kernel], { strides, pad, dilations });
  // Volumes of unknown depth: dear, but right on every backend.
  return layer.op('conv3d', [x, spreadTaps(layer, kernel, dilations)], { strides, pad, dilations: [1, 1, 1] });
}

/** [batch, height, width, c] by [...taps, c, m]: each channel by its own m kernels. */
export function convolveDepthwise(layer: Lowering, input: Value, kernel: Value, movement: Movement): Value {
  const { strides, dilations, padding } = movement;
  const { x, pad } = padded(layer, input, windowsOf(kernel, movement), padding);
  return layer.op('depthwiseConv2d', [x, kernel], { strides, pad, dilations }, 'depthwise');
}

/**
 * As `convolve` where the channels fall into groups that see nothing of each other: [...taps, in / groups, out].
 * @throws SkipcError `shape-mismatch` where the groups do not divide the channels
 */
export function convolveGroups(layer: Lowering, input: Value, kernel: Value, groups: number, movement: Movement): Value {
  if (groups === 1) return convolve(layer, input, kernel, movement);
  const shape = kernelShape(kernel);
  const [taps, [inner = 0, outer = 0]] = [shape.slice(0, -2), shape.slice(-2)];
  if (inner === 1 && taps.length === 2) {
    const own = layer.op('reshape', [kernel], { shape: [...taps, groups, outer / groups] }, 'depthwise_kernel');
    return convolveDepthwise(layer, input, own, movement);
  }
  const equal = (size: number): number[] => Array.from({ length: groups }, () => size);
  const inputs = layer.ops('split', [input], { sizes: equal(inner), axis: taps.length + 1 }, 'group');
  const kernels = layer.ops('split', [kernel], { sizes: equal(outer / groups), axis: taps.length + 1 }, 'group_kernel');
  const outputs = inputs.map((group, i) => convolve(layer, group, kernels[i] as Value, movement));
  return layer.op('concat', outputs, { axis: taps.length + 1 });
}
