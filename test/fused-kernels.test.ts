import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runConv2d, runDepthwiseConv2d, runMatMul } from '../src/runtime/kernels.ts';
import { availableBackends, useBackend } from './backends.ts';

/** Numbers between -1 and 1, none of them twice. */
const numbers = <T extends tf.Tensor>(...shape: number[]): T =>
  tf.tidy(() => tf.sin(tf.reshape(tf.range(1, 1 + shape.reduce((count, size) => count * size, 1)), shape)) as T);

type Activate = (x: tf.Tensor, slopes: tf.Tensor1D) => tf.Tensor;

const ACTIVATIONS: Readonly<Record<string, Activate>> = {
  linear: (x) => x,
  relu: (x) => tf.relu(x),
  relu6: (x) => tf.relu6(x),
  elu: (x) => tf.elu(x),
  sigmoid: (x) => tf.sigmoid(x),
  leakyrelu: (x) => tf.leakyRelu(x, 0.3),
  prelu: (x, slopes) => tf.prelu(x, slopes as unknown as tf.Tensor),
};

const PADS = [
  'same',
  'valid',
  [
    [1, 2],
    [0, 1],
  ],
] as const;

/** The tensor with zeros around it where padding is told by numbers, and how that is then to be convolved. */
function padded(x: tf.Tensor4D, pad: (typeof PADS)[number]): readonly [tf.Tensor4D, 'same' | 'valid'] {
  if (typeof pad === 'string') return [x, pad];
  return [tf.pad(x, [[0, 0], ...pad, [0, 0]] as [number, number][]), 'valid'];
}

/** Padding as the kernels take it. */
const asKernelTakes = (pad: (typeof PADS)[number]) => (typeof pad === 'string' ? pad : ([[0, 0], ...pad, [0, 0]] as [number, number][]));

function expectSame(found: tf.Tensor, wanted: tf.Tensor): void {
  expect(found.shape).toEqual(wanted.shape);
  const expected = wanted.dataSync();
  found.dataSync().forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i] as number, 4);
  });
}

describe.each(await availableBackends())('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
    tf.engine().startScope();
  });
  afterAll(() => tf.engine().endScope());

  describe.each(Object.entries(ACTIVATIONS))('%s', (activation, activate) => {
    const finish = (slopes: tf.Tensor1D, bias: tf.Tensor1D) => ({
      bias,
      activation,
      ...(activation === 'leakyrelu' ? { alpha: 0.3 } : {}),
      ...(activation === 'prelu' ? { slopes } : {}),
    });

    // A stride beyond the window is what `same` of the wasm backend gets wrong.
    test.each(PADS.flatMap((pad) => [[pad, 1, 3] as const, [pad, 2, 3] as const, ...(pad === 'same' ? [] : [[pad, 3, 2] as const])]))(
      'convolutions, padding %j, stride %i, window %i',
      (pad, stride, window) => {
        tf.tidy(() => {
          const x = numbers<tf.Tensor4D>(2, 7, 8, 3);
          const [bias, slopes] = [numbers<tf.Tensor1D>(6), numbers<tf.Tensor1D>(6)];
          const [image, mode] = padded(x, pad);
          const options = { strides: [stride, stride] as [number, number], pad: asKernelTakes(pad), ...finish(slopes, bias) };

          const kernel = numbers<tf.Tensor4D>(window, window, 3, 6);
          expectSame(runConv2d(x, kernel, options), activate(tf.add(tf.conv2d(image, kernel, stride, mode), bias), slopes));

          const depthwise = numbers<tf.Tensor4D>(window, window, 3, 2);
          const each = tf.depthwiseConv2d(image, depthwise, stride, mode);
          expectSame(runDepthwiseConv2d(x, depthwise, options), activate(tf.add(each, bias), slopes));
        });
      },
    );

    test('products of matrices', () => {
      tf.tidy(() => {
        const [a, b] = [numbers<tf.Tensor3D>(1, 5, 4), numbers<tf.Tensor3D>(1, 4, 6)];
        const [bias, slopes] = [numbers<tf.Tensor1D>(6), numbers<tf.Tensor1D>(6)];
        expectSame(runMatMul(a, b, finish(slopes, bias)), activate(tf.add(tf.matMul(a, b), bias), slopes));
      });
    });
  });
});
