import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { availableBackends, useBackend } from './backends.ts';

type Json = Readonly<Record<string, unknown>>;
type Sizes = readonly (number | null)[];
type Tensors = Readonly<
  Record<string, { readonly shape: Sizes; readonly values: readonly number[]; readonly dtype?: 'float32' | 'int32' }>
>;

/** A layer of a Keras 2 file that is called once. */
interface Node {
  readonly name: string;
  readonly class_name: string;
  readonly config: Json;
  readonly inbound_nodes: readonly unknown[];
}

/** `tf.<function>(first, **kwargs)`, as Keras 2 writes it: the first argument before, the others by name. */
const call = (name: string, fn: string, first: unknown, kwargs: Json = {}): Node => ({
  name,
  class_name: fn === '__operators__.getitem' ? 'SlicingOpLambda' : 'TFOpLambda',
  config: { name, trainable: true, dtype: 'float32', function: fn },
  inbound_nodes: Array.isArray(first)
    ? [first.map((one: unknown) => [one, 0, 0, kwargs])]
    : [typeof first === 'string' ? [first, 0, 0, kwargs] : ['_CONSTANT_VALUE', -1, first, kwargs]],
});

/** An op of a TensorFlow graph. */
const node = (name: string, op: string, inputs: readonly string[], constants: Json = {}, attr: Json = {}): Node => ({
  name,
  class_name: 'TensorFlowOpLayer',
  config: { name, trainable: true, dtype: 'float32', node_def: JSON.stringify({ name, op, input: inputs, attr }), constants },
  inbound_nodes: [inputs.map((input) => [input, 0, 0, {}])],
});

function model(inputs: Tensors, nodes: readonly Node[]) {
  return {
    class_name: 'Functional',
    keras_version: '2.15.0',
    config: {
      name: 'm',
      layers: [
        ...Object.entries(inputs).map(([name, { shape, dtype = 'float32' }]) => ({
          class_name: 'InputLayer',
          name,
          config: { name, batch_input_shape: [null, ...shape.slice(1)], dtype },
          inbound_nodes: [],
        })),
        ...nodes,
      ],
      input_layers: Object.keys(inputs).map((name) => [name, 0, 0]),
      output_layers: [[nodes.at(-1)?.name ?? '', 0, 0]],
    },
  };
}

async function run(inputs: Tensors, nodes: readonly Node[], sizes: Readonly<Record<string, readonly number[]>> = {}) {
  const compiled = await compile(model(inputs, nodes));
  const module = await compiled.instantiate();
  const given = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, values, dtype = 'float32' }]) => [
      name,
      tf.tensor([...values], [...(sizes[name] ?? (shape as readonly number[]))], dtype),
    ]),
  );
  const w = await module.load({});
  const [y] = Object.values(module.predict(w, given)) as [tf.Tensor];
  const found = { shape: y.shape, dtype: y.dtype, values: [...y.dataSync()].map((value) => Math.round(value * 1e4) / 1e4 + 0) };
  module.dispose(w);
  tf.dispose([...Object.values(given), y]);
  return found;
}

const x = { shape: [1, 2, 3], values: [1, -2, 3, 4, 5, -6] };
const i = { shape: [1, 3], values: [7, -7, 2], dtype: 'int32' } as const;
const range = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

type Expected = readonly [title: string, inputs: Tensors, nodes: readonly Node[], shape: readonly number[], values: readonly number[]];

const table: readonly Expected[] = [
  ['a product with a number', { x }, [call('y', 'math.multiply', 'x', { y: 2 })], [1, 2, 3], [2, -4, 6, 8, 10, -12]],
  ['a number less a tensor', { x }, [call('y', 'math.subtract', 1, { y: ['x', 0, 0] })], [1, 2, 3], [0, 3, -2, -3, -4, 7]],
  ['an operator', { x }, [call('y', '__operators__.add', 'x', { y: ['x', 0, 0] })], [1, 2, 3], [2, -4, 6, 8, 10, -12]],
  ['a mean', { x }, [call('y', 'math.reduce_mean', 'x', { axis: [1], keepdims: true })], [1, 1, 3], [2.5, 1.5, -1.5]],
  ['a sum over all', { x }, [call('y', 'math.reduce_sum', 'x')], [], [5]],
  ['a maximum of a constant', { x }, [call('y', 'math.maximum', 'x', { y: 0 })], [1, 2, 3], [1, 0, 3, 4, 5, 0]],
  ['relu', { x }, [call('y', 'nn.relu', 'x')], [1, 2, 3], [1, 0, 3, 4, 5, 0]],
  ['joined tensors', { x }, [call('y', 'concat', ['x', 'x'], { axis: 1 })], [1, 4, 3], [...x.values, ...x.values]],
  ['a new axis', { x }, [call('y', 'expand_dims', 'x', { axis: -1 })], [1, 2, 3, 1], x.values],
  ['a shape', { x }, [call('y', 'reshape', 'x', { shape: [-1, 6] })], [1, 6], x.values],
  ['another dtype', { x }, [call('y', 'cast', 'x', { dtype: 'int32' })], [1, 2, 3], x.values],
  ['bounds', { x }, [call('y', 'clip_by_value', 'x', { clip_value_min: -1, clip_value_max: 2 })], [1, 2, 3], [1, -1, 2, 2, 2, -1]],
  ['a transposition', { x }, [call('y', 'transpose', 'x', { perm: [0, 2, 1] })], [1, 3, 2], [1, 4, -2, 5, 3, -6]],
  ['an order', { x }, [call('y', 'argsort', 'x', { axis: -1, direction: 'DESCENDING' })], [1, 2, 3], [2, 0, 1, 1, 0, 2]],
  [
    'a slice',
    { x },
    [
      call('y', '__operators__.getitem', 'x', {
        slice_spec: [{ start: null, stop: null, step: null }, 1, { start: 1, stop: null, step: null }],
      }),
    ],
    [1, 2],
    [5, -6],
  ],
  [
    'an ellipsis and a new axis',
    { x },
    [call('y', '__operators__.getitem', 'x', { slice_spec: [{ class_name: '__ellipsis__' }, null, 0] })],
    [1, 2, 1],
    [1, 4],
  ],
  ['a product of matrices', { x }, [call('y', 'linalg.matmul', 'x', { b: ['x', 0, 0], transpose_b: true })], [1, 2, 2], [14, -24, -24, 77]],
  ['a division of integers', { i }, [call('y', 'math.truediv', 'i', { y: 2 })], [1, 3], [3.5, -3.5, 1]],
  ['a division rounded down', { i }, [call('y', 'math.floordiv', 'i', { y: 2 })], [1, 3], [3, -4, 1]],
  ['a remainder', { i }, [call('y', 'math.floormod', 'i', { y: 3 })], [1, 3], [1, 2, 2]],
  ['l2_normalize', { v: { shape: [1, 2], values: [3, 4] } }, [call('y', 'math.l2_normalize', 'v', { axis: -1 })], [1, 2], [0.6, 0.8]],
  ['a norm', { v: { shape: [1, 2], values: [3, 4] } }, [call('y', 'norm', 'v', { ord: 'euclidean', axis: -1 })], [1], [5]],
  ['a norm of another order', { v: { shape: [1, 2], values: [-3, 4] } }, [call('y', 'norm', 'v', { ord: 1, axis: 1 })], [1], [7]],
  ['taken slices', { x }, [call('y', 'gather', 'x', { indices: [2, 0], axis: 2 })], [1, 2, 2], [3, 1, -6, 4]],
  ['one_hot', { i }, [call('y', 'one_hot', 'i', { depth: 3, on_value: 5, off_value: -1 })], [1, 3, 3], [-1, -1, -1, -1, -1, -1, -1, -1, 5]],
  ['parts of given sizes', { x }, [call('y', 'split', 'x', { num_or_size_splits: [1, 2], axis: -1 })], [1, 2, 1], [1, 4]],
  [
    'where',
    { x },
    [call('c', 'math.greater', 'x', { y: 0 }), call('y', 'where', 'c', { x: ['x', 0, 0], y: 9 })],
    [1, 2, 3],
    [1, 9, 3, 4, 5, 9],
  ],
  ['a softmax', { v: { shape: [1, 2], values: [0, 0] } }, [call('y', 'nn.softmax', 'v')], [1, 2], [0.5, 0.5]],
  ['a sum that leaves the element out', { i }, [call('y', 'math.cumsum', 'i', { axis: 1, exclusive: true })], [1, 3], [0, 7, 0]],
  [
    'a mirrored border',
    { i },
    [
      call('y', 'pad', 'i', {
        paddings: [
          [0, 0],
          [2, 1],
        ],
        mode: 'REFLECT',
      }),
    ],
    [1, 6],
    [2, -7, 7, -7, 2, -7],
  ],
  [
    'another size',
    { p: { shape: [1, 1, 2, 1], values: [1, 3] } },
    [call('y', 'image.resize', 'p', { size: [1, 4] })],
    [1, 1, 4, 1],
    [1, 1.5, 2.5, 3],
  ],

  ['AddV2 with a constant', { x }, [node('y', 'AddV2', ['x'], { 1: 2.5 })], [1, 2, 3], [3.5, 0.5, 5.5, 6.5, 7.5, -3.5]],
  ['Sub of a constant less a tensor', { x }, [node('y', 'Sub', ['x'], { 0: 1 })], [1, 2, 3], [0, 3, -2, -3, -4, 7]],
  ['Mul of two tensors', { x }, [node('y', 'Mul', ['x', 'x'])], [1, 2, 3], [1, 4, 9, 16, 25, 36]],
  ['Sum', { x }, [node('y', 'Sum', ['x'], { 1: [2] }, { keep_dims: { b: true } })], [1, 2, 1], [2, 3]],
  [
    'ConcatV2',
    { x },
    [node('y', 'ConcatV2', ['x', 'x'], { 2: -1 }, { N: { i: '2' } })],
    [1, 2, 6],
    [1, -2, 3, 1, -2, 3, 4, 5, -6, 4, 5, -6],
  ],
  ['Pack', { x }, [node('y', 'Pack', ['x', 'x'], {}, { axis: { i: '0' } })], [2, 1, 2, 3], [...x.values, ...x.values]],
  ['Cast', { x }, [node('y', 'Cast', ['x'], {}, { DstT: { type: 'DT_INT32' } })], [1, 2, 3], x.values],
  ['LeakyRelu', { x }, [node('y', 'LeakyRelu', ['x'], {}, { alpha: { f: 0.5 } })], [1, 2, 3], [1, -1, 3, 4, 5, -3]],
  [
    'StridedSlice',
    { x },
    [
      node(
        'y',
        'StridedSlice',
        ['x'],
        { 1: [0, 0, 1], 2: [0, 1, 3], 3: [1, 1, 2] },
        { begin_mask: { i: '1' }, end_mask: { i: '5' }, shrink_axis_mask: { i: '2' } },
      ),
    ],
    [1, 1],
    [-2],
  ],
  [
    'Split, by its second result',
    { x },
    [node('s', 'Split', ['x'], { 0: 2 }, { num_split: { i: '3' } }), call('y', 'identity', 's')],
    [1, 2, 1],
    [1, 4],
  ],
];

const backends = await availableBackends();

describe.each(backends)('on %s', (backend) => {
  afterAll(() => expect(tf.memory().numTensors).toBe(0));

  it.each(table)('computes %s', async (_, inputs, nodes, shape, values) => {
    await useBackend(backend);
    const found = await run(inputs, nodes);
    expect(found.shape).toEqual(shape);
    expect(found.values).toEqual(values);
  });

  it('takes sizes from the shape of a tensor, known or not', async () => {
    await useBackend(backend);
    const rows = { shape: [2, null, 6], values: range(36) };
    const nodes = [
      call('s', 'shape', 'r'),
      call('b', '__operators__.getitem', 's', { slice_spec: 0 }),
      call('n', '__operators__.getitem', 's', { slice_spec: 1 }),
      call('y', 'reshape', 'r', { shape: [['b', 0, 0], ['n', 0, 0], 2, 3] }),
    ];
    expect((await run({ r: rows }, nodes, { r: [2, 3, 6] })).shape).toEqual([2, 3, 2, 3]);
    expect((await run({ r: { ...rows, values: range(12) } }, nodes, { r: [1, 2, 6] })).shape).toEqual([1, 2, 2, 3]);
  });

  it('gives a shape itself', async () => {
    await useBackend(backend);
    const found = await run({ r: { shape: [2, null], values: range(6) } }, [call('y', 'shape', 'r')], { r: [2, 3] });
    expect(found).toEqual({ shape: [2], dtype: 'int32', values: [2, 3] });
  });
});

describe('refuses', () => {
  const message = (inputs: Tensors, nodes: readonly Node[]): Promise<string> =>
    compile(model(inputs, nodes)).then(
      () => 'compiled',
      ({ code, message, hint }: { code: string; message: string; hint: string }) => `${code}: ${message}; ${hint}`,
    );

  it.each<readonly [string, Node, RegExp]>([
    ['a function it does not know', call('y', 'signal.rfft', 'x'), /^layer-unsupported: .*tf\.signal\.rfft; .*plug-in/],
    ['a name that objects have anyway', call('y', 'constructor', 'x'), /^layer-unsupported: .*tf\.constructor/],
    ['an argument it does not know', call('y', 'math.add', 'x', { y: 1, out: 2 }), /^layer-unsupported: .*"out"/],
    ['an op it does not know', node('y', 'Bessel', ['x']), /^layer-unsupported: .*"Bessel"/],
    ['a definition that is no JSON', { ...node('y', 'Add', ['x']), config: { node_def: '{' } }, /^shape-mismatch: .*not JSON/],
    ['the mean of integers, which TensorFlow rounds', call('y', 'math.reduce_mean', 'i'), /^layer-unsupported: .*rounds/],
    ['an axis that is not there', call('y', 'math.reduce_sum', 'x', { axis: 5 }), /^shape-mismatch: there is no axis 5/],
    ['a key with a tensor', call('y', '__operators__.getitem', 'x', { slice_spec: ['i', 0, 0] }), /^layer-unsupported: .*key/],
    ['integers that wrap around', call('y', 'cast', 'x', { dtype: 'uint8' }), /^layer-unsupported: .*uint8/],
    ['parts that do not divide', call('y', 'split', 'x', { num_or_size_splits: 2, axis: 2 }), /^shape-mismatch/],
    ['a number where axes belong', call('y', 'transpose', 'x', { perm: 'abc' }), /^shape-mismatch/],
  ])('%s', async (_, wrong, expected) => {
    expect(await message({ x, i }, [wrong])).toMatch(expected);
  });
});
