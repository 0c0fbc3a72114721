import { describe, expect, test } from 'vitest';
import { type Available, resolveVariables, type Variable } from '../src/runtime/resolve.ts';

const variable = (name: string, position = 0, shape: readonly number[] = [2, 3]): Variable => [name, position, shape, 'float32'];
const stored = (...names: string[]): Available[] => names.map((name) => ({ name, shape: [2, 3] }));
const resolved = (wanted: readonly Variable[], available: readonly Available[]): (string | undefined)[] =>
  resolveVariables(wanted, available).map((i) => available[i]?.name);
const one = (name: string, ...names: string[]): string | undefined => resolved([variable(name)], stored(...names))[0];

describe('by name', () => {
  test.each([
    ['conv/kernel', 'conv/kernel'],
    ['conv/kernel', 'conv/kernel:0'],
    ['dense_Dense1/kernel', 'dense_Dense1/kernel'],
    ['19/kernel', '19/kernel'],
    ['backbone/conv/kernel', 'conv/kernel'],
    ['outer/inner/block/conv/kernel', 'block/conv/kernel:0'],
    ['conv/kernel', 'sequential/conv/kernel'],
    ['lstm/kernel', 'lstm/lstm_cell/kernel'],
    ['lstm/kernel', 'sequential_3/lstm/lstm_cell_7/kernel:0'],
    ['bidirectional/forward_lstm/kernel', 'bidirectional/forward_lstm/lstm_cell_1/kernel'],
    ['model_1/conv/kernel', 'model/conv/kernel'],
    ['dw/kernel', 'dw/depthwise_kernel'],
    ['dw/depthwise_kernel', 'mobilenet/dw/kernel:0'],
    ['conv1_conv/kernel', 'conv1_conv/kernel_1:0'],
    ['conv1_conv/kernel', 'resnet50/conv1_conv/kernel_12'],
    ['__proto__/kernel', '__proto__/kernel'],
    ['constructor/toString', 'model/constructor/toString'],
  ])('%s is %s', (name, found) => {
    expect(one(name, 'other/kernel', found, 'conv_1x/kernel', 'hasOwnProperty/__proto__', 'lstm_cell/bias')).toBe(found);
  });

  test('the own name goes before an alias, and that before a number', () => {
    const names = ['dw/kernel_1', 'dw/depthwise_kernel', 'dw/kernel'];
    expect(one('dw/kernel', ...names)).toBe('dw/kernel');
    expect(one('m/dw/kernel', ...names)).toBe('dw/kernel');
    expect(one('dw/kernel', ...names.slice(0, 1))).toBe('dw/kernel_1');
  });

  test('more of the models around the layer decide, then fewer other scopes', () => {
    expect(one('encoder/conv/kernel', 'all/decoder/conv/kernel', 'all/encoder/conv/kernel', 'all/conv/kernel')).toBe(
      'all/encoder/conv/kernel',
    );
    expect(one('encoder/conv/kernel', 'conv/kernel', 'all/encoder/conv/kernel')).toBe('all/encoder/conv/kernel');
    expect(one('conv/kernel', 'all/decoder/conv/kernel', 'all/conv/kernel')).toBe('all/conv/kernel');
  });

  test('the shape decides where names do not', () => {
    const available = [{ name: 'a/conv/kernel', shape: [3, 2] }, ...stored('b/conv/kernel')];
    expect(resolved([variable('conv/kernel')], available)).toEqual(['b/conv/kernel']);
    const twice = [{ name: 'd/kernel', shape: [9] }, ...stored('d/kernel')];
    expect(resolveVariables([variable('sequential/d/kernel', 0, [9]), variable('d/kernel')], twice)).toEqual([0, 1]);
  });

  test('what is another variable by its full name is no candidate', () => {
    const wanted = [variable('a/conv/kernel'), variable('conv/kernel')];
    expect(resolved(wanted, stored('conv/kernel', 'model/a/conv/kernel'))).toEqual(['model/a/conv/kernel', 'conv/kernel']);
    expect(resolved(wanted, stored('x/a/conv/kernel', 'x/conv/kernel'))).toEqual(['x/a/conv/kernel', 'x/conv/kernel']);
    expect(resolved([variable('a/conv/kernel'), variable('b/conv/kernel')], stored('b/conv/kernel', 'x/conv/kernel'))).toEqual([
      'x/conv/kernel',
      'b/conv/kernel',
    ]);
  });

  test('the same variable twice is the same weight twice', () => {
    expect(resolveVariables([variable('conv/kernel'), variable('conv/kernel')], stored('m/conv/kernel'))).toEqual([0, 0]);
  });
});

describe('by position', () => {
  test('numbers are positions, whatever the order in the file', () => {
    const names = ['0', '1', '10', '2', '3', '4', '5', '6', '7', '8', '9'].map((n) => `norm/${n}`);
    expect(resolved([variable('model/norm/gamma', 2), variable('model/norm/beta', 10)], stored(...names))).toEqual(['norm/2', 'norm/10']);
    expect(
      resolved([variable('dense/kernel', 0), variable('dense/bias', 1)], stored('layers/dense/vars/0', 'layers/dense/vars/1')),
    ).toEqual(['layers/dense/vars/0', 'layers/dense/vars/1']);
  });

  test('other names count in file order', () => {
    expect(resolved([variable('dense/kernel', 0), variable('dense/bias', 1)], stored('x/w', 'net/dense/w', 'net/dense/b'))).toEqual([
      'net/dense/w',
      'net/dense/b',
    ]);
  });

  test.each([
    ['another shape', variable('dense/bias', 1, [3]), ['dense/0', 'dense/1'], /"dense\/1" has shape \[2,3\], expected \[3\]/],
    ['too few', variable('dense/bias', 2), ['dense/0', 'dense/1'], /missing; near it: "dense\/0", "dense\/1"/],
    ['several layers', variable('mha/kernel', 0), ['mha/key/0', 'mha/query/0'], /missing/],
    ['a counter of classes', variable('dense_1/kernel', 0), ['layers/dense/vars/0', 'layers/dense_1/vars/0'], /missing/],
    [
      'a counter of models',
      variable('functional_1/dense/kernel', 0),
      ['functional', 'functional_1'].map((m) => `layers/${m}/layers/dense/vars/0`),
      /missing/,
    ],
  ])('refused: %s', (_, wanted, names, message) => {
    expect(() => resolveVariables([wanted], stored(...names))).toThrow(message);
  });

  test('never where the file names weights as variables are named', () => {
    const wanted = [variable('conv/kernel'), variable('dense/bias', 1)];
    expect(() => resolveVariables(wanted, stored('conv/bias', 'dense/bias'))).toThrow(
      'weight "conv/kernel" is missing; near it: "conv/bias"',
    );
  });

  test('never takes what is another variable by its name', () => {
    const wanted = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((name, i) => variable(`bn/${name}`, i));
    expect(() => resolveVariables(wanted, stored('bn/beta', 'bn/moving_mean', 'bn/moving_variance'))).toThrow(
      'weight "bn/gamma" is missing',
    );
  });
});

describe('errors name the weight', () => {
  test.each([
    [
      'missing',
      'conv/kernel',
      ['dense/kernel', 'conv/bias', 'conv/x/kernels'],
      'weight "conv/kernel" is missing; near it: "conv/bias", "conv/x/kernels"',
    ],
    ['nothing near', 'conv/kernel', ['dense/kernel'], 'weight "conv/kernel" is missing; there are 1: "dense/kernel"'],
    ['nothing at all', 'conv/kernel', [], 'weight "conv/kernel" is missing; there are 0: '],
    ['part of a segment', 'conv/kernel', ['conv2/kernel', 'my_conv/kernel'], 'weight "conv/kernel" is missing; there are 2'],
    ['tie', 'conv/kernel', ['a/conv/kernel', 'b/conv/kernel'], 'weight "conv/kernel" could be any of "a/conv/kernel", "b/conv/kernel"'],
    [
      'numbered tie',
      'conv/kernel',
      ['conv/kernel_1', 'conv/kernel_2'],
      'weight "conv/kernel" could be any of "conv/kernel_1", "conv/kernel_2"',
    ],
    ['the name twice', 'conv/kernel', ['conv/kernel', 'conv/kernel:0'], 'weight "conv/kernel" could be any of'],
  ])('%s', (_, name, names, message) => {
    expect(() => one(name, ...names)).toThrow(message);
  });

  test('wrong shape, even where a looser match would fit', () => {
    const available = [{ name: 'lstm/kernel', shape: [3, 2] }, ...stored('lstm/lstm_cell/kernel')];
    expect(() => resolveVariables([variable('lstm/kernel')], available)).toThrow(
      'weight "lstm/kernel": "lstm/kernel" has shape [3,2], expected [2,3]',
    );
    expect(() => resolveVariables([variable('net/lstm/kernel')], available)).toThrow('"lstm/kernel" has shape [3,2], expected [2,3]');
    expect(() => resolveVariables([variable('a/b', 0, [2, 3, 1])], stored('a/b'))).toThrow('has shape [2,3], expected [2,3,1]');
    expect(() => resolveVariables([variable('a/b', 0, [])], stored('m/a/b'))).toThrow('has shape [2,3], expected []');
  });

  test('one weight for two variables', () => {
    expect(() => resolveVariables([variable('a/conv/kernel'), variable('b/conv/kernel')], stored('conv/kernel'))).toThrow(
      'weight "b/conv/kernel": "conv/kernel" would be both this and "a/conv/kernel"',
    );
  });
});

test('time grows with the number of weights, not with its square', () => {
  const layers = Array.from({ length: 40_000 }, (_, i) => `block_${i}/dense`);
  const wanted = layers.map((layer) => variable(`${layer}/kernel`));
  const available = stored(...layers.map((layer) => `model/${layer}/kernel:0`).reverse());
  // Looking at every weight of every layer called `dense` for each would be 1.6 billion comparisons.
  expect(resolveVariables(wanted, available)).toEqual(layers.map((_, i) => layers.length - 1 - i));
}, 10_000);
