import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { availableBackends, useBackend } from './backends.ts';
import { expectClose, type Stored, storedOf, tensorOf } from './stored.ts';

interface Run {
  readonly inputs: Readonly<Record<string, Stored>>;
  readonly outputs: readonly Stored[];
}

interface Case {
  readonly name: string;
  readonly model: { readonly config: { readonly layers: readonly { readonly class_name: string }[] } };
  readonly weights: Readonly<Record<string, Stored>>;
  readonly runs: readonly Run[];
}

const cases = JSON.parse(readFileSync(new URL('fixtures/attention/keras.json', import.meta.url), 'utf8')) as readonly Case[];

const tensors = (stored: Readonly<Record<string, Stored>>): Record<string, tf.Tensor> =>
  Object.fromEntries(Object.entries(stored).map(([name, value]) => [name, tensorOf(value)]));

/** Compiles a model, runs it on the inputs of each run, and gives the outputs in their order. */
async function outputs(model: object, weights: Case['weights'], runs: readonly Pick<Run, 'inputs'>[]): Promise<Stored[][]> {
  const compiled = await compile(model);
  const module = await compiled.instantiate();
  const given = tensors(weights);
  const w = await module.load(given);
  const found = runs.map((run) => {
    const inputs = tensors(run.inputs);
    const before = tf.memory().numTensors;
    const result = module.predict(w, inputs) as Record<string, tf.Tensor>;
    expect(tf.memory().numTensors - before).toBe(compiled.summary.outputs.length);
    const stored = compiled.summary.outputs.map(({ key }) => storedOf(result[key] as tf.Tensor));
    tf.dispose([inputs, result]);
    return stored;
  });
  module.dispose(w);
  tf.dispose(given);
  return found;
}

const named = (name: string): Case => {
  const found = cases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found;
};

/** A model of one layer on inputs of these shapes, as Keras 2 or 3 writes it. */
const single = (className: string, config: object, shape: readonly (number | null)[], node: object = {}, keras: 2 | 3 = 3): object => ({
  class_name: 'Functional',
  keras_version: keras === 3 ? '3.15.1' : '2.15.0',
  config: {
    name: 'm',
    layers: [
      { class_name: 'InputLayer', name: 'x', config: { name: 'x', batch_shape: [null, ...shape] }, inbound_nodes: [] },
      { class_name: className, name: 'l', config: { name: 'l', ...config }, inbound_nodes: [[['x', 0, 0, node]]] },
    ],
    input_layers: [['x', 0, 0]],
    output_layers: [['l', 0, 0]],
  },
});

const f32 = (shape: readonly number[], values?: readonly number[]): Stored => ({
  shape,
  dtype: 'float32',
  values:
    values ??
    Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) => Math.round(Math.sin(i + 1) * 1000) / 1000),
});

const backends = await availableBackends();

describe.each(backends)('on %s', (backend) => {
  afterAll(() => expect(tf.memory().numTensors).toBe(0));

  it.each(cases.map((one) => [one.name, one] as const))('%s', async (_, { model, weights, runs }) => {
    await useBackend(backend);
    const found = await outputs(model, weights, runs);
    for (const [i, run] of runs.entries()) expectClose(found[i] ?? [], run.outputs);
  });
});

describe('queries that may look at nothing', () => {
  const masked = named('mha masked cross drop 0.2');
  const of = async (version: string): Promise<readonly Stored[]> => {
    await useBackend('wasm');
    const [first] = await outputs({ ...masked.model, keras_version: version }, masked.weights, masked.runs.slice(0, 1));
    return first ?? [];
  };
  it('get nothing where the layer has dropout, since Keras 3.10', async () => {
    expectClose(await of('3.10.0'), masked.runs[0]?.outputs ?? []);
  });

  it('looked at everything evenly before', async () => {
    // Without dropout, the newest Keras still does.
    const even = JSON.parse(JSON.stringify(masked.model).replace('"dropout":0.2', '"dropout":0')) as object;
    const [wanted] = await outputs({ ...even, keras_version: '3.15.1' }, masked.weights, masked.runs.slice(0, 1));
    expect(() => expectClose(wanted ?? [], masked.runs[0]?.outputs ?? [])).toThrow();
    expectClose(await of('3.9.2'), wanted ?? []);
    expectClose(await of('3.0.5'), wanted ?? []);
  });
});

describe('as Keras 2 writes it', () => {
  it('MultiHeadAttention has its value among the keyword arguments, or in a list', async () => {
    await useBackend('wasm');
    const config = { num_heads: 2, key_dim: 3, value_dim: 3, dropout: 0.1, query_shape: [null, 4, 6], attention_axes: [1] };
    const sizes = { 'l/query': [6, 2, 3], 'l/key': [6, 2, 3], 'l/value': [6, 2, 3], 'l/attention_output': [2, 3, 6] };
    const weights = Object.fromEntries(
      Object.entries(sizes).flatMap(([name, shape], i) => [
        [`${name}/kernel`, f32(shape)],
        [`${name}/bias`, f32(i < 3 ? [2, 3] : [6])],
      ]),
    );
    const runs = [{ inputs: { x: f32([2, 4, 6]) } }];
    const run = (model: object) => outputs(model, weights, runs);
    const hidden = single('MultiHeadAttention', config, [4, 6], { value: ['x', 0, 0], use_causal_mask: true }, 2);
    const listed = structuredClone(hidden) as { config: { layers: { inbound_nodes: unknown }[] } };
    const tensor = ['x', 0, 0, { use_causal_mask: true }];
    (listed.config.layers[1] as { inbound_nodes: unknown }).inbound_nodes = [[tensor, tensor]];
    const [one, other] = [await run(hidden), await run(listed)];
    expectClose(other[0] ?? [], one[0] ?? []);
    const [unordered] = await run(single('MultiHeadAttention', config, [4, 6], { value: ['x', 0, 0] }, 2));
    expect(() => expectClose(unordered ?? [], one[0] ?? [])).toThrow();
  });

  it('Attention may be made causal', async () => {
    await useBackend('wasm');
    const tensor = ['x', 0, 0, {}];
    const model = (config: object, node: object) => {
      const made = single('Attention', config, [4, 6], {}, 2) as { config: { layers: { inbound_nodes: unknown }[] } };
      (made.config.layers[1] as { inbound_nodes: unknown }).inbound_nodes = [
        [
          [...tensor.slice(0, 3), node],
          [...tensor.slice(0, 3), node],
        ],
      ];
      return made;
    };
    const runs = [{ inputs: { x: f32([2, 4, 6]) } }];
    const [made] = await outputs(model({ causal: true }, {}), {}, runs);
    const [called] = await outputs(model({}, { use_causal_mask: true }), {}, runs);
    expectClose(made ?? [], called ?? []);
    // The first query sees the first key alone.
    const wanted = f32([2, 4, 6]).values.slice(0, 6);
    expectClose([f32([6], made?.[0]?.values.slice(0, 6))], [f32([6], wanted)]);
  });

  it('TimeDistributed gives the mask that its layer makes', async () => {
    await useBackend('wasm');
    const layers = [
      ['InputLayer', 'x', { batch_input_shape: [null, null, 3] }, []],
      ['TimeDistributed', 't', { layer: { class_name: 'Masking', config: { name: 'inner', mask_value: 0 } } }, [[['x', 0, 0, {}]]]],
      ['GlobalAveragePooling1D', 'g', {}, [[['t', 0, 0, {}]]]],
    ] as const;
    const model = {
      class_name: 'Functional',
      keras_version: '2.15.0',
      config: {
        name: 'm',
        layers: layers.map(([class_name, name, config, inbound_nodes]) => ({
          class_name,
          name,
          config: { name, ...config },
          inbound_nodes,
        })),
        input_layers: [['x', 0, 0]],
        output_layers: [['g', 0, 0]],
      },
    };
    const x = f32([1, 3, 3], [1, 2, 3, 0, 0, 0, 3, 4, 5]);
    const [found] = await outputs(model, {}, [{ inputs: { x } }]);
    expectClose(found ?? [], [f32([1, 3], [2, 3, 4])]);
  });
});

/** A locally connected layer by its definition: each place has its own window and its own matrix. */
function locallyConnected(
  x: Stored,
  geometry: { kernel: readonly [number, number]; strides: readonly [number, number]; filters: number; same: boolean },
  entry: (place: readonly [number, number], pixel: readonly [number, number], channel: number, filter: number) => number,
): Stored {
  const [batch = 1, height = 1, width = 1, channels = 1] = x.shape;
  const { kernel, strides, filters, same } = geometry;
  const size = (input: number, d: 0 | 1): number =>
    same ? Math.ceil(input / strides[d]) : Math.floor((input - kernel[d]) / strides[d]) + 1;
  const start = (place: number, d: 0 | 1): number => place * strides[d] - (same ? Math.floor(kernel[d] / 2) : 0);
  const [rows, columns] = [size(height, 0), size(width, 1)];
  const values: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++)
        for (let f = 0; f < filters; f++) {
          let sum = 0;
          for (let r = Math.max(start(i, 0), 0); r < Math.min(start(i, 0) + kernel[0], height); r++)
            for (let c = Math.max(start(j, 1), 0); c < Math.min(start(j, 1) + kernel[1], width); c++)
              for (let k = 0; k < channels; k++)
                sum += (x.values[((b * height + r) * width + c) * channels + k] ?? 0) * entry([i, j], [r, c], k, f);
          values.push(sum);
        }
  return { shape: [batch, rows, columns, filters], dtype: 'float32', values };
}

describe.each(backends)('locally connected layers on %s', (backend) => {
  const geometry = { kernel: [2, 3], strides: [1, 2], filters: 2, same: false } as const;
  const config = { filters: 2, kernel_size: [2, 3], strides: [1, 2], use_bias: false };
  const x = f32([2, 4, 5, 3]);
  const places = 3 * 2;
  const turned = ({ shape, values, dtype }: Stored): Stored => {
    const [b = 1, h = 1, w = 1, c = 1] = shape;
    const at = (i: number): number => {
      const [pixel, channel, sample] = [i % (h * w), Math.floor(i / (h * w)) % c, Math.floor(i / (h * w * c))];
      return values[(sample * h * w + pixel) * c + channel] ?? Number.NaN;
    };
    return { shape: [b, c, h, w], dtype, values: values.map((_, i) => at(i)) };
  };
  const run = async (given: object, kernel: Stored, input: Stored): Promise<readonly Stored[]> => {
    await useBackend(backend);
    const model = single('LocallyConnected2D', { ...config, ...given }, input.shape.slice(1), {}, 2);
    const [found] = await outputs(model, { 'l/kernel': kernel }, [{ inputs: { x: input } }]);
    return found ?? [];
  };
  /** Position of a tap in its window. */
  const tap = ([i, j]: readonly [number, number], [r, c]: readonly [number, number]): number => (r - i) * 3 + (c - j * 2);

  it('of implementation 1', async () => {
    const kernel = f32([places, 2 * 3 * 3, 2]);
    const wanted = locallyConnected(x, geometry, (place, pixel, k, f) => {
      return kernel.values[((place[0] * 2 + place[1]) * 18 + tap(place, pixel) * 3 + k) * 2 + f] ?? Number.NaN;
    });
    expectClose(await run({}, kernel, x), [wanted]);
    const first = locallyConnected(x, geometry, (place, pixel, k, f) => {
      return kernel.values[((place[0] * 2 + place[1]) * 18 + k * 6 + tap(place, pixel)) * 2 + f] ?? Number.NaN;
    });
    expectClose(await run({ data_format: 'channels_first' }, kernel, turned(x)), [turned(first)]);
  });

  it('of implementation 3', async () => {
    const kernel = f32([places * 2 * 18]);
    const wanted = locallyConnected(x, geometry, (place, pixel, k, f) => {
      return kernel.values[((place[0] * 2 + place[1]) * 2 + f) * 18 + tap(place, pixel) * 3 + k] ?? Number.NaN;
    });
    expectClose(await run({ implementation: 3 }, kernel, x), [wanted]);
  });

  it.each([false, true])('of implementation 2, padding same: %s', async (same) => {
    const rows = same ? 4 : 3;
    const columns = same ? 3 : 2;
    const kernel = f32([4, 5, 3, rows, columns, 2]);
    const wanted = locallyConnected(x, { ...geometry, same }, ([i, j], [r, c], k, f) => {
      return kernel.values[((((r * 5 + c) * 3 + k) * rows + i) * columns + j) * 2 + f] ?? Number.NaN;
    });
    const given = { implementation: 2, padding: same ? 'same' : 'valid' };
    expectClose(await run(given, kernel, x), [wanted]);
    const moved = f32([3, 4, 5, 2, rows, columns]);
    const first = locallyConnected(x, { ...geometry, same }, ([i, j], [r, c], k, f) => {
      return moved.values[((((k * 4 + r) * 5 + c) * 2 + f) * rows + i) * columns + j] ?? Number.NaN;
    });
    expectClose(await run({ ...given, data_format: 'channels_first' }, moved, turned(x)), [turned(first)]);
  });

  it('of one axis, with a bias', async () => {
    await useBackend(backend);
    const [sequence, kernel, bias] = [f32([2, 5, 3]), f32([2, 9, 2]), f32([2, 2])];
    const model = single('LocallyConnected1D', { filters: 2, kernel_size: [3], strides: [2] }, [5, 3], {}, 2);
    const [found] = await outputs(model, { 'l/kernel': kernel, 'l/bias': bias }, [{ inputs: { x: sequence } }]);
    const image = { ...sequence, shape: [2, 1, 5, 3] };
    const wanted = locallyConnected(image, { kernel: [1, 3], strides: [1, 2], filters: 2, same: false }, ([, j], [, c], k, f) => {
      return kernel.values[(j * 9 + (c - 2 * j) * 3 + k) * 2 + f] ?? Number.NaN;
    });
    const values = wanted.values.map((value, i) => value + (bias.values[i % 4] ?? 0));
    expectClose(found ?? [], [{ shape: [2, 2, 2], dtype: 'float32', values }]);
  });
});

describe('refusals', () => {
  const tensor = { class_name: '__keras_tensor__', config: { shape: [null, 3, 4], dtype: 'float32', keras_history: ['x', 0, 0] } };
  const called = (className: string, config: object, args: readonly unknown[], kwargs: object = {}): object => {
    const model = single(className, config, [3, 4]) as { config: { layers: { inbound_nodes: unknown }[] } };
    (model.config.layers[1] as { inbound_nodes: unknown }).inbound_nodes = [{ args, kwargs }];
    return model;
  };
  const attention = { num_heads: 2, key_dim: 3 };
  const lstm = { class_name: 'LSTM', config: { name: 'r', units: 2, stateful: true } };

  it.each([
    ['DoRA weights', called('EinsumDense', { equation: 'abc,cd->abd', output_shape: [null, 2], dora_rank: 2 }, [tensor]), /DoRA/],
    ['an equation that is none', called('EinsumDense', { equation: 'abc', output_shape: 2 }, [tensor]), /EinsumDense takes an equation/],
    [
      'sizes that differ',
      called('EinsumDense', { equation: 'abc,cd->abd', output_shape: [7, 2] }, [tensor]),
      /axis b .* different sizes: 3 and 7/,
    ],
    ['an attention without a value', called('MultiHeadAttention', attention, [tensor]), /a query, a value/],
    ['training', called('MultiHeadAttention', attention, [tensor, tensor], { training: true }), /training=True/],
    [
      'axes that the query has not',
      called('MultiHeadAttention', { ...attention, attention_axes: [4], dropout: 0.1 }, [tensor, tensor]),
      /attention_axes/,
    ],
    [
      'heads that do not divide',
      called('GroupQueryAttention', { head_dim: 2, num_query_heads: 3, num_key_value_heads: 2 }, [tensor, tensor]),
      /no multiple/,
    ],
    ['a stateful layer in TimeDistributed', called('TimeDistributed', { layer: lstm }, [tensor]), /stateful layer in TimeDistributed/],
    ['a layer of another library', called('TorchModuleWrapper', {}, [tensor]), /PyTorch module/],
  ])('%s', async (_, model, message) => {
    await expect(compile(model)).rejects.toThrow(message);
  });
});
