import { slice, type Tensor } from '@tensorflow/tfjs-core';

/**
 * A part of a tensor whose sizes were not known before: the wasm backend reads on behind its end.
 * @param size elements along each axis, -1 for all the rest
 * @throws Error naming the axis that is too short
 */
export function sliceWithin<T extends Tensor>(x: T, begin: readonly number[], size: readonly number[]): T {
  x.shape.forEach((length, axis) => {
    const needed = (begin[axis] ?? 0) + Math.max(size[axis] ?? -1, 0);
    if (needed > length) throw new Error(`a slice needs ${needed} elements along axis ${axis} of a tensor of shape [${x.shape}]`);
  });
  return slice(x, [...begin], [...size]);
}
