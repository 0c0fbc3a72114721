import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { type Held, isText, isWhole } from './held.ts';
import { randomOf } from './random.ts';

/**
 * How strong the noise is, as part of each number: 16 times and 128 times what rounding to float32 does. The second has the other sign, so
 * that of two equal numbers each is once the larger one.
 */
export const LEVELS = [2 ** -20, -(2 ** -17)] as const;

const LENGTH = 2 ** 16;
const PATTERN = ((): Float32Array => {
  const { uniform } = randomOf(0, 'noise');
  return Float32Array.from({ length: LENGTH }, () => 2 * uniform() - 1);
})();

/** Numbers with noise in proportion to each; whole ones, which ids and masks are made of, only where that is asked for. */
function noisy(data: Float32Array, level: number, start: number): Float32Array {
  const result = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) result[i] = (data[i] as number) * (1 + level * (PATTERN[(i + start) % LENGTH] as number));
  return result;
}

/**
 * A tensor with noise: what it is computed from, and what is computed from it, tells how much rounding can change there
 * (D. S. Parker, Monte Carlo Arithmetic, 1997). Undefined where a tensor is left alone: integers, texts, and floats that are all whole.
 * @param start makes the noise of one tensor another than that of the next
 */
export function noisyTensor(found: Tensor, level: number, start: number): Tensor | undefined {
  if (found.dtype !== 'float32') return undefined;
  const data = found.dataSync() as Float32Array;
  return isWhole(data) ? undefined : tensor(noisy(data, level, start), found.shape, 'float32');
}

/** An input with noise, whole numbers too. */
export const noisyInput = (held: Held, level: number, start: number): Held =>
  held.dtype !== 'float32' || isText(held.data) ? held : { ...held, data: noisy(held.data as Float32Array, level, start) };
