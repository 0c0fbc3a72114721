import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { seededRandom } from '../models/digits/load.ts';
import type { BenchModel } from './models.ts';

/** A batch of inputs, the same at every call. */
export function inputsFor({ inputs }: BenchModel, batch: number): NamedTensorMap {
  const random = seededRandom(7);
  return Object.fromEntries(
    inputs.map(({ name, shape, dtype, range: [low, high] }) => {
      const count = shape.reduce((product, size) => product * size, batch);
      const value = () => low + (high - low) * random();
      const values =
        dtype === 'int32' ? Int32Array.from({ length: count }, () => Math.floor(value())) : Float32Array.from({ length: count }, value);
      return [name, tf.tensor(values, [batch, ...shape], dtype)];
    }),
  );
}
