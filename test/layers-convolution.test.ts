import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { availableBackends, useBackend } from './backends.ts';
import { conv, convTranspose, depthwiseConv, type Grid, type Moving, numbers, pooled } from './convolution-reference.ts';

const backends = await availableBackends();
type Config = Readonly<Record<string, unknown>>;

/** A model of one layer, as Keras 3 writes it. */
const model = (className: string, config: Config, shape: readonly (number | null)[]) => {
  const input = { class_name: '__keras_tensor__', config: { shape: [null, ...shape], dtype: 'float32', keras_history: ['x', 0, 0] } };
  return {
    class_name: 'Functional',
    config: {
      name: 'm',
      layers: [
        { class_name: 'InputLayer', name: 'x', config: { name: 'x', batch_shape: [null, ...shape], dtype: 'float32' }, inbound_nodes: [] },
        { class_name: className, name: 'y', config: { name: 'y', ...config }, inbound_nodes: [{ args: [input], kwargs: {} }] },
      ],
      input_layers: [['x', 0, 0]],
      output_layers: [['y', 0, 0]],
    },
    keras_version: '3.15.0',
  };
};

const flip = (shape: readonly number[], format: unknown, to: 'first' | 'last'): number[] => {
  const spatial = Array.from({ length: shape.length - 2 }, (_, i) => i + 1);
  if (format !== 'channels_first') return [...shape.keys()];
  return to === 'first' ? [0, shape.length - 1, ...spatial] : [0, ...spatial.map((i) => i + 1), 1];
};

/** Runs the layer at each size over unknown sizes and over fixed ones, and compares with the definition. */
async function check(
  backend: (typeof backends)[number],
  className: string,
  config: Config,
  channels: number,
  sizes: readonly (readonly number[])[],
  kernels: Readonly<Record<string, Grid>>,
  define: (x: Grid) => Grid,
  unknown = true,
): Promise<void> {
  const format = config['data_format'];
  const layout = (spatial: readonly (number | null)[]) => (format === 'channels_first' ? [channels, ...spatial] : [...spatial, channels]);
  const rank = sizes[0]?.length ?? 0;
  const shapes = unknown ? [Array.from({ length: rank }, () => null), sizes[0] ?? []] : sizes;
  for (const shape of shapes) {
    const compiled = await compile(model(className, config, layout(shape)));
    const module = await compiled.instantiate();
    await useBackend(backend);
    const before = tf.memory().numTensors;
    const variables = Object.fromEntries(
      Object.entries(kernels).map(([name, { shape, data }]) => [`y/${name}`, tf.tensor([...data], [...shape])]),
    );
    const w = await module.load(variables);
    for (const size of shape[0] === null ? sizes : [shape as readonly number[]]) {
      const x = numbers([2, ...size, channels], 7);
      const expected = define(x);
      const [actual, given] = tf.tidy(() => {
        const last = tf.tensor([...x.data], [...x.shape]);
        const y = module.predict(w, { x: tf.transpose(last, flip(x.shape, format, 'first')) })['y'] as tf.Tensor;
        const back = tf.transpose(y, flip(y.shape, format, 'last'));
        return [back.dataSync(), back.shape] as const;
      });
      const what = `${className} ${JSON.stringify(config)} at [${size}] of [${shape}]`;
      expect(given, what).toEqual(expected.shape);
      const worst = expected.data.reduce((most, v, i) => Math.max(most, Math.abs(v - (actual[i] as number))), 0);
      expect(worst, what).toBeLessThan(1e-4);
    }
    module.dispose(w);
    tf.dispose(Object.values(variables));
    expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
  }
}

const movements = (rank: number): readonly Moving[] =>
  (
    [
      [1, 1],
      [2, 1],
      [3, 1],
      [1, 2],
    ] as const
  ).flatMap(([stride, dilation]) =>
    (['valid', 'same'] as const).map((padding) => ({
      strides: Array.from({ length: rank }, (_, i) => (i === 0 ? stride : Math.min(stride, 2))),
      dilations: Array.from({ length: rank }, () => dilation),
      padding,
    })),
  );
/** True where the padding of an axis depends on its size. */
const isOpen = ({ strides, padding }: Moving, taps: readonly number[]): boolean =>
  padding === 'same' && strides.some((s, i) => s > (taps[i] as number)) && strides.some((s, i) => s > 1 && (taps[i] as number) > 2);
const settings = ({ strides, dilations, padding }: Moving) => ({ strides, dilation_rate: dilations, padding, use_bias: false });
const sizesOf = (rank: number) => [[7, 8, 6].slice(0, rank), [8, 6, 7].slice(0, rank)];
const formats = ['channels_last', 'channels_first'] as const;

describe.each(backends)('on %s', (backend) => {
  afterAll(() => expect(tf.memory().numTensors, 'tensors left in the end').toBe(0));

  describe.each([1, 2, 3])('over %i axes', (rank) => {
    const taps = [2, 3, 1].slice(0, rank);

    it('convolves, also in groups', async () => {
      for (const [i, moving] of movements(rank).entries()) {
        const groups = [1, 2, 4][i % 3] as number;
        const kernel = numbers([...taps, 4 / groups, 8], 3);
        const config = { ...settings(moving), filters: 8, kernel_size: taps, groups, data_format: formats[i % 2] };
        await check(
          backend,
          `Conv${rank}D`,
          config,
          4,
          sizesOf(rank),
          { kernel },
          (x) => conv(x, kernel, groups, moving),
          !isOpen(moving, taps),
        );
      }
    });

    it.each([
      ['small', taps],
      ['large', [3, 4, 2].slice(0, rank)],
    ])('convolves backwards with a %s kernel', async (_, spans) => {
      for (const [i, moving] of movements(rank).entries())
        for (const output_padding of [null, moving.strides.map((s) => s - 1), moving.strides.map(() => 0)]) {
          const kernel = numbers([...spans, 3, 2], 5);
          const config = { ...settings(moving), filters: 3, kernel_size: spans, output_padding, data_format: formats[i % 2] };
          const sizes = [
            [4, 3, 2],
            [3, 5, 3],
          ].map((size) => size.slice(0, rank));
          await check(backend, `Conv${rank}DTranspose`, config, 2, sizes, { kernel }, (x) =>
            convTranspose(x, kernel, moving, output_padding),
          );
        }
    });

    it.each(formats)('pools, %s', async (data_format) => {
      for (const [window, step] of [
        [1, 3],
        [2, null],
        [3, 1],
        [2, 5],
      ] as const)
        for (const padding of ['valid', 'same'] as const)
          for (const mean of [true, false]) {
            const config = { pool_size: window, strides: step, padding, data_format };
            const each = (n: number) => Array.from({ length: rank }, () => n);
            await check(backend, `${mean ? 'Average' : 'Max'}Pooling${rank}D`, config, 3, sizesOf(rank), {}, (x) =>
              pooled(x, each(window), each(step ?? window), padding, mean),
            );
          }
    });

    it('pools to a given size', async () => {
      const [size, wanted] = [[7, 6, 5].slice(0, rank), [3, 6, 5].slice(0, rank)];
      for (const mean of [true, false]) {
        const compiled = await compile(
          model(`Adaptive${mean ? 'Average' : 'Max'}Pooling${rank}D`, { output_size: wanted, data_format: 'channels_last' }, [...size, 2]),
        );
        const module = await compiled.instantiate();
        await useBackend(backend);
        const x = numbers([1, ...size, 2], 11);
        // Thirds of 7 are [0, 3), [2, 5) and [4, 7): windows of 3 that move by 2; the other axes stay.
        const ones = size.map(() => 1);
        const expected = pooled(x, ones.with(0, 3), ones.with(0, 2), 'valid', mean);
        const w = await module.load({});
        const actual = tf.tidy(() => Array.from((module.predict(w, tf.tensor([...x.data], [...x.shape]))['y'] as tf.Tensor).dataSync()));
        expected.data.forEach((v, i) => {
          expect(actual[i]).toBeCloseTo(v, 4);
        });
        module.dispose(w);
      }
    });
  });

  it.each([1, 2])('convolves each channel by itself over %i axes', async (rank) => {
    const taps = [2, 3].slice(0, rank);
    for (const moving of movements(rank)) {
      const kernel = numbers([...taps, 3, 2], 3);
      const config = { ...settings(moving), kernel_size: taps, depth_multiplier: 2 };
      const weights = { depthwise_kernel: kernel };
      await check(
        backend,
        `DepthwiseConv${rank}D`,
        config,
        3,
        sizesOf(rank),
        weights,
        (x) => depthwiseConv(x, kernel, moving),
        !isOpen(moving, taps),
      );

      const pointwise_kernel = numbers([...taps.map(() => 1), 6, 4], 4);
      const still: Moving = { strides: taps.map(() => 1), dilations: taps.map(() => 1), padding: 'valid' };
      await check(
        backend,
        `SeparableConv${rank}D`,
        { ...config, filters: 4, data_format: 'channels_first' },
        3,
        sizesOf(rank),
        { ...weights, pointwise_kernel },
        (x) => conv(depthwiseConv(x, kernel, moving), pointwise_kernel, 1, still),
        !isOpen(moving, taps),
      );
    }
  });

  it('convolves causally', async () => {
    const kernel = numbers([3, 2, 4], 3);
    for (const [stride, dilation] of [
      [1, 2],
      [2, 1],
    ] as const) {
      const moving: Moving = { strides: [stride], dilations: [dilation], padding: 'causal' };
      const config = { ...settings(moving), filters: 4, kernel_size: [3] };
      await check(backend, 'Conv1D', config, 2, sizesOf(1), { kernel }, (x) => conv(x, kernel, 1, moving));
    }
  });

  it('counts the steps of a mean that the mask of the call names', async () => {
    const tensors = [
      { class_name: '__keras_tensor__', config: { shape: [null, 3, 2], dtype: 'float32', keras_history: ['x', 0, 0] } },
      { class_name: '__keras_tensor__', config: { shape: [null, 3], dtype: 'bool', keras_history: ['steps', 0, 0] } },
    ];
    const input = (name: string, batch_shape: readonly (number | null)[], dtype: string) => ({
      class_name: 'InputLayer',
      name,
      config: { name, batch_shape, dtype },
      inbound_nodes: [],
    });
    const config = { name: 'y', keepdims: true };
    const compiled = await compile({
      class_name: 'Functional',
      config: {
        name: 'm',
        layers: [
          input('x', [null, 3, 2], 'float32'),
          input('steps', [null, 3], 'bool'),
          { class_name: 'GlobalAveragePooling1D', name: 'y', config, inbound_nodes: [{ args: tensors, kwargs: {} }] },
        ],
        input_layers: [
          ['x', 0, 0],
          ['steps', 0, 0],
        ],
        output_layers: [['y', 0, 0]],
      },
      keras_version: '3.15.0',
    });
    const module = await compiled.instantiate();
    await useBackend(backend);
    const w = await module.load({});
    const given = {
      x: tf.tensor([1, 10, 2, 20, Number.NaN, 30], [1, 3, 2]),
      steps: tf.tensor([true, true, false], [1, 3], 'bool'),
    };
    const y = module.predict(w, given)['y'] as tf.Tensor;
    expect(y.shape).toEqual([1, 1, 2]);
    expect(Array.from(y.dataSync())).toEqual([1.5, 15]);
    module.dispose(w);
    tf.dispose([y, ...Object.values(given)]);
  });

  it('takes all axes before the spatial ones as batch', async () => {
    const kernel = numbers([2, 3, 4], 3);
    const moving: Moving = { strides: [2], dilations: [1], padding: 'same' };
    const config = { ...settings(moving), filters: 4, kernel_size: [2], data_format: 'channels_last' };
    const compiled = await compile(model('Conv1D', config, [5, null, 3]));
    const module = await compiled.instantiate();
    await useBackend(backend);
    for (const steps of [6, 7]) {
      const x = numbers([10, steps, 3], 7);
      const expected = conv(x, kernel, 1, moving);
      const variables = { 'y/kernel': tf.tensor([...kernel.data], [...kernel.shape]) };
      const w = await module.load(variables);
      const given = tf.tensor([...x.data], [2, 5, steps, 3]);
      const y = module.predict(w, given)['y'] as tf.Tensor;
      const values = y.dataSync();
      module.dispose(w);
      tf.dispose([...Object.values(variables), given, y]);
      expect(y.shape).toEqual([2, 5, ...expected.shape.slice(1)]);
      expected.data.forEach((v, i) => {
        expect(values[i]).toBeCloseTo(v, 4);
      });
    }
  });

  it('takes the softmax over the last axis, not over the channels, where these come first', async () => {
    const kernel = numbers([1, 2, 3], 3);
    const moving: Moving = { strides: [1], dilations: [1], padding: 'valid' };
    const softmaxOverSteps = ({ shape, data }: Grid): Grid => {
      const [batch = 0, steps = 0, channels = 0] = shape;
      const sums = Array.from({ length: batch * channels }, (_, i) => {
        const [b, c] = [Math.floor(i / channels), i % channels];
        return Array.from({ length: steps }, (_, s) => Math.exp(data[(b * steps + s) * channels + c] as number)).reduce((a, v) => a + v, 0);
      });
      return {
        shape,
        data: data.map((v, i) => Math.exp(v) / (sums[Math.floor(i / (steps * channels)) * channels + (i % channels)] as number)),
      };
    };
    for (const className of ['Conv1D', 'Conv1DTranspose']) {
      const own = className === 'Conv1D' ? kernel : numbers([1, 3, 2], 3);
      const config = { ...settings(moving), filters: 3, kernel_size: 1, activation: 'softmax', data_format: 'channels_first' };
      await check(backend, className, config, 2, sizesOf(1), { kernel: own }, (x) =>
        softmaxOverSteps(className === 'Conv1D' ? conv(x, own, 1, moving) : convTranspose(x, own, moving, null)),
      );
    }
  });
});

it('leaves out the dilation of a depthwise convolution in a model that tfjs-layers wrote', async () => {
  const dilations = async (keras_version: string): Promise<boolean> => {
    const config = { kernel_size: [3, 3], dilation_rate: [2, 2] };
    return /dilations=\[2,2\]/.test((await compile({ ...model('DepthwiseConv2D', config, [8, 8, 2]), keras_version })).ir);
  };
  expect(await dilations('3.15.0')).toBe(true);
  expect(await dilations('tfjs-layers 4.22.0')).toBe(false);
});

describe('refuses', () => {
  const refusal = async (className: string, config: Config, shape: readonly (number | null)[]): Promise<string> => {
    const error: unknown = await compile(model(className, config, shape)).catch((thrown: unknown) => thrown);
    return (error as { code: string }).code;
  };
  it.each([
    ['DoRA weights', 'Conv2D', { filters: 2, kernel_size: 3, dora_rank: 4 }, [8, 8, 2], 'layer-unsupported'],
    ['groups that do not divide', 'Conv2D', { filters: 2, kernel_size: 3, groups: 3 }, [8, 8, 2], 'shape-mismatch'],
    ['strides with dilation', 'Conv2D', { filters: 2, kernel_size: 3, strides: 2, dilation_rate: 2 }, [8, 8, 2], 'shape-mismatch'],
    ['causal images', 'Conv2D', { filters: 2, kernel_size: 3, padding: 'causal' }, [8, 8, 2], 'config-invalid'],
    ['a list of the wrong length', 'Conv2D', { filters: 2, kernel_size: [3] }, [8, 8, 2], 'config-invalid'],
    ['unknown channels', 'Conv2D', { filters: 2, kernel_size: 3 }, [8, 8, null], 'shape-mismatch'],
    ['too few axes', 'Conv2D', { filters: 2, kernel_size: 3 }, [8, 2], 'shape-mismatch'],
    ['a kernel larger than its input', 'Conv2D', { filters: 2, kernel_size: 9 }, [8, 8, 2], 'shape-mismatch'],
    ['too much output padding', 'Conv2DTranspose', { filters: 2, kernel_size: 3, output_padding: 1 }, [8, 8, 2], 'shape-mismatch'],
    [
      'gaps that depend on an unknown size',
      'Conv1D',
      { filters: 2, kernel_size: 3, strides: 4, padding: 'same' },
      [null, 2],
      'layer-unsupported',
    ],
    ['strides beyond all measure', 'Conv1DTranspose', { filters: 2, kernel_size: 3, strides: 1e9 }, [8, 2], 'config-invalid'],
    ['pooling over too many axes', 'MaxPooling1D', {}, [8, 8, 2], 'shape-mismatch'],
    ['too many uneven parts', 'AdaptiveMaxPooling1D', { output_size: 60_000 }, [1e9 + 1, 2], 'layer-unsupported'],
    ['parts of an unknown size', 'AdaptiveMaxPooling1D', { output_size: 2 }, [null, 2], 'layer-unsupported'],
  ] as const)('%s', async (_, className, config, shape, code) => {
    expect(await refusal(className, config, shape)).toBe(code);
  });
});
