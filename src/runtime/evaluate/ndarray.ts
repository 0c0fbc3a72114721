import type { Tensor } from '@tensorflow/tfjs-core';

/** What a tensor holds, in row-major order; a bool is 0 or 1. */
export interface NDArray {
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** The numbers of a tensor. @throws Error where it holds texts */
export async function numbersIn(tensor: Tensor): Promise<NDArray> {
  const { dtype, shape } = tensor;
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') throw new Error(`a tensor of dtype ${dtype}, expected numbers`);
  return { dtype, shape, data: (await tensor.data()) as NDArray['data'] };
}
