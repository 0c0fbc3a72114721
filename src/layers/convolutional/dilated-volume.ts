import type { Value } from '../../ir/program.ts';
import { isKnown } from '../../ir/types.ts';
import type { Lowering } from '../row.ts';
import { kernelShape } from './kernel.ts';

/**
 * A dilated convolution of a volume as a sum over the kernel's planes of dilated convolutions of images: tfjs-node knows no
 * dilation over three axes, and a kernel with zeros between its taps would cost dilation^3 times as much.
 * @param x [batch, depth, height, width, in], padded, its depth known
 * @param kernel [planes, taps, taps, in, out]
 * @returns [batch, depth - (planes - 1) dilation, ..., out]
 */
export function convolveDilatedVolume(layer: Lowering, x: Value, kernel: Value, dilations: readonly number[]): Value {
  const [planes = 1, ...imageKernel] = kernelShape(kernel);
  const [apart = 1, ...within] = dilations;
  const [batch = 1, depth, ...image] = x.type.shape;
  const slices = Number(depth) - (planes - 1) * apart;
  if (slices < 1) return layer.mismatch(`a window of ${(planes - 1) * apart + 1} does not fit into the depth`, x.type.shape);
  const kernels = layer.ops('split', [kernel], { sizes: Array.from({ length: planes }, () => 1), axis: 0 }, 'plane');
  const sums = kernels.map((plane, i) => {
    const begin = [0, i * apart, 0, 0, 0];
    const part = planes === 1 ? x : layer.op('slice', [x], { begin, size: [null, slices, null, null, null] }, 'slices');
    const images = layer.op('reshape', [part], { shape: [isKnown(batch) ? batch * slices : null, ...image] }, 'images');
    const taps = layer.op('reshape', [plane], { shape: imageKernel }, 'plane_kernel');
    return layer.op('conv2d', [images, taps], { strides: [1, 1], pad: 'valid', dilations: within }, 'plane_conv');
  });
  const sum = sums.reduce((left, right) => layer.op('add', [left, right], {}, 'planes'));
  return layer.op('reshape', [sum], { shape: [batch, slices, ...sum.type.shape.slice(1)] }, 'volume');
}
