import type { Attrs, Body, Value } from '../src/ir/program.ts';
import type { Dim, DType, TensorType } from '../src/ir/types.ts';
import type { BodyTypes } from '../src/ir/verify.ts';

/** Operands and attributes of an op; symbols stand for the sizes that `SIZES` gives. */
export interface OpExample {
  readonly operands: readonly TensorType[];
  readonly attrs: Attrs;
  /** Of a loop, its operands having these names; its own values are called after the prefix. */
  readonly body?: (operands: readonly string[], prefix: string) => Body;
}

export const SIZES: ReadonlyMap<string, number> = new Map([
  ['?', 2],
  ['?n', 5],
  ['?q', 10],
]);

const f32 = (...shape: Dim[]): TensorType => ({ dtype: 'f32', shape });
const i32 = (...shape: Dim[]): TensorType => ({ dtype: 'i32', shape });
const bool = (...shape: Dim[]): TensorType => ({ dtype: 'bool', shape });
const str = (...shape: Dim[]): TensorType => ({ dtype: 'str', shape });
const as = (dtypes: readonly DType[], ...shape: Dim[]): TensorType[] => dtypes.map((dtype) => ({ dtype, shape }));
const example = (operands: readonly TensorType[], attrs: Attrs = {}): OpExample => ({ operands, attrs });

const NUMBERS = ['f32', 'i32'] as const;
const ALL = ['f32', 'i32', 'bool'] as const;

const floats = [example([f32('?', 3)]), example([f32()]), example([f32('?', '?n', 1, 2)])];
const numbers = [...floats, example([i32('?', 3)])];
const pairsOf = (dtypes: readonly DType[]) =>
  dtypes.flatMap((dtype) => [
    example([
      { dtype, shape: ['?', 3] },
      { dtype, shape: [3] },
    ]),
    example([
      { dtype, shape: ['?', 1, 3] },
      { dtype, shape: ['?n', 1] },
    ]),
    example([
      { dtype, shape: [] },
      { dtype, shape: ['?', '?n'] },
    ]),
  ]);
const reductions = (dtypes: readonly DType[]) =>
  as(dtypes, '?', 3, 4).flatMap((x) => [
    example([x], { axes: [1] }),
    example([x], { axes: [1, 2], keepDims: true }),
    example([x], { axes: [0, 1, 2] }),
  ]);
const each = (attrs: Attrs, ...shape: Dim[]) => as(ALL, ...shape).map((x) => example([x], attrs));

/** What a body takes and gives. */
export function bodyTypes({ params, ops, yields }: Body, outside: readonly Value[]): BodyTypes {
  const types = new Map([...outside, ...params, ...ops.flatMap(({ results }) => results)].map(({ name, type }) => [name, type]));
  return { params: params.map(({ type }) => type), yields: yields.map((name) => types.get(name) as TensorType) };
}

/** A step that adds a slice to what is carried and takes the sum times what the loop only reads; it collects the sum. */
const sumAndProduct: OpExample['body'] = ([, , factor = ''], prefix) => {
  const value = (name: string): Value => ({ name: `%${prefix}${name}`, type: f32('?', 3) });
  const [slice, carried, sum, product] = [value('slice'), value('carried'), value('sum'), value('product')];
  return {
    params: [slice, carried],
    ops: [
      { op: 'add', operands: [slice.name, carried.name], attrs: {}, results: [sum], layers: ['l'] },
      { op: 'mul', operands: [sum.name, factor], attrs: {}, results: [product], layers: ['l'] },
    ],
    yields: [product.name, sum.name],
  };
};
const scanned = (steps: Dim, attrs: Attrs = {}): OpExample => ({
  operands: [f32('?', steps, 3), f32('?', 3), f32(3)],
  attrs: { sequences: 1, carried: 1, ...attrs },
  body: sumAndProduct,
});

/** Every op in every form that makes a difference to its row. */
export const opExamples: Readonly<Record<string, readonly OpExample[]>> = {
  constant: [
    example([], { values: [1.5], shape: [], dtype: 'f32' }),
    example([], { values: [1, 2, 3, 4], shape: [2, 2], dtype: 'i32' }),
    example([], { values: [1, 0], shape: [2], dtype: 'bool' }),
    example([], { values: [1], shape: [], dtype: 'bool' }),
    example([], { values: [], shape: [0, 3], dtype: 'f32' }),
  ],
  ...Object.fromEntries(
    'acos acosh asin asinh atan atanh ceil cos cosh elu erf exp expm1 floor log log1p reciprocal round rsqrt selu sigmoid sin sinh softplus sqrt tan tanh isFinite isInf isNaN softmax'
      .split(' ')
      .map((name) => [name, name === 'softmax' ? floats.filter(({ operands: [x] }) => x?.shape.length !== 0) : floats]),
  ),
  ...Object.fromEntries('abs neg relu relu6 sign square'.split(' ').map((name) => [name, numbers])),
  leakyRelu: [example([f32('?', 3)], { alpha: 0.3 })],
  clipByValue: [example([f32('?', 3)], { min: -1, max: 0.5 })],
  logicalNot: [example([bool('?', 3)])],
  ...Object.fromEntries(
    'add sub mul maximum minimum pow squaredDifference greater greaterEqual less lessEqual'
      .split(' ')
      .map((name) => [name, pairsOf(NUMBERS)]),
  ),
  ...Object.fromEntries('equal notEqual'.split(' ').map((name) => [name, pairsOf(ALL)])),
  ...Object.fromEntries('logicalAnd logicalOr'.split(' ').map((name) => [name, pairsOf(['bool'])])),
  div: pairsOf(['f32']),
  atan2: pairsOf(['f32']),
  floorDiv: pairsOf(['i32']),
  mod: pairsOf(NUMBERS),
  prelu: [example([f32('?', 3), f32(3)]), example([f32('?', '?n', 3), f32(1, 3)])],
  cast: as(ALL, '?', 3).flatMap((x) => ALL.map((dtype) => example([x], { dtype }))),
  where: [
    example([bool('?', 3), f32('?', 3), f32('?', 3)]),
    example([bool('?', 1), i32('?', 3), i32(3)]),
    example([bool(), f32('?', 3), f32()]),
    example([bool('?', '?n', 1), f32('?', '?n', 4), f32()]),
  ],
  all: reductions(['bool']),
  any: reductions(['bool']),
  max: reductions(NUMBERS),
  min: reductions(NUMBERS),
  sum: reductions(NUMBERS),
  prod: reductions(NUMBERS),
  mean: reductions(['f32']),
  ...Object.fromEntries(
    ['argMax', 'argMin'].map((name) => [name, as(NUMBERS, '?', 3, 4).flatMap((x) => [0, 1, 2].map((axis) => example([x], { axis })))]),
  ),
  ...Object.fromEntries(
    ['cumsum', 'cumprod'].map((name) => [
      name,
      as(NUMBERS, '?', 3, 4).flatMap((x) => [
        example([x], { axis: 1 }),
        example([x], { axis: 2, exclusive: true }),
        example([x], { axis: 0, reverse: true }),
      ]),
    ]),
  ),
  topK: as(NUMBERS, '?', '?n').flatMap((x) => [example([x], { k: 2 }), example([x], { k: 5 })]),
  shapeOf: [example([f32('?', '?n', 3)]), example([f32()])],
  matMul: [
    example([f32('?', 3), f32(3, 4)]),
    example([f32('?', '?n', 3), f32(3, 4)]),
    example([f32('?', 3, '?n'), f32('?', 3, 4)], { transposeA: true }),
    example([f32(1, '?n', 3), f32('?', 4, 3)], { transposeB: true }),
    example([f32(1, '?', 3), f32(1, 3, 4), f32(4)], { activation: 'relu' }),
    example([f32(1, '?', 3), f32(1, 3, 4), f32(4), f32(4)], { activation: 'prelu' }),
  ],
  conv2d: [
    example([f32('?', 6, 7, 2), f32(3, 3, 2, 4)], { strides: [2, 2], pad: 'same', dilations: [1, 1] }),
    example([f32('?', 6, 7, 2), f32(3, 2, 2, 4)], { strides: [1, 2], pad: 'valid', dilations: [1, 1] }),
    example([f32('?', 6, 7, 2), f32(2, 2, 2, 4)], { strides: [1, 1], pad: 'valid', dilations: [3, 2] }),
    example([f32('?', '?n', 7, 2), f32(3, 3, 2, 4)], { strides: [1, 1], pad: 'same', dilations: [1, 1] }),
    example([f32('?', '?n', 7, 2), f32(3, 3, 2, 4)], { strides: [2, 2], pad: 'valid', dilations: [1, 1] }),
    example([f32('?', 6, 7, 2), f32(3, 3, 2, 4)], {
      strides: [2, 1],
      pad: [
        [1, 0],
        [0, 2],
      ],
    }),
    example([f32('?', '?n', 7, 2), f32(1, 1, 2, 4)], {
      strides: [1, 1],
      pad: [
        [0, 0],
        [1, 1],
      ],
    }),
    example([f32('?', 6, 7, 2), f32(3, 3, 2, 4), f32(4)], { strides: [1, 1], pad: 'same', activation: 'sigmoid' }),
    example([f32('?', 6, 7, 2), f32(3, 3, 2, 4), f32(4), f32(4)], { strides: [1, 1], pad: 'valid', activation: 'prelu' }),
  ],
  conv3d: [
    example([f32('?', 4, 5, 6, 2), f32(2, 2, 2, 2, 3)], { strides: [1, 2, 2], pad: 'same', dilations: [1, 1, 1] }),
    example([f32('?', 4, 5, 6, 2), f32(2, 2, 2, 2, 3)], { strides: [2, 2, 2], pad: 'valid', dilations: [1, 1, 1] }),
  ],
  depthwiseConv2d: [
    example([f32('?', 6, 7, 2), f32(3, 3, 2, 2)], { strides: [2, 2], pad: 'same', dilations: [1, 1] }),
    example([f32('?', 6, 7, 2), f32(2, 2, 2, 1)], { strides: [1, 1], pad: 'valid', dilations: [2, 2] }),
    example([f32('?', 6, 7, 2), f32(3, 3, 2, 2), f32(4)], {
      strides: [1, 1],
      pad: [
        [1, 2],
        [0, 1],
      ],
      activation: 'relu6',
    }),
  ],
  avgPool: [
    example([f32('?', 6, 7, 2)], { window: [2, 3], strides: [2, 2], pad: 'same' }),
    example([f32('?', 6, 7, 2)], { window: [2, 3], strides: [1, 2], pad: 'valid' }),
    example([f32('?', '?n', 7, 2)], { window: [2, 2], strides: [2, 2], pad: 'valid' }),
  ],
  maxPool: [
    example([f32('?', 6, 7, 2)], { window: [2, 3], strides: [2, 2], pad: 'same' }),
    example([f32('?', 6, 7, 2)], { window: [2, 3], strides: [1, 2], pad: 'valid' }),
  ],
  resizeBilinear: [
    example([f32('?', 3, 4, 2)], { size: [6, 2], factor: [1, 1], halfPixelCenters: true }),
    example([f32('?', '?n', 4, 2)], { size: [null, 8], factor: [3, 2], halfPixelCenters: false }),
  ],
  resizeNearestNeighbor: [
    example([f32('?', 3, 4, 2)], { size: [6, 2], factor: [1, 1], halfPixelCenters: true }),
    example([f32('?', '?n', 4, 2)], { size: [null, 8], factor: [3, 2], halfPixelCenters: false }),
  ],
  concat: [
    ...ALL.map((dtype) => example(as([dtype, dtype, dtype], '?', 3), { axis: 1 })),
    example([f32('?', 3), f32('?', 4)], { axis: 1 }),
    example([f32('?', 3), f32('?n', 3)], { axis: 0 }),
    example([f32('?', 3)], { axis: 0 }),
  ],
  gather: [
    example([f32(4, 3), i32('?')], { axis: 0 }),
    example([f32(4, 3), i32('?', '?n')], { axis: 0 }),
    example([i32('?', 4, 3), i32(5)], { axis: 1 }),
    example([f32('?', 4), i32()], { axis: 1 }),
  ],
  pad: [
    ...each(
      {
        paddings: [
          [0, 0],
          [1, 2],
        ],
        value: 0,
      },
      '?',
      3,
    ),
    example([f32('?', '?n')], {
      paddings: [
        [0, 0],
        [1, 0],
      ],
      value: -1.5,
    }),
  ],
  reshape: [
    ...each({ shape: ['?', 3, 2] }, '?', 6),
    example([f32('?', 6)], { shape: [null, 3] }),
    example([f32('?', '?n', 6)], { shape: ['?', '?n', 2, 3] }),
    example([f32('?', '?n', 6)], { shape: [null, 2] }),
    example([f32('?', '?', 6)], { shape: ['?', null] }),
    example([f32('?*3', 4)], { shape: ['?', 12] }),
    example([f32(1, 1)], { shape: [] }),
  ],
  reverse: each({ axes: [1] }, '?', 3),
  slice: [...each({ begin: [0, 1], size: [null, 2] }, '?', 4), example([f32('?', '?n')], { begin: [1, 2], size: [null, null] })],
  split: [
    ...each({ sizes: [1, 3], axis: 1 }, '?', 4),
    example([f32('?', 6)], { sizes: [2, 2, 2], axis: 1 }),
    example([f32('?', 2, 2, 6)], { sizes: [2, 2, 2], axis: 3 }),
  ],
  stridedSlice: [
    example([f32('?', 5)], { begin: [0, 1], end: [null, 4], strides: [1, 2] }),
    example([f32('?', 5)], { begin: [0, 0], end: [null, -1], strides: [1, 2] }),
    example([f32('?', '?n')], { begin: [0, 1], end: [null, null], strides: [1, 2] }),
    example([f32('?', 7)], { begin: [0, 0], end: [null, 100], strides: [1, 3] }),
  ],
  tile: [...each({ reps: [1, 2] }, '?', 3), example([f32('?', 3)], { reps: [3, 1] })],
  transpose: each({ perm: [0, 2, 1] }, '?', '?n', 3),
  unfold: [
    example([f32('?q', 3), f32('?', '?n', 2)], { axes: 2 }),
    example([i32('?q'), bool('?', '?n')], { axes: 2 }),
    example([f32(6, '?n'), f32('?', 3)], { axes: 2 }),
  ],
  oneHot: [example([i32('?', 3)], { depth: 2 }), example([i32()], { depth: 3 })],
  strings: [example([], { values: ['a', 'it\'s \\ "b"', ''] })],
  lookup: [
    example([str('?', 3), str(2)], { first: 2, missing: 1 }),
    example([str('?'), str(4)], { first: 1, missing: -2, mask: 'word 1', masked: 0 }),
    example([i32('?', '?n'), i32(3)], { first: 3, missing: 0, buckets: 3 }),
    example([i32(2), i32(2)], { first: 0, missing: null, mask: 1, masked: -1 }),
  ],
  wordsAt: [example([i32('?', 3), str(2)], { missing: '[UNK]' })],
  countAlong: [
    example([i32('?', 3)], { axis: 1, depth: 2 }),
    example([i32('?', 3, '?n')], { axis: 1, depth: 3, binary: true }),
    example([i32(4)], { axis: 0, depth: 3 }),
  ],
  standardize: [example([str('?', 1)], { lower: true, strip: true }), example([str()], { strip: true })],
  splitTexts: [
    example([str('?')], { by: 'whitespace' }),
    example([str('?', 1)], { by: 'character', length: 4 }),
    example([str('?')], { by: 'whitespace', widths: [1, 2], length: 5 }),
  ],
  nGrams: [example([str('?', 3)], { widths: [2, 1] }), example([str('?', '?n')], { widths: [2] })],
  hash: [
    example([str('?', 3)], { bins: 7 }),
    example([i32('?')], { bins: 1000, salt: [1, 2] }),
    example([f32('?')], { bins: 5, mask: 0.5 }),
  ],
  crossHash: [example([str('?', 1), i32('?', 1)], { bins: 10 }), example([i32('?'), i32('?'), i32('?')], { bins: 3 })],
  waves: [example([], { part: 'cos', rows: 3, columns: 2, period: 4 }), example([], { part: 'sin', rows: 2, columns: 3, period: 5 })],
  melBands: [example([], { bins: 9, bands: 3, rate: 800, low: 20, high: 400 })],
  fill: [
    example([f32('?', 3)], { shape: ['?', 4], value: 0, dtype: 'f32' }),
    example([f32('?', '?n', 3)], { shape: ['?n', 2], value: 1, dtype: 'bool' }),
    example([i32('?', 3)], { shape: [2, 0], value: 3, dtype: 'i32' }),
  ],
  scan: [
    scanned(4),
    scanned('?n'),
    scanned('?n', { reverse: true }),
    {
      operands: [f32('?', '?n', 3), bool('?', '?n', 1)],
      attrs: { sequences: 2, carried: 0 },
      body: (_, prefix) => ({
        params: [
          { name: `%${prefix}slice`, type: f32('?', 3) },
          { name: `%${prefix}mask`, type: bool('?', 1) },
        ],
        ops: [],
        yields: [`%${prefix}mask`, `%${prefix}slice`],
      }),
    },
  ],
};
