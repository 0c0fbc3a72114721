import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { DataOptions, LabelForm, Wanted, WantedOutput } from '../src/data/dataset.ts';
import { openData } from '../src/data/open.ts';
import { byCodePoint } from '../src/data/order.ts';
import type { TensorInfo } from '../src/runtime/info.ts';
import { floats, folderOf, ints, npy, npz, refusal, texts } from './data-files.ts';

const input = (name: string, shape: TensorInfo['shape'], dtype = 'float32'): TensorInfo => ({ key: name, name, dtype, shape });
const output = (name: string, shape: TensorInfo['shape'], labels: LabelForm): WantedOutput => ({ key: name, name, shape, labels });
const wants = (inputs: readonly TensorInfo[], ...outputs: readonly WantedOutput[]): Wanted => ({ inputs, outputs });
const vector = wants([input('features', ['?', 2])], output('head', ['?', 3], 'sparse'));

/** The data of a single file, all of it. */
async function all(content: string | Uint8Array, wanted: Wanted, options: DataOptions = {}) {
  const data = await openData(folderOf({ data: content })('data'), wanted, options);
  return { ...(await data.batch(0, data.size)), data };
}
const refused = (content: string | Uint8Array, wanted: Wanted, options: DataOptions = {}) => refusal(all(content, wanted, options));

describe('npz', () => {
  const one = { dtype: 'float32', shape: [3, 2], data: Float32Array.of(0, 1, 2, 3, 4, 5) };
  const labels = { dtype: 'int32', shape: [3], data: Int32Array.of(2, 0, 1) };

  test.each([
    ['the names of inputs and outputs', { features: floats([3, 2]), head: ints(2, 0, 1), y: ints(0, 0, 0) }],
    ['x and y', { x: floats([3, 2]), y: ints(2, 0, 1) }],
    ['X and Y', { X: floats([3, 2]), Y: ints(2, 0, 1) }],
    ['the test set', { x_train: floats([1, 9]), y_train: ints(1), x_test: floats([3, 2]), y_test: ints(2, 0, 1), y_val: ints(1) }],
    ['the validation set', { x_val: floats([3, 2]), y_test: ints(1), y_val: ints(2, 0, 1) }],
    ['images and labels', { images: floats([3, 2]), labels: ints(2, 0, 1) }],
    ['inputs and targets', { inputs: floats([3, 2]), targets: ints(2, 0, 1) }],
  ])('has arrays by %s', async (_, arrays) => {
    for (const isCompressed of [false, true]) {
      const { xs, ys, data } = await all(npz(arrays, isCompressed), vector);
      expect(xs).toEqual({ features: one });
      expect(ys).toEqual({ head: labels });
      expect(data.size).toBe(3);
    }
  });

  test('gives the samples of a range, inputs and labels by themselves too', async () => {
    const { data } = await all(npz({ x: floats([3, 2]), y: ints(2, 0, 1) }), vector);
    expect(await data.batch(1, 3)).toEqual({
      xs: { features: { ...one, shape: [2, 2], data: one.data.slice(2) } },
      ys: { head: { ...labels, shape: [2], data: labels.data.slice(1) } },
    });
    expect(data.labels(2, 3).ys['head']?.data).toEqual(Int32Array.of(1));
    expect((await data.inputs(0, 1))['features']?.data).toEqual(Float32Array.of(0, 1));
    for (const [from, to] of [
      [0, 4],
      [2, 2],
      [-1, 1],
      [0, 1.5],
    ] as const) {
      await expect(data.batch(from, to)).rejects.toThrow(RangeError);
    }
  });

  test.each([
    ['float64', npy([2, 2], Float64Array.of(0.1, -1, 2, 3)), [Math.fround(0.1), -1, 2, 3]],
    ['float16', npy([2, 2], Uint16Array.of(0x3c00, 0xc100, 1, 0x7bff)), [1, -2.5, 2 ** -24, 65504]],
    ['uint8', npy([2, 2], Uint8Array.of(0, 1, 128, 255)), [0, 1, 128, 255]],
    ['int64', npy([2, 2], BigInt64Array.of(0n, -1n, 2n ** 40n, 3n)), [0, -1, 2 ** 40, 3]],
    ['bool', npy([2, 2], Uint8Array.of(0, 1, 1, 0), '|b1'), [0, 1, 1, 0]],
    ['big-endian', npy([2, 2], Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 1, 0, 255, 255, 255, 255), '>i4'), [1, 2, 256, -1]],
    ['columns first', npy([2, 2], Int32Array.of(1, 2, 3, 4), '<i4', true), [1, 3, 2, 4]],
    ['columns first, big-endian', npy([2, 2], Uint8Array.of(0, 1, 0, 2, 0, 3, 0, 4), '>u2', true), [1, 3, 2, 4]],
  ])('converts %s', async (_, x, values) => {
    const { xs, data } = await all(npz({ x, y: ints(0, 1) }), vector);
    expect(xs['features']).toEqual({ dtype: 'float32', shape: [2, 2], data: Float32Array.from(values) });
    expect((await data.inputs(1, 2))['features']?.data).toEqual(Float32Array.from(values.slice(2)));
  });

  test('fits the dtype of inputs', async () => {
    const tokens = wants([input('tokens', ['?', '?n'], 'int32'), input('mask', ['?', 2], 'bool'), input('text', ['?', 1], 'string')]);
    const arrays = {
      tokens: npy([2, 2], Float32Array.of(1, 2, 3, 4)),
      mask: npy([2, 2], Uint8Array.of(0, 1, 1, 0)),
      text: texts('a', 'héé\u{1f600}'),
    };
    expect((await all(npz(arrays), tokens)).xs).toEqual({
      tokens: { dtype: 'int32', shape: [2, 2], data: Int32Array.of(1, 2, 3, 4) },
      mask: { dtype: 'bool', shape: [2, 2], data: Uint8Array.of(0, 1, 1, 0) },
      text: { dtype: 'string', shape: [2, 1], data: ['a', 'héé\u{1f600}'] },
    });
    const wrong = (change: object) => refused(npz({ ...arrays, ...change }), tokens);
    expect(await wrong({ tokens: floats([2, 2], [1, 2, 3.5, 4]) })).toMatch(
      /data-value: the array "tokens".*sample 1: found 3.5, expected an integer/,
    );
    expect(await wrong({ tokens: npy([2, 1], BigInt64Array.of(1n, 2n ** 31n)) })).toMatch('found 2147483648');
    expect(await wrong({ mask: ints(0, 2) })).toMatch('data-shape');
    expect(await wrong({ mask: npy([2, 2], Uint8Array.of(0, 1, 2, 0)) })).toMatch('sample 1: found 2, expected 0 or 1');
    expect(await wrong({ tokens: texts('a', 'b') })).toMatch('holds texts, where numbers are needed');
    expect(await wrong({ text: ints(0, 2) })).toMatch('holds numbers, where texts are needed');
  });

  test.each<readonly [readonly number[], TensorInfo['shape'], readonly number[] | null]>([
    [
      [2, 4, 5],
      ['?', 4, 5, 1],
      [2, 4, 5, 1],
    ],
    [
      [2, 4, 5],
      ['?', 1, 4, 5],
      [2, 1, 4, 5],
    ],
    [
      [2, 4, 5, 1],
      ['?', 4, 5],
      [2, 4, 5],
    ],
    [[2], ['?', 1], [2, 1]],
    [[2, 5], ['?', '?n', 5], null],
    [[2, 4, 5], ['?', 5, 4], null],
    [[2, 20], ['?', 4, 5], null],
    [
      [2, 4, 5],
      ['?', '?h', '?w'],
      [2, 4, 5],
    ],
  ])('an array %j for an input %j', async (shape, wanted, found) => {
    const file = npz({ x: floats(shape) });
    if (found === null) expect(await refused(file, wants([input('i', wanted)]))).toMatch(/^data-shape: the array "x".*the input "i" takes/);
    else expect((await all(file, wants([input('i', wanted)]))).xs['i']?.shape).toEqual(found);
  });

  test('takes sample weights: for all outputs, or for each', async () => {
    const two = wants([input('x', ['?', 1])], output('a', ['?', 1], 'values'), output('b', ['?', 1], 'values'));
    const arrays = { x: floats([2]), a: floats([2]), b: floats([2, 1]) };
    const weight = (...values: number[]) => ({ dtype: 'float32', shape: [2], data: Float32Array.from(values) });
    expect((await all(npz({ ...arrays, sample_weight: floats([2, 1], [1, 0.5]) }), two)).sampleWeight).toEqual(weight(1, 0.5));
    expect((await all(npz({ ...arrays, sample_weight_b: floats([2], [1, 3]) }), two)).sampleWeight).toEqual({ b: weight(1, 3) });
    expect((await all(npz({ ...arrays, w: floats([2], [4, 3]) }), two, { sampleWeights: 'w' })).sampleWeight).toEqual(weight(4, 3));
    expect((await all(npz(arrays), two)).sampleWeight).toBeUndefined();
    expect(await refused(npz({ ...arrays, sample_weight: floats([2], [1, Number.NaN]) }), two)).toMatch(
      'sample 1: found NaN, expected a weight',
    );
  });

  test('refuses what does not fit, and says what there is', async () => {
    expect(await refused(npz({ p: floats([2, 2]), q: ints(0, 1) }), vector)).toMatch(
      'data-missing: the data does not say what the input "features" is; it has "p", "q"',
    );
    expect(await refused(npz({ x: floats([2, 2]) }), vector)).toMatch('the label of the output "head"');
    expect(await refused(npz({ x: floats([2, 2]), y: ints(0, 1, 2) }), vector)).toMatch(
      /^data-samples: .*"x".* has 2 samples, .*"y".* has 3/,
    );
    expect(await refused(npz({ x: floats([0, 2]), y: ints() }), vector)).toMatch('data-empty');
    expect(await refused(npz({ x: floats([2, 2]), y: ints(0, 1) }), vector, { labels: 'z' })).toMatch('data-missing');
    expect(await refused(npz({ x: npy([2, 2], Uint8Array.of(1), '|O') }), vector)).toMatch('holds Python objects');
    expect(await refused(npz({ x: npy([1, 2], new Uint8Array(32), '<c16') }), vector)).toMatch('the NumPy type <c16');
    expect(await refused(npz({ x: npy([1000, 2], Float32Array.of(1)), y: ints(0) }), vector)).toMatch('file-damaged');
    expect(await refused(npz({ x: floats([2, 2]) }).subarray(0, 60), vector)).toMatch('file-damaged');
  });

  test('names may be anything', async () => {
    const wanted = wants([input('__proto__', ['?', 1])], output('constructor', ['?', 1], 'values'));
    const { xs, ys } = await all(npz({ ['__proto__']: floats([2]), constructor: floats([2]), 'a\0b': floats([1]) }), wanted);
    expect(Object.getOwnPropertyDescriptor(xs, '__proto__')?.value.data).toEqual(Float32Array.of(0, 1));
    expect(Object.hasOwn(ys, 'constructor')).toBe(true);
    const classes = wants([input('x', ['?', 1])], output('y', ['?', 3], 'sparse'));
    const named = await all(npz({ x: floats([3]), y: texts('constructor', '__proto__', 'a\0b') }), classes);
    expect(named.data.classes).toEqual(['__proto__', 'a\0b', 'constructor']);
    expect(named.ys['y']?.data).toEqual(Int32Array.of(2, 0, 1));
  });
});

describe('npy', () => {
  test('takes its labels from a file', async () => {
    const path = folderOf({
      'x.npy': floats([2, 2]),
      'y.npy': ints(1, 0),
      'y.txt': 'dog\r\ncat\r\n',
      'y.csv': 'id,label\n7,dog\n8,cat\n',
      'w.txt': '1\n.5',
    });
    const read = async (options: DataOptions) => (await openData(path('x.npy'), vector, options)).labels(0, 2);
    const ys = { head: { dtype: 'int32', shape: [2], data: Int32Array.of(1, 0) } };
    for (const name of ['y.npy', 'y.txt', 'y.csv']) expect(await read({ labels: path(name), classes: 'cat,dog' })).toEqual({ ys });
    expect(await read({ labels: path('y.npy'), sampleWeights: path('w.txt') })).toEqual({
      ys,
      sampleWeight: { dtype: 'float32', shape: [2], data: Float32Array.of(1, 0.5) },
    });
    expect(await refusal(openData(path('x.npy'), vector, {}))).toMatch('data-missing');
    expect(await refusal(openData(path('x.npy'), vector, { labels: path('none') }))).toMatch('data-not-found');
    expect(await refusal(openData(path('x.npy'), wants([input('a', ['?', 2]), input('b', ['?', 2])])))).toMatch('data-missing');
  });
});

describe('csv', () => {
  const sums = (csv: string, wanted = vector, options: DataOptions = {}) => all(csv, wanted, options);

  test.each([
    ['a column of a usual name', 'a,b,Label\n1,2,0\n3,4,2\n', {}],
    ['a column called as the output', 'head,a,b\n0,1,2\n2,3,4\n', {}],
    ['a column that is named, an index without a name', ',z,a,b\n0,0,1,2\n1,2,3,4\n', { labels: 'z' }],
    ['semicolons, a mark and Windows lines', '\ufeffa;b;y\r\n1; 2;0\r\n\r\n3;4e0;2\r\n', {}],
    ['tabs', 'a\tb\ty\n1\t2\t0\n+3\t4.\t2', {}],
    ['quotes', '"a","b ""x"", z",class\n1,2,"0"\n"3",4,2\n', {}],
  ])('has %s', async (_, csv, options) => {
    const { xs, ys } = await sums(csv, vector, options);
    expect(xs['features']).toEqual({ dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
    expect(ys['head']).toEqual({ dtype: 'int32', shape: [2], data: Int32Array.of(0, 2) });
  });

  test('with a quote where none may be is refused, in its first lines or later', async () => {
    for (const csv of ['#!/bin/sh\nexec "$@"\n', `a,b,y\n${'1,2,0\n'.repeat(50_000)}1"2",3,0\n`, '"a,b,y\n1,2,0\n'])
      expect(await refused(csv, vector)).toMatch('data-table: this CSV cannot be read');
  });

  test('has inputs by name, texts and weights', async () => {
    const wanted = wants(
      [input('age', ['?', 1]), input('pair', ['?', 2], 'int32'), input('text', ['?'], 'string')],
      output('price', ['?', 1], 'values'),
      output('both', ['?', 2], 'values'),
    );
    const csv = 'text,pair_1,pair_0,age,price,both[0],both[1],sample_weight\n" a, b",2,16777217,30,1.5,1,2,1\n\u00e9,4,3,31,2.5,3,4,0.5\n';
    const { xs, ys, sampleWeight } = await sums(csv, wanted);
    expect(xs['age']).toEqual({ dtype: 'float32', shape: [2, 1], data: Float32Array.of(30, 31) });
    expect(xs['pair']).toEqual({ dtype: 'int32', shape: [2, 2], data: Int32Array.of(16777217, 2, 3, 4) });
    expect(xs['text']).toEqual({ dtype: 'string', shape: [2], data: [' a, b', '\u00e9'] });
    expect(ys['price']).toEqual({ dtype: 'float32', shape: [2, 1], data: Float32Array.of(1.5, 2.5) });
    expect(ys['both']).toEqual({ dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
    expect(sampleWeight).toEqual({ dtype: 'float32', shape: [2], data: Float32Array.of(1, 0.5) });
  });

  test('fills images and sequences', async () => {
    const csv = 'y,a,b,c,d\n1,1,2,3,4\n';
    expect((await sums(csv, wants([input('x', ['?', 2, 2, 1])], output('y', ['?', 2], 'sparse')))).xs['x']?.shape).toEqual([1, 2, 2, 1]);
    expect((await sums(csv, wants([input('x', ['?', '?t', 2])], output('y', ['?', 2], 'sparse')))).xs['x']?.shape).toEqual([1, 2, 2]);
  });

  test.each([
    ['a,b,y\n1,,0\n', 'data-value: the column "b" of', 'line 2: found nothing, expected a number'],
    ['a,b,y\n1,2,0\n\n1,two,0\n', 'data-value: the column "b" of', 'line 4: found "two"'],
    ['a,b,y\n1,NaN,0\n', 'data-value', 'found "NaN"'],
    ['a,b,y\n1,0x10,0\n', 'data-value', 'found "0x10"'],
    ['a,b,y\n1,1e999,0\n', 'data-value', 'found "1e999"'],
    ['a,b,y\n1,2,0\n1,2,\n', 'data-value: the column "y" of', 'line 3: found nothing, expected a label'],
    ['a,b,y\n1,2,0\n1,2,nan\n', 'data-value', 'line 3: found "nan"'],
    ['a,b,y\n1,2,0\n1,2,cat\n', 'data-value', 'line 3: found "cat", expected a number, as line 2 has'],
    ['a,b,y\n1,2\n', 'data-table', 'line 2'],
    ['a,b,y\n1,2,"0\n', 'data-table', 'Quote'],
    ['a,b\n1,2\n', 'data-missing', 'the label of the output "head"', '"a", "b"'],
    ['a,b,y,label\n1,2,0,0\n', 'data-missing', '"label"'],
    ['a,b,c,y\n1,2,3,0\n', 'data-columns', 'takes 2 columns, where 3 columns are there: "a", "b", "c"'],
    ['a,b,y\n', 'data-empty'],
    ['\n\n', 'data-empty'],
    ['head,a,head\n1,2,0\n', 'data-table', 'two of its columns are called "head"'],
  ])('%j: %s', async (csv, ...says) => {
    const message = await refused(csv, vector);
    for (const part of says) expect(message).toContain(part);
  });

  test('asks for the columns of several inputs', async () => {
    const two = wants([input('a', ['?', 2]), input('b', ['?', 1])]);
    expect(await refused('a.0,a.1\n1,2\n', two)).toMatch('data-missing: the data does not say what the input "b" is');
    expect(await refused('a.0,b\n1,2\n', two)).toMatch('data-columns: the input "a" takes 2 columns, where 1 column is there: "a.0"');
  });
});

describe('labels', () => {
  const of = async (form: LabelForm, shape: TensorInfo['shape'], y: Uint8Array, options: DataOptions = {}) => {
    const { ys } = await all(npz({ x: floats([2, 1]), y }), wants([input('x', ['?', 1])], output('out', shape, form)), options);
    return [ys['out']?.dtype, ys['out']?.shape, [...(ys['out']?.data ?? [])]];
  };

  test.each<readonly [LabelForm, TensorInfo['shape'], Uint8Array, unknown]>([
    ['sparse', ['?', 3], ints(2, 0), ['int32', [2], [2, 0]]],
    ['sparse', ['?', 3], floats([2, 1], [2, 0]), ['int32', [2], [2, 0]]],
    ['sparse', ['?', 3], floats([2, 3], [0, 0, 1, 1, 0, 0]), ['int32', [2], [2, 0]]],
    ['sparse', ['?', 2, 3], npy([2, 2], Uint8Array.of(0, 1, 2, 0)), ['int32', [2, 2], [0, 1, 2, 0]]],
    ['sparse', ['?', '?t', 3], npy([2, 2, 1], Uint8Array.of(0, 1, 2, 0)), ['int32', [2, 2], [0, 1, 2, 0]]],
    ['sparse', ['?', 2], texts('b', 'a'), ['int32', [2], [1, 0]]],
    ['categorical', ['?', 3], ints(2, 0), ['float32', [2, 3], [0, 0, 1, 1, 0, 0]]],
    ['categorical', ['?', 3], floats([2, 3], [0, 0, 1, 0.5, 0.5, 0]), ['float32', [2, 3], [0, 0, 1, 0.5, 0.5, 0]]],
    ['categorical', ['?', 2], texts('b', 'a'), ['float32', [2, 2], [0, 1, 1, 0]]],
    ['binary', ['?', 1], ints(1, 0), ['float32', [2, 1], [1, 0]]],
    ['binary', ['?', 1], npy([2, 1], Uint8Array.of(1, 0), '|b1'), ['float32', [2, 1], [1, 0]]],
    ['binary', ['?', 1], texts('yes', 'no'), ['float32', [2, 1], [1, 0]]],
    ['binary', ['?', 1], floats([2], [-1, 1]), ['float32', [2, 1], [-1, 1]]],
    ['binary', ['?', 3], floats([2, 3], [0, 0, 1, 1, 0, 0]), ['float32', [2, 3], [0, 0, 1, 1, 0, 0]]],
    ['values', ['?', 1], floats([2], [1.5, -7]), ['float32', [2, 1], [1.5, -7]]],
    ['values', ['?'], floats([2, 1], [1.5, -7]), ['float32', [2], [1.5, -7]]],
    ['values', ['?', 2], floats([2, 2]), ['float32', [2, 2], [0, 1, 2, 3]]],
    ['values', ['?', 2], texts('b', 'a'), ['float32', [2, 2], [0, 1, 1, 0]]],
  ])('%s for %j', async (form, shape, y, expected) => expect(await of(form, shape, y)).toEqual(expected));

  test.each<readonly [LabelForm, TensorInfo['shape'], Uint8Array, string]>([
    [
      'sparse',
      ['?', 10],
      ints(3, 12),
      'data-class: the array "y".*sample 1: the label 12 is none of the classes 0 to 9 that the output "out"',
    ],
    ['sparse', ['?', 10], ints(-1, 3), 'sample 0: the label -1 is none'],
    ['sparse', ['?', 10], floats([2], [1.5, 3]), 'the label 1.5 is none'],
    ['sparse', ['?', 3], floats([2], [0, Number.NaN]), 'data-value: .*sample 1: found NaN'],
    ['sparse', ['?', 3], floats([2, 3], [0, 0, 1, 1, 0, 1]), 'sample 1: found \\[1, 0, 1\\]'],
    ['sparse', ['?', 3], floats([2, 2]), 'data-shape: .*\\[2,2\\].*takes \\[\\?\\]'],
    ['sparse', ['?', 1, 3], floats([2, 3, 3]), 'data-shape'],
    ['categorical', ['?', 2], ints(0, 2), 'data-class'],
    ['categorical', ['?', 3], floats([2, 2]), 'data-shape'],
    ['categorical', ['?', 3], floats([2, 3], [0, 0, 1, 0, Number.POSITIVE_INFINITY, 0]), 'sample 1: found Infinity'],
    ['categorical', ['?', '?c'], ints(0, 1), 'data-shape'],
    ['binary', ['?', 1], ints(0, 2), 'data-class: .*the label 2 is none of the classes 0 to 1'],
    ['binary', ['?', 3], ints(0, 2), 'data-shape'],
    ['values', ['?', 1], floats([2], [Number.NaN, 0]), 'data-value: .*sample 0: found NaN'],
    ['values', ['?', 3], floats([2, 2]), 'data-shape'],
    ['sparse', ['?', 3], texts('b', 'a'), 'data-classes-unlisted: the data has 2 of the 3 classes'],
    ['binary', ['?', 1], texts('yes', 'yes'), 'data-classes-unlisted'],
    ['values', ['?', 1], texts('1e400', '1e400'), 'data-value: the array "y".*sample 0: found "1e400", expected a number'],
    ['sparse', ['?', 1], texts('b', 'a'), 'data-classes: the data has 2 classes \\("a", "b"\\), the output "out" tells 1 apart'],
  ])('refuses %s for %j: %#', async (form, shape, y, message) => expect(await refusal(of(form, shape, y))).toMatch(new RegExp(message)));

  test('a class that the loss ignores is a label', async () => {
    const wanted = (ignoredClass: number) => wants([input('x', ['?', 1])], { ...output('y', ['?', 2], 'sparse'), ignoredClass });
    expect((await all(npz({ x: floats([2]), y: ints(255, 1) }), wanted(255))).ys['y']?.data).toEqual(Int32Array.of(255, 1));
    expect(await refused(npz({ x: floats([2]), y: ints(255, 1) }), wanted(-1))).toMatch('the label 255');
  });

  test('--classes gives the order', async () => {
    const csv = 'a,b,y\n1,2,cat\n3,4,dog\n5,6,ant\n';
    expect((await all(csv, vector)).data.classes).toEqual(['ant', 'cat', 'dog']);
    const { ys, data } = await all(csv, vector, { classes: 'dog, cat,ant' });
    expect(ys['head']?.data).toEqual(Int32Array.of(1, 0, 2));
    expect(data.classes).toEqual(['dog', 'cat', 'ant']);
    const file = folderOf({ classes: 'dog\r\ncat\r\nant\r\n' })('classes');
    expect((await all(csv, vector, { classes: file })).ys['head']?.data).toEqual(Int32Array.of(1, 0, 2));
    expect(await refused(csv, vector, { classes: 'dog,cat' })).toMatch('data-class-unlisted');
    expect(await refused(csv, vector, { classes: 'dog,cat,ant,bee' })).toMatch('data-classes: the data has 4 classes');
    for (const classes of ['', 'dog,,cat', 'dog,dog']) expect(await refused(csv, vector, { classes })).toMatch('data-option: --classes');
    // Numbers are indices, but where the classes are called so.
    const numbers = 'a,b,y\n1,2,7\n3,4,5\n';
    expect((await all(numbers, vector, { classes: '5,7' })).ys['head']?.data).toEqual(Int32Array.of(1, 0));
    expect((await all('a,b,y\n1,2,1\n3,4,0\n', vector, { classes: 'x,y' })).ys['head']?.data).toEqual(Int32Array.of(1, 0));
    expect(await refused(numbers, vector, { classes: 'x,y,z' })).toMatch('the label 7');
  });

  test('classes are sorted as Python sorts', () => {
    const names = ['\u{1f600}', '\uffee', 'b', 'a', 'B', '10', '9', '', 'a\0', 'é'];
    expect([...names].sort(byCodePoint)).toEqual(['', '10', '9', 'B', 'a', 'a\0', 'b', 'é', '\uffee', '\u{1f600}']);
  });

  test('--labels takes a column, an array, or a file, for all outputs alike', async () => {
    const two = wants([input('x', ['?', 1])], output('a', ['?', 2], 'sparse'), output('b', ['?', 2], 'categorical'));
    const file = folderOf({ 'l.txt': '1\n0\n' })('l.txt');
    for (const [content, labels] of [
      ['x,mine\n5,1\n6,0\n', 'mine'],
      ['x\n5\n6\n', file],
      [npz({ x: floats([2]), mine: ints(1, 0) }), 'mine'],
      [npz({ x: floats([2]) }), file],
    ] as const) {
      const { ys } = await all(content, two, { labels });
      expect(ys['a']?.data).toEqual(Int32Array.of(1, 0));
      expect(ys['b']?.data).toEqual(Float32Array.of(0, 1, 1, 0));
    }
    expect(await refused('x,mine\n5,1\n', two, { labels: 'none' })).toMatch(
      'data-missing: the data does not say what "none" is; it has "x", "mine"',
    );
    expect(await refused('x\n5\n', two, { labels: file })).toMatch(/data-samples: .* has 1 samples, .*l.txt" has 2/);
  });
});

describe('rescaling', () => {
  const images = wants([input('i', ['?', 1, 2, 3])]);
  const bytes = npz({ x: npy([1, 1, 2, 3], Uint8Array.of(0, 51, 255, 255, 102, 0)) });

  test('is that of keras.layers.Rescaling, in float32', async () => {
    const third = Math.fround(1 / 255);
    const { xs } = await all(bytes, images, { rescale: '1/255' });
    expect(xs['i']?.data).toEqual(Float32Array.of(0, 51, 255, 255, 102, 0).map((x) => x * third));
    expect((await all(bytes, images, { rescale: '1/127.5', offset: '-1' })).xs['i']?.data).toEqual(
      Float32Array.of(0, 51, 255, 255, 102, 0).map((x) => Math.fround(x * Math.fround(1 / 127.5)) - 1),
    );
  });

  test('goes by channel', async () => {
    expect((await all(bytes, images, { rescale: '1,2,3', offset: '0,0,.5' })).xs['i']?.data).toEqual(
      Float32Array.of(0, 102, 765.5, 255, 204, 0.5),
    );
    const first = npz({ x: npy([1, 3, 1, 2], Uint8Array.of(1, 2, 3, 4, 5, 6)) });
    expect((await all(first, wants([input('i', ['?', 3, 1, 2])]), { rescale: '1,2,3' })).xs['i']?.data).toEqual(
      Float32Array.of(1, 2, 6, 8, 15, 18),
    );
  });

  test('leaves inputs alone that are no images', async () => {
    const both = wants([input('i', ['?', 1, 1, 1]), input('m', ['?', 1])]);
    const { xs } = await all(npz({ i: floats([1, 1, 1, 1], [8]), m: floats([1], [8]) }), both, { rescale: '1/4' });
    expect([xs['i']?.data[0], xs['m']?.data[0]]).toEqual([2, 8]);
    expect(await refused(npz({ a: floats([1]), b: floats([1]) }), wants([input('a', ['?']), input('b', ['?'])]), { rescale: '2' })).toMatch(
      'data-option',
    );
  });

  test.each([{ rescale: '1/0' }, { rescale: 'x' }, { offset: '1,2' }, { rescale: '1/2/3' }, { rescale: '' }])(
    'refuses %j',
    async (options) => expect(await refused(bytes, images, options)).toMatch('data-option'),
  );
});

describe('the identity', () => {
  const identity = async (content: string | Uint8Array, wanted: Wanted, options: DataOptions = {}) =>
    (await all(content, wanted, options)).data.identity;
  const x = floats([2, 2]);

  test('is of the inputs and how they are prepared', async () => {
    const base = await identity(npz({ x, y: ints(0, 1) }), vector);
    expect(base).toMatch(/^[0-9a-f]{64}$/);
    expect(await identity(npz({ x, y: ints(1, 0), other: ints(1) }, true), vector)).toBe(base);
    const others = await Promise.all([
      identity(npz({ x: floats([2, 2], [0, 1, 2, 4]), y: ints(0, 1) }), vector),
      identity(npz({ x, y: ints(0, 1) }), vector, { rescale: '2' }),
      identity(npz({ x: npy([2, 2], Float32Array.of(0, 1, 2, 3), '<f4', true), y: ints(0, 1) }), vector),
      identity('a,b,y\n0,1,0\n2,3,1\n', vector),
      identity('a,b,y\n0,1,0\n2,4,1\n', vector),
    ]);
    expect(new Set([base, ...others]).size).toBe(6);
  });
});

describe('paths', () => {
  test('lead to data, or are refused', async () => {
    const path = folderOf({
      empty: '',
      hdf5: '\x89HDF\r\n\x1a\n',
      utf16: Buffer.from('\ufeffa,b', 'utf16le'),
      bytes: Buffer.from([0x80, 0x81, 0xff]),
    });
    expect(await refusal(openData(path('none'), vector))).toMatch('data-not-found: there is no file or folder');
    expect(await refusal(openData(`${path('none')}\0`, vector))).toMatch('data-not-found');
    expect(await refusal(openData(path('empty'), vector))).toMatch('data-empty');
    for (const name of ['utf16', 'bytes']) expect(await refusal(openData(path(name), vector))).toMatch('data-unknown');
    writeFileSync(path('hdf5'), Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'));
    expect(await refusal(openData(path('hdf5'), vector))).toMatch('it is HDF5');
    mkdirSync(path('folder'));
    expect(await refusal(openData(path('folder'), vector))).toMatch('data-image-input');
  });
});
