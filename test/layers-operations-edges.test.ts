import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { availableBackends, useBackend } from './backends.ts';

/** Operations of Keras 3 that its JAX backend cannot run from a file, and what is refused. */

type Json = Readonly<Record<string, unknown>>;
type Sizes = readonly (number | null)[];

const tensor = (name = 'x') => ({ class_name: '__keras_tensor__', config: { keras_history: [name, 0, 0] } });

interface Operation {
  readonly config?: Json;
  readonly args?: readonly unknown[];
  readonly kwargs?: Json;
  readonly shape?: Sizes;
  readonly dtype?: string;
  readonly module?: string;
}

function model(name: string, { config = {}, args = [tensor()], kwargs = {}, shape = [2, 2], dtype = 'float32', module }: Operation) {
  const [folder = '', className = ''] = name.split('.');
  return {
    class_name: 'Functional',
    keras_version: '3.15.1',
    config: {
      name: 'm',
      layers: [
        { class_name: 'InputLayer', name: 'x', config: { name: 'x', batch_shape: [null, ...shape], dtype }, inbound_nodes: [] },
        {
          module: module ?? `keras.src.ops.${folder}`,
          class_name: className,
          registered_name: className,
          name: 'y',
          config: { name: 'y', ...config },
          inbound_nodes: [{ args, kwargs }],
        },
      ],
      input_layers: [['x', 0, 0]],
      output_layers: [['y', 0, 0]],
    },
  };
}

async function run(source: object, values: readonly number[], shape: readonly number[], dtype: 'float32' | 'int32' = 'float32') {
  const module = await (await compile(source)).instantiate();
  const x = tf.tensor([...values], [...shape], dtype);
  const w = await module.load({});
  const [y] = Object.values(module.predict(w, { x })) as [tf.Tensor];
  const found = { shape: y.shape, values: [...y.dataSync()].map((value) => Math.round(value * 1e4) / 1e4 + 0) };
  module.dispose(w);
  tf.dispose([x, y]);
  return found;
}

const backends = await availableBackends();

describe.each(backends)('on %s', (backend) => {
  afterAll(() => expect(tf.memory().numTensors).toBe(0));
  const given = [3, -4, 0, 12];

  it.each<readonly [string, string, Operation, readonly number[], readonly number[]]>([
    ['a norm of rows', 'linalg.Norm', { config: { ord: null, axis: -1, keepdims: false } }, [1, 2], [5, 12]],
    ['a norm of columns', 'linalg.Norm', { config: { ord: 3, axis: 1, keepdims: true } }, [1, 1, 2], [3, 12.1464]],
    ['how many are not 0', 'linalg.Norm', { config: { ord: 0, axis: [2] } }, [1, 2], [2, 1]],
    ['the largest sum of a column', 'linalg.Norm', { config: { ord: 1, axis: [1, 2] } }, [1], [16]],
    ['counts of repetitions', 'numpy.Repeat', { config: { repeats: [2, 1], axis: 2 } }, [1, 2, 3], [3, 3, -4, 0, 0, 12]],
    ['sizes that were None', 'numpy.Reshape', { config: { newshape: [null, 4] } }, [1, 4], given],
    ['an operation of an older module path', 'numpy.Negative', { module: 'keras.ops.numpy' }, [1, 2, 2], [-3, 4, 0, -12]],
    [
      'a scalar array',
      'numpy.Add',
      { args: [tensor(), { class_name: '__numpy__', config: { value: 1.5, dtype: 'float32' } }] },
      [1, 2, 2],
      [4.5, -2.5, 1.5, 13.5],
    ],
    ['truth values in a list', 'numpy.Where', { args: [[true, false], tensor(), 7] }, [1, 2, 2], [3, 7, 0, 7]],
    ['arguments by name', 'numpy.Subtract', { args: [], kwargs: { x2: tensor(), x1: 1 } }, [1, 2, 2], [-2, 5, 1, -11]],
  ])('computes %s', async (_, name, operation, shape, values) => {
    await useBackend(backend);
    expect(await run(model(name, operation), given, [1, 2, 2])).toEqual({ shape, values });
  });

  it('slices axes of unknown size at both ends, whatever the dtype', async () => {
    await useBackend(backend);
    const slice = (start: number | null, stop: number | null, step: number | null) => ({
      class_name: '__slice__',
      config: { start, stop, step },
    });
    const key = (...items: unknown[]) => ({ args: [tensor(), [slice(null, null, null), ...items]], shape: [null], dtype: 'int32' });
    const expected = [1, 2, 3, 4, 5];
    const rows: readonly (readonly [unknown, readonly number[]])[] = [
      [slice(-3, -1, null), [3, 4]],
      [slice(-3, null, null), [3, 4, 5]],
      [slice(1, -1, null), [2, 3, 4]],
      [slice(1, 3, null), [2, 3]],
      [slice(null, null, -1), [5, 4, 3, 2, 1]],
      [slice(-2, null, -1), [4, 3, 2, 1]],
      [-2, [4]],
    ];
    for (const [item, values] of rows)
      expect((await run(model('numpy.GetItem', key(item)), expected, [1, 5], 'int32')).values).toEqual(values);
  });
});

describe('refuses', () => {
  const message = (source: object): Promise<string> =>
    compile(source).then(
      () => 'compiled',
      ({ code, message, hint }: { code: string; message: string; hint: string }) => `${code}: ${message}; ${hint}`,
    );

  it.each<readonly [string, string, Operation, RegExp]>([
    [
      'what tfjs cannot compute, and says how to give it',
      'math.FFT',
      {},
      /^layer-unsupported: .*keras\.ops\.math\.FFT: .*; .*className: 'ops\.math\.FFT'/,
    ],
    ['what Keras will have one day', 'numpy.Frobnicate', {}, /^layer-unknown: .*ops\.numpy\.Frobnicate/],
    ['integers that wrap around', 'core.Cast', { config: { dtype: 'uint8' } }, /^layer-unsupported: .*uint8/],
    ['an argument it does not know', 'numpy.Negative', { kwargs: { out: 1 } }, /^shape-mismatch: .*no argument: out/],
    ['too many arguments', 'numpy.Negative', { args: [tensor(), 1] }, /^shape-mismatch: .*no argument: number 1/],
    ['a missing operand', 'numpy.Add', {}, /^shape-mismatch: .*x2 as a tensor/],
    ['an axis that is not there', 'numpy.Sum', { config: { axis: 3 } }, /^shape-mismatch: there is no axis 3/],
    ['an axis that is none', 'numpy.Sum', { config: { axis: { __proto__: 1 } } }, /^shape-mismatch: .*axis as a list of integers/],
    ['a place that is not there', 'numpy.GetItem', { args: [tensor(), [0, 2]] }, /^shape-mismatch: .*a place within 2, not: 2/],
    ['more places than axes', 'numpy.GetItem', { args: [tensor(), [0, 0, 0, 0]] }, /^shape-mismatch: .*a key/],
    ['places that a tensor names', 'numpy.GetItem', { args: [tensor(), tensor()] }, /^layer-unsupported: .*key that holds tensors/],
    ['a sort of unknown size', 'numpy.Sort', { config: { axis: -1 }, shape: [null] }, /^layer-unsupported: .*unknown size/],
    ['the condition alone', 'numpy.Where', {}, /^layer-unsupported: .*condition alone/],
    ['powers of integers that may be below 0', 'numpy.Power', { args: [tensor(), -1], dtype: 'int32' }, /^layer-unsupported: .*negative/],
    ['a dtype that is none', 'core.Cast', { config: { dtype: 'complex64' } }, /^(dtype-unknown|layer-unsupported): .*complex64/],
    [
      'a million classes and more',
      'nn.OneHot',
      { config: { num_classes: 1e9 } },
      /^layer-unsupported: .*a constant of 1000000000 elements/,
    ],
    ['kernels of no window', 'nn.MaxPool', { config: { pool_size: 0 }, shape: [4, 4, 1] }, /^shape-mismatch: .*pool_size above 0/],
  ])('%s', async (_, name, operation, expected) => {
    expect(await message(model(name, operation))).toMatch(expected);
  });
});
