import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { select, splitChannels, stepsOf } from '../src/runtime/steps.ts';
import { availableBackends, useBackend } from './backends.ts';

const backends = await availableBackends();

describe.each(backends)('on %s', (backend) => {
  afterAll(() => expect(tf.memory().numTensors, 'tensors left in the end').toBe(0));

  it.each([
    ['a few', [2, 3, 4]],
    ['one', [2, 1, 4]],
    ['none', [2, 0, 4]],
    ['many, of one sample', [1, 150, 40]],
    ['many, of which the last part is shorter', [3, 101, 30]],
    ['so many that parts are split again', [1, 700, 40]],
    ['many of more axes', [2, 60, 5, 4, 3]],
  ])('takes apart steps: %s', async (_, shape) => {
    await useBackend(backend);
    const size = shape.reduce((product, length) => product * length, 1);
    const values = Float32Array.from({ length: size }, (_, i) => i);
    const x = tf.tensor(values, shape);
    const steps = stepsOf(x);
    expect(tf.memory().numTensors).toBe(steps.length + 1);
    expect(steps.length).toBe(shape[1]);
    const [batch = 0, count = 0, ...rest] = shape;
    const row = rest.reduce((product, length) => product * length, 1);
    for (const [step, slice] of steps.entries()) {
      expect(slice.shape).toEqual([batch, ...rest]);
      const wanted = Array.from({ length: batch }, (_, b) => [...values.subarray((b * count + step) * row, (b * count + step + 1) * row)]);
      expect([...slice.dataSync()]).toEqual(wanted.flat());
    }
    tf.dispose([x, ...steps]);
  });

  it.each([
    ['few pixels', [2, 3, 3, 6], 3],
    ['many', [3, 10, 11, 8], 4],
    ['many in volumes', [2, 5, 6, 7, 4], 2],
    ['one part', [1, 20, 20, 3], 1],
  ] as [string, number[], number][])('splits channels: %s', async (_, shape, count) => {
    await useBackend(backend);
    const size = shape.reduce((product, length) => product * length, 1);
    const x = tf.tensor(
      Float32Array.from({ length: size }, (_, i) => i),
      shape,
    );
    const parts = splitChannels(x, count);
    expect(tf.memory().numTensors).toBe(count + 1);
    const channels = shape.at(-1) as number;
    const wide = channels / count;
    for (const [k, part] of parts.entries()) {
      expect(part.shape).toEqual([...shape.slice(0, -1), wide]);
      const wanted = Array.from({ length: size / count }, (_, i) => Math.floor(i / wide) * channels + k * wide + (i % wide));
      expect([...part.dataSync()]).toEqual(wanted);
    }
    tf.dispose([x, ...parts]);
  });

  it('selects without what is not chosen', async () => {
    await useBackend(backend);
    const condition = tf.tensor2d([true, false, false, true], [2, 2], 'bool');
    const [a, b] = [
      tf.tensor2d([1, Number.NaN, Number.POSITIVE_INFINITY, 4], [2, 2]),
      tf.tensor2d([Number.NaN, 20, 30, Number.NaN], [2, 2]),
    ];
    const chosen = select(condition, a, b);
    expect([...chosen.dataSync()]).toEqual([1, 20, 30, 4]);
    tf.dispose([condition, a, b, chosen]);
  });

  it('refuses shapes that differ', async () => {
    await useBackend(backend);
    const [condition, row] = [tf.ones([2, 2], 'bool'), tf.ones([1, 2], 'bool')];
    const [a, b] = [tf.zeros([2, 2]), tf.zeros([2, 1])];
    expect(() => select(condition, a, b)).toThrow('where takes tensors of one shape, not [2,2], [2,2] and [2,1]');
    expect(() => select(row, a, a)).toThrow('[1,2]');
    tf.dispose([condition, row, a, b]);
  });
});
