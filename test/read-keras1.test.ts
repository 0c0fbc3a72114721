import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { graphOf } from '../src/read/read.ts';
import { availableBackends, useBackend } from './backends.ts';

type Json = Readonly<Record<string, unknown>>;
interface LayerJson {
  readonly class_name: string;
  readonly config: Json;
}

const backends = await availableBackends();
const layer = (className: string, config: Json): LayerJson => ({ class_name: className, config });
/** A Sequential as Keras 1 wrote it. */
const list = (...layers: readonly LayerJson[]) => ({ class_name: 'Sequential', keras_version: '1.2.2', config: layers });
const keras2 = (...layers: readonly LayerJson[]) => ({ class_name: 'Sequential', keras_version: '2.2.4', config: { name: 's', layers } });

/** The only layer of a model that Keras 1 wrote, as it is read. */
function read(className: string, config: Json): LayerJson {
  const { calls } = graphOf(list(layer(className, { name: 'y', batch_input_shape: [null, 4, 4, 4, 4], ...config })));
  const { className: found, config: given } = (calls[0] as (typeof calls)[number]).layer;
  return layer(found, given);
}

const LINE = { nb_filter: 3, filter_length: 2, subsample_length: 1, border_mode: 'same', bias: false };
const IMAGE = { nb_filter: 3, nb_row: 2, nb_col: 5, subsample: [1, 2], border_mode: 'same', bias: true, dim_ordering: 'th' };
const IMAGE2 = { filters: 3, kernel_size: [2, 5], strides: [1, 2], padding: 'same', use_bias: true, data_format: 'channels_first' };
const RECURRENT = {
  output_dim: 3,
  inner_activation: 'hard_sigmoid',
  activation: 'tanh',
  dropout_W: 0.1,
  dropout_U: 0,
  consume_less: 'cpu',
};
const RECURRENT2 = { units: 3, recurrent_activation: 'hard_sigmoid', activation: 'tanh', dropout: 0.1, recurrent_dropout: 0 };

describe('a layer of Keras 1 is read as one of Keras 2', () => {
  it.each([
    ['Dense', { output_dim: 3, bias: false }, 'Dense', { units: 3, use_bias: false }],
    ['TimeDistributedDense', { output_dim: 3 }, 'Dense', { units: 3 }],
    ['Dropout', { p: 0.5 }, 'Dropout', { rate: 0.5 }],
    ['GaussianNoise', { sigma: 0.5 }, 'GaussianNoise', { stddev: 0.5 }],
    ['Convolution1D', LINE, 'Conv1D', { filters: 3, kernel_size: 2, strides: 1, padding: 'same', use_bias: false }],
    ['AtrousConvolution1D', { ...LINE, atrous_rate: 2 }, 'Conv1D', { filters: 3, dilation_rate: 2 }],
    ['Convolution2D', IMAGE, 'Conv2D', IMAGE2],
    ['AtrousConvolution2D', { ...IMAGE, atrous_rate: [2, 2] }, 'Conv2D', { ...IMAGE2, dilation_rate: [2, 2] }],
    ['Deconvolution2D', IMAGE, 'Conv2DTranspose', IMAGE2],
    ['SeparableConvolution2D', { ...IMAGE, dim_ordering: 'tf' }, 'SeparableConv2D', { ...IMAGE2, data_format: 'channels_last' }],
    [
      'Convolution3D',
      { nb_filter: 3, kernel_dim1: 1, kernel_dim2: 2, kernel_dim3: 3, dim_ordering: 'tf' },
      'Conv3D',
      { filters: 3, kernel_size: [1, 2, 3], data_format: 'channels_last' },
    ],
    ['MaxPooling1D', { pool_length: 2, stride: 3, border_mode: 'same' }, 'MaxPooling1D', { pool_size: 2, strides: 3, padding: 'same' }],
    [
      'AveragePooling2D',
      { border_mode: 'valid', dim_ordering: 'tf' },
      'AveragePooling2D',
      { padding: 'valid', data_format: 'channels_last' },
    ],
    ['GlobalMaxPooling2D', { dim_ordering: 'th' }, 'GlobalMaxPooling2D', { data_format: 'channels_first' }],
    ['UpSampling1D', { length: 3 }, 'UpSampling1D', { size: 3 }],
    ['ZeroPadding1D', { padding: { left_pad: 1 } }, 'ZeroPadding1D', { padding: [1, 0] }],
    [
      'ZeroPadding2D',
      { padding: [1, 2, 3, 4], dim_ordering: 'th' },
      'ZeroPadding2D',
      {
        padding: [
          [1, 2],
          [3, 4],
        ],
        data_format: 'channels_first',
      },
    ],
    [
      'ZeroPadding2D',
      { padding: { right_pad: 2 } },
      'ZeroPadding2D',
      {
        padding: [
          [0, 0],
          [0, 2],
        ],
      },
    ],
    ['ZeroPadding2D', { padding: [1, 2] }, 'ZeroPadding2D', { padding: [1, 2] }],
    ['LSTM', RECURRENT, 'LSTM', RECURRENT2],
    ['GRU', RECURRENT, 'GRU', { ...RECURRENT2, reset_after: false }],
    ['Merge', { mode: 'concat', concat_axis: 1 }, 'Concatenate', { axis: 1 }],
    ['Merge', { mode: 'dot', dot_axes: [[1], [2]] }, 'Dot', { axes: [1, 2] }],
    ['Merge', { mode: 'ave', mode_type: 'raw' }, 'Average', {}],
    [
      'TimeDistributed',
      { layer: layer('Dense', { output_dim: 3 }) },
      'TimeDistributed',
      { layer: { class_name: 'Dense', config: { units: 3 } } },
    ],
    ['Bidirectional', { layer: layer('GRU', RECURRENT) }, 'Bidirectional', { layer: { config: { reset_after: false } } }],
  ] as const)('%s %j', (className, config, expected, values) => {
    const found = read(className, config);
    expect(found.class_name).toBe(expected);
    expect(found.config).toMatchObject(values);
  });

  it.each([
    ['Embedding', { input_dim: 3, output_dim: 4 }],
    ['Dense', { units: 3 }],
    ['UpSampling2D', { size: [2, 2] }],
    ['Merge', { mode: 'cos' }],
    ['Merge', { mode: 'sum', mode_type: 'lambda' }],
    ['MyMerge', { mode: 'sum', nb_filter: 3 }],
    ['TimeDistributed', { layer: 3 }],
  ])('but %s %j is itself', (className, config) => {
    expect(read(className, config)).toEqual({
      class_name: className,
      config: { name: 'y', batch_input_shape: [null, 4, 4, 4, 4], ...config },
    });
  });

  it('keys of Keras 2 stand where a file has both', () => {
    expect(read('Dense', { output_dim: 3, units: 4, bias: true, use_bias: false }).config).toMatchObject({ units: 4, use_bias: false });
  });

  it('a layer that does not say where its channels are follows the others', () => {
    const model = list(
      layer('Convolution2D', { ...IMAGE, name: 'c', batch_input_shape: [null, 2, 4, 4] }),
      layer('UpSampling2D', { name: 'u', size: [2, 2] }),
    );
    expect(graphOf(model).calls[1]?.layer.config).toMatchObject({ data_format: 'channels_first' });
  });

  it('an input has the dtype of input_dtype, whatever that of the layer', () => {
    const model = list(layer('Embedding', { name: 'e', batch_input_shape: [null, 3], input_dtype: 'int32', input_dim: 3, output_dim: 4 }));
    expect(graphOf(model).inputs).toMatchObject([{ name: 'e_input', dtype: 'int32' }]);
  });

  it('a file without a version is known by its keys', () => {
    const old = [layer('Dense', { name: 'd', output_dim: 3, batch_input_shape: [null, 2] })];
    expect(graphOf({ class_name: 'Sequential', config: old }).origin.keras).toBe(1);
    expect(graphOf({ class_name: 'Sequential', config: [layer('Dense', { units: 3, batch_input_shape: [null, 2] })] }).origin.keras).toBe(
      2,
    );
  });

  it('keys that JavaScript objects have of themselves are keys like others', () => {
    const config = JSON.parse('{"name":"d","output_dim":3,"__proto__":{"units":5},"constructor":1,"batch_input_shape":[null,2]}') as Json;
    const { calls } = graphOf(list(layer('Dense', config)));
    expect(calls[0]?.layer.config['units']).toBe(3);
    expect(Object.hasOwn(calls[0]?.layer.config ?? {}, '__proto__')).toBe(true);
    expect(read('toString', { p: 1 }).class_name).toBe('toString');
  });
});

describe('a Sequential of Keras 1 may start with a merge', () => {
  const dense = (name: string, units: number, size?: number) =>
    layer('Dense', { name, output_dim: units, ...(size === undefined ? {} : { batch_input_shape: [null, size] }) });
  const merge = (mode: string, ...branches: readonly LayerJson[]) => layer('Merge', { name: 'm', mode, concat_axis: 1, layers: branches });
  const branch = (...layers: readonly LayerJson[]) => ({ class_name: 'Sequential', config: layers }) as unknown as LayerJson;

  it('of models, which bring the inputs', () => {
    const graph = graphOf(list(merge('sum', branch(dense('a', 4, 2)), branch(dense('b', 4, 3))), dense('out', 1)));
    expect(graph.inputs.map(({ key, shape }) => [key, shape])).toEqual([
      ['a_input', [null, 2]],
      ['b_input', [null, 3]],
    ]);
    expect(graph.calls.map(({ layer: { name, className } }) => [name, className])).toEqual([
      ['a', 'Dense'],
      ['b', 'Dense'],
      ['m', 'Add'],
      ['out', 'Dense'],
    ]);
    expect(graph.origin.keras).toBe(1);
  });

  it('of layers, of one with itself, and of further merges', () => {
    const inner = branch(merge('mul', dense('a', 4, 2), dense('b', 4, 3)));
    const graph = graphOf(list(layer('Merge', { name: 'outer', mode: 'concat', layers: [inner, dense('c', 2, 5)] })));
    expect(graph.inputs.map(({ shape }) => shape?.[1])).toEqual([2, 3, 5]);
    expect(graph.calls.at(-1)?.args).toHaveLength(1);
    expect(graph.outputs.map(({ key }) => key)).toEqual(['outer']);
  });

  it('which gives what the same model of Keras 2 gives', async () => {
    const compiled = await compile(list(merge('concat', branch(dense('a', 2, 2)), branch(dense('b', 1, 1)))));
    await useBackend(backends[0] ?? 'wasm');
    const module = await compiled.instantiate();
    const weights = {
      'a/a_W': tf.tensor2d([1, 2, 3, 4], [2, 2]),
      'a/a_b': tf.tensor1d([0, 1]),
      'b/b_W': tf.tensor2d([[5]]),
      'b/b_b': tf.tensor1d([6]),
    };
    const inputs = { a_input: tf.tensor2d([[1, 1]]), b_input: tf.tensor2d([[2]]) };
    const w = await module.load(weights);
    const outputs = module.predict(w, inputs);
    expect(Array.from((outputs['m'] as Tensor).dataSync())).toEqual([4, 7, 16]);
    module.dispose(w);
    tf.dispose([weights, inputs, outputs]);
  });

  it('whose branch must give one tensor', () => {
    const twice = {
      class_name: 'Model',
      config: {
        layers: [layer('InputLayer', { name: 'i', batch_input_shape: [null, 2] })],
        input_layers: [['i', 0, 0]],
        output_layers: [
          ['i', 0, 0],
          ['i', 0, 0],
        ],
      },
    };
    expect(() => graphOf(list(merge('sum', twice as unknown as LayerJson)))).toThrow(/gives 2 outputs/);
  });
});

const refused = (source: object, options = {}): Promise<string> =>
  compile(source, options).then(
    () => 'compiled',
    ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
  );

it('a merge by a function is refused where it is live, and only there', async () => {
  const node = (name: string) => [name, 0, 0];
  const model = {
    class_name: 'Model',
    keras_version: '1.2.2',
    config: {
      layers: [
        { ...layer('InputLayer', { name: 'x', batch_input_shape: [null, 2] }), name: 'x', inbound_nodes: [] },
        { ...layer('Merge', { name: 'm', mode: 'f', mode_type: 'function' }), name: 'm', inbound_nodes: [[node('x'), node('x')]] },
        { ...layer('Activation', { name: 'r', activation: 'relu' }), name: 'r', inbound_nodes: [[node('x')]] },
      ],
      input_layers: [node('x')],
      output_layers: [node('m'), node('r')],
    },
  };
  expect(await refused(model)).toMatch(/^layer-unknown: .*"Merge"/);
  expect(await refused(model, { outputs: ['r'] })).toBe('compiled');
});

it('a separable kernel whose order nobody tells is refused', async () => {
  const model = list(layer('SeparableConvolution2D', { ...IMAGE, name: 's', batch_input_shape: [null, 2, 4, 4] }));
  expect(await refused(model)).toMatch(/^layer-unknown: .*"keras1.SeparableConvolution2D"/);
});

it('a kernel that Theano was to convolve with is turned over, also inside a wrapper', async () => {
  const conv = layer('Conv2D', { name: 'c', filters: 1, kernel_size: 1, batch_input_shape: [null, 4, 4, 2] });
  const theano = (...layers: readonly LayerJson[]) => graphOf({ ...keras2(...layers), backend: 'theano' }).calls[0]?.layer;
  expect(theano(conv)?.config).toMatchObject({ turned_kernel: true });
  expect(theano(layer('TimeDistributed', { ...conv.config, layer: conv }))?.config).toMatchObject({
    layer: { config: { turned_kernel: true } },
  });
  expect(graphOf({ ...keras2(conv), backend: 'tensorflow' }).calls[0]?.layer.config).not.toHaveProperty('turned_kernel');
  const depthwise = { ...keras2(layer('DepthwiseConv2D', { ...conv.config, kernel_size: 2 })), backend: 'theano' };
  expect(await refused(depthwise)).toMatch(/^layer-unknown: .*"theano.DepthwiseConv2D"/);
});

describe.each(backends)('kernels of Keras 1 on %s', (backend) => {
  afterAll(() => expect(tf.memory().numTensors).toBe(0));

  const values = (shape: readonly number[], seed: number): Tensor =>
    tf.tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 1.7 + seed)),
      [...shape],
    );

  /** What a model of one layer `c` gives, flat. */
  async function run(model: object, weights: Record<string, Tensor>, x: Tensor): Promise<{ shape: readonly number[]; data: number[] }> {
    const module = await (await compile(model)).instantiate();
    await useBackend(backend);
    const w = await module.load(weights);
    const y = module.predict(w, x)['c'] as Tensor;
    const data = Array.from(y.dataSync());
    module.dispose(w);
    tf.dispose([w, y]);
    return { shape: y.shape, data };
  }

  const CASES: readonly [string, Json, string, Json, readonly number[], readonly number[], readonly number[], readonly number[]][] = [
    [
      'Convolution2D',
      { ...IMAGE, nb_row: 3, nb_col: 3 },
      'Conv2D',
      { ...IMAGE2, kernel_size: [3, 3] },
      [3, 3, 3, 3],
      [2, 3, 1, 0],
      [3, 5, 6],
      [3],
    ],
    ['Convolution2D', IMAGE, 'Conv2D', IMAGE2, [3, 4, 2, 5], [2, 3, 1, 0], [4, 5, 6], [3]],
    ['Deconvolution2D', IMAGE, 'Conv2DTranspose', IMAGE2, [3, 4, 2, 5], [2, 3, 0, 1], [4, 5, 6], [3]],
    [
      'Deconvolution2D',
      { ...IMAGE, dim_ordering: 'tf' },
      'Conv2DTranspose',
      { ...IMAGE2, data_format: 'channels_last' },
      [2, 5, 4, 3],
      [0, 1, 3, 2],
      [5, 6, 4],
      [3],
    ],
    [
      'Convolution3D',
      { nb_filter: 3, kernel_dim1: 1, kernel_dim2: 2, kernel_dim3: 2, dim_ordering: 'th', border_mode: 'valid' },
      'Conv3D',
      { filters: 3, kernel_size: [1, 2, 2], data_format: 'channels_first' },
      [3, 2, 1, 2, 2],
      [2, 3, 4, 1, 0],
      [2, 3, 4, 5],
      [3],
    ],
  ];
  it.each(CASES)('%s %j', async (old, config, className, now, stored, perm, size, bias) => {
    await useBackend(backend);
    const shape = { name: 'c', batch_input_shape: [null, ...size] };
    const [x, kernel, b] = [values([2, ...size], 1), values(stored, 2), values(bias, 3)];
    const turned = tf.transpose(kernel, [...perm]);
    const before = await run(list(layer(old, { ...shape, ...config })), { 'c/c_W': kernel, 'c/c_b': b }, x);
    const after = await run(keras2(layer(className, { ...shape, ...now })), { 'c/kernel': turned, 'c/bias': b }, x);
    expect(before.shape).toEqual(after.shape);
    for (const [i, value] of before.data.entries()) expect(value).toBeCloseTo(after.data[i] as number, 4);
    tf.dispose([x, kernel, b, turned]);
  });

  it.each([
    ['Conv2D', { filters: 3, kernel_size: [2, 3], padding: 'same' }, [5, 6, 4], [2, 3, 4, 3]],
    ['Conv1D', { filters: 3, kernel_size: 3, dilation_rate: 2 }, [7, 4], [3, 4, 3]],
    ['Conv2DTranspose', { filters: 3, kernel_size: [2, 3], strides: 2 }, [5, 6, 4], [2, 3, 3, 4]],
  ] as const)('%s of Theano', async (className, config, size, kernelShape) => {
    await useBackend(backend);
    const model = keras2(layer(className, { name: 'c', use_bias: false, batch_input_shape: [null, ...size], ...config }));
    const [x, kernel] = [values([2, ...size], 1), values(kernelShape, 2)];
    const turned = tf.reverse(
      kernel,
      kernelShape.slice(0, -2).map((_, axis) => axis),
    );
    const before = await run({ ...model, backend: 'theano' }, { 'c/kernel': kernel }, x);
    expect(before).toEqual(await run(model, { 'c/kernel': turned }, x));
    tf.dispose([x, kernel, turned]);
  });

  it('Convolution1D, of an image one pixel wide', async () => {
    await useBackend(backend);
    const shape = { name: 'c', batch_input_shape: [null, 7, 4] };
    const [x, kernel] = [values([2, 7, 4], 1), values([2, 1, 4, 3], 2)];
    const line = tf.reshape(kernel, [2, 4, 3]);
    const before = await run(list(layer('Convolution1D', { ...shape, ...LINE })), { 'c/c_W': kernel }, x);
    const now = { filters: 3, kernel_size: 2, padding: 'same', use_bias: false };
    expect(before).toEqual(await run(keras2(layer('Conv1D', { ...shape, ...now })), { 'c/kernel': line }, x));
    tf.dispose([x, kernel, line]);
  });

  it.each([
    ['valid', 9, 0],
    ['valid', 10, 1],
    ['same', 7, 0],
    ['same', 8, 1],
  ] as const)('Deconvolution2D, %s, whose result has %i rows', async (mode, rows, padding) => {
    await useBackend(backend);
    const shape = { name: 'c', batch_input_shape: [null, 4, 4, 2] };
    const old = {
      nb_filter: 3,
      nb_row: 3,
      nb_col: 3,
      subsample: [2, 2],
      border_mode: mode,
      dim_ordering: 'tf',
      output_shape: [null, rows, rows, 3],
    };
    const now = { filters: 3, kernel_size: 3, strides: 2, padding: mode, output_padding: padding };
    const [x, kernel, b] = [values([1, 4, 4, 2], 1), values([3, 3, 2, 3], 2), values([3], 3)];
    const turned = tf.transpose(kernel, [0, 1, 3, 2]);
    const before = await run(list(layer('Deconvolution2D', { ...shape, ...old })), { 'c/c_W': kernel, 'c/c_b': b }, x);
    const after = await run(keras2(layer('Conv2DTranspose', { ...shape, ...now })), { 'c/kernel': turned, 'c/bias': b }, x);
    expect(before.shape).toEqual([1, rows, rows, 3]);
    expect(before).toEqual(after);
    // TensorFlow's own op takes the size of its result, as Keras 1 handed it over.
    const direct = tf.tidy(() => tf.add(tf.conv2dTranspose(x as tf.Tensor4D, turned as tf.Tensor4D, [1, rows, rows, 3], 2, mode), b));
    for (const [i, value] of direct.dataSync().entries()) expect(before.data[i]).toBeCloseTo(value, 4);
    tf.dispose([x, kernel, b, turned, direct]);
  });

  it('a size that no transposed convolution gives is refused', async () => {
    const shape = { name: 'c', batch_input_shape: [null, 4, 4, 2] };
    const old = {
      nb_filter: 3,
      nb_row: 3,
      nb_col: 3,
      subsample: [2, 2],
      border_mode: 'same',
      dim_ordering: 'tf',
      output_shape: [null, 9, 9, 3],
    };
    expect(await refused(list(layer('Deconvolution2D', { ...shape, ...old })))).toMatch(/^shape-mismatch: output_shape fits/);
  });
});
