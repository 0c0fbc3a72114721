import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { availableBackends, useBackend } from './backends.ts';

interface Stored {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  /** Null stands for NaN. */
  readonly values: readonly (number | null)[];
}

interface Case {
  readonly name: string;
  readonly model: object;
  readonly weights: Readonly<Record<string, Stored>>;
  readonly inputs: Readonly<Record<string, Stored>>;
  readonly output: Stored;
}

/** Layers as Keras 3.15.1 saves them, and what they give there on the JAX backend. */
const cases = JSON.parse(readFileSync(new URL('fixtures/preprocessing/keras.json', import.meta.url), 'utf8')) as readonly Case[];

const tensors = (stored: Readonly<Record<string, Stored>>): Record<string, tf.Tensor> =>
  Object.fromEntries(
    Object.entries(stored).map(([name, { shape, dtype, values }]) => [
      name,
      tf.tensor(
        values.map((value) => value ?? Number.NaN),
        [...shape],
        dtype,
      ),
    ]),
  );

const backends = await availableBackends();

describe.each(backends)('on %s', (backend) => {
  afterAll(() => expect(tf.memory().numTensors).toBe(0));

  it.each(cases.map((item) => [item.name, item] as const))('%s', async (name, { model, weights, inputs, output }) => {
    const module = await (await compile(model)).instantiate();
    await useBackend(backend);
    const [given, variables] = [tensors(inputs), tensors(weights)];
    const w = await module.load(variables);
    const before = tf.memory().numTensors;
    const result = module.predict(w, given);
    expect(tf.memory().numTensors - before).toBe(1);
    const [y] = Object.values(result) as [tf.Tensor];
    expect(y.shape).toEqual(output.shape);
    expect(y.dtype).toBe(output.dtype);
    const found = y.dataSync();
    // Of two angles of half a turn, rounding says which it is.
    const turn = name.endsWith('angle') ? 2 * Math.PI : Number.POSITIVE_INFINITY;
    const wrong = output.values.flatMap((value, i) => {
      const apart = Math.abs((found[i] as number) - (value ?? Number.NaN));
      const difference = Math.min(apart, turn - apart);
      return difference <= 1e-4 + 1e-3 * Math.abs(value ?? 0) ? [] : [[i, found[i], value]];
    });
    expect(wrong).toEqual([]);
    module.dispose(w);
    tf.dispose([given, variables, result] as tf.NamedTensorMap[]);
  });
});
