import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** A tensor as fixtures hold it. */
export interface Stored {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly values: readonly number[];
}

export const tensorOf = ({ values, shape, dtype }: Stored): tf.Tensor => tf.tensor([...values], [...shape], dtype);

/** A tensor's shape, dtype and values; the tensor stays. */
export const storedOf = (tensor: tf.Tensor): Stored => ({
  shape: tensor.shape,
  dtype: tensor.dtype as Stored['dtype'],
  values: [...tensor.dataSync()],
});

/** Checks shapes, and |a - b| <= 1e-4 + relative |b| for every value. */
export function expectClose(found: readonly Stored[], wanted: readonly Stored[], relative = 1e-3): void {
  expect(wanted.length, 'nothing to compare with').toBeGreaterThan(0);
  expect(found.map(({ shape }) => shape)).toEqual(wanted.map(({ shape }) => shape));
  for (const [k, { values }] of wanted.entries()) {
    for (const [i, value] of values.entries()) {
      const actual = found[k]?.values[i] ?? Number.NaN;
      const what = `output ${k}, element ${i}: ${actual} instead of ${value}`;
      expect(Math.abs(actual - value), what).toBeLessThanOrEqual(1e-4 + relative * Math.abs(value));
    }
  }
}
