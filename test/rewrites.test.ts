import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from '../src/ir/parse.ts';
import type { Op, Program } from '../src/ir/program.ts';
import { verify } from '../src/ir/verify.ts';
import { tfjsDType } from '../src/ops/elementwise/cast.ts';
import { opRules } from '../src/ops/rules.ts';
import { type Backend, traitsOf } from '../src/rewrite/backends.ts';
import { pipeline, rewrite } from '../src/rewrite/pipeline.ts';
import { useBackend } from './backends.ts';
import { fileTests } from './filetest.ts';
import { interpret } from './interpreter.ts';
import { randomPrograms } from './random-programs.ts';

// On cpu any op runs in the middle of the pipeline; the kernels of wasm take some only in the form that later passes give them.
beforeAll(() => useBackend('cpu'));

/** What is unknown: the batch, and any other size. */
const [BATCH, LENGTH] = [2, 10];

/** What a program takes, by the names of inputs and weights: numbers that differ from each other, of either sign. */
function givenTo({ inputs, weights }: Program): NamedTensorMap {
  const make = ({ name, type: { dtype, shape } }: Program['inputs'][number] | Program['weights'][number]): [string, Tensor] => {
    const sizes = shape.map((dim) => (dim === '?' ? BATCH : typeof dim === 'string' ? LENGTH : dim));
    const count = sizes.reduce((product, size) => product * size, 1);
    const seed = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1009, 7);
    const values = Array.from({ length: count }, (_, i) => 1.5 * Math.sin(seed + 1.7 * i) + 0.4);
    const typed = dtype === 'f32' ? values : values.map((value) => (dtype === 'bool' ? Number(value > 0) : Math.round(value * 3)));
    return [name, tf.tensor(typed, sizes, tfjsDType(dtype) as 'float32')];
  };
  return Object.fromEntries([...inputs, ...weights].map(make));
}

interface Result {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

type Results = readonly (readonly [string, Result])[];

function resultsOf(program: Program, given: NamedTensorMap): Results {
  let results: Results = [];
  tf.tidy(() => {
    const values = interpret(program, given, () => {});
    results = program.outputs.map(({ key, value }) => {
      const tensor = values[value] as Tensor;
      return [key, { dtype: tensor.dtype, shape: tensor.shape, values: [...tensor.dataSync()] }];
    });
  });
  return results;
}

/** The same keys, dtypes and shapes, and values within what reordered float32 arithmetic may differ by. */
function expectSame(found: Results, expected: Results, title = ''): void {
  const types = (results: Results) => results.map(([key, { dtype, shape }]) => ({ key, dtype, shape }));
  expect(types(found), title).toEqual(types(expected));
  for (const [i, [key, { values }]] of expected.entries()) {
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const off = values.reduce((most, value, j) => Math.max(most, Math.abs(value - (found[i]?.[1].values[j] ?? Number.NaN))), 0);
    expect(off / scale, `${title} ${key}`).toBeLessThan(1e-4);
  }
}

/** What is under test here; products become one on tfjs-node alone. */
const PASSES: readonly (readonly [string, Backend])[] = [
  ['layout', 'core'],
  ['layout', 'node'],
  ['algebra', 'core'],
  ['algebra', 'node'],
  ['siblings', 'node'],
  ['fold', 'core'],
  ['fuse', 'core'],
];

const passOf = (name: string) => pipeline.find((pass) => pass.name === name) ?? expect.unreachable(`there is no pass ${name}`);

describe('what a rewrite gives has the values of what it was given', () => {
  test('in random programs', () => {
    const changed = new Map(PASSES.map(([name]) => [name, 0]));
    fc.assert(
      fc.property(randomPrograms, (program) => {
        expect(verify(program, opRules)).toBeNull();
        const given = givenTo(program);
        const expected = resultsOf(program, given);
        for (const [name, backend] of PASSES) {
          const after = passOf(name).run(program, { hoist: 'none', backend });
          if (after === program) continue;
          changed.set(name, (changed.get(name) ?? 0) + 1);
          expect(verify(after, opRules), name).toBeNull();
          expectSame(resultsOf(after, given), expected);
        }
        for (const target of ['core', 'node'] as const) {
          const runs = rewrite(program, { hoist: 'none', backend: target }, { check: true });
          expectSame(resultsOf(runs.at(-1)?.program ?? program, given), expected);
        }
        tf.dispose(given);
      }),
      { numRuns: 150, seed: 4 },
    );
    for (const [name, count] of changed) expect(count, name).toBeGreaterThan(0);
  });

  const files = fileTests().filter(({ pass }) => PASSES.some(([name]) => name === pass));
  test.each(files)('in $path', ({ cases, pass }) => {
    for (const { title, before, hoist, backend } of cases) {
      const program = parse(before);
      const after = passOf(pass).run(program, { hoist, backend });
      if (after === program) continue;
      const given = givenTo(program);
      expectSame(resultsOf(after, given), resultsOf(program, given), title);
      tf.dispose(given);
    }
  });
});

/** A program of one input that a line of ops is made of. */
function lineOf(count: number, opAt: (i: number, from: string, to: string) => Op): Program {
  const ops = Array.from({ length: count }, (_, i) => opAt(i, i === 0 ? '%x' : `%v${i - 1}`, `%v${i}`));
  const inputs = [{ name: '%x', key: 'x', type: { dtype: 'f32' as const, shape: ['?', 2, 3, 4] } }];
  return { name: 'p', model: 'm', inputs, weights: [], ops, outputs: [{ key: 'y', value: `%v${count - 1}` }], cuts: [], features: null };
}

describe('long programs', () => {
  const COUNT = 100_000;
  const result = (name: string, shape: readonly (string | number)[]) => [{ name, type: { dtype: 'f32' as const, shape } }];
  const of = (op: string, from: string, to: string, shape: readonly (string | number)[], attrs: Op['attrs'] = {}): Op => ({
    op,
    operands: [from],
    attrs,
    results: result(to, shape),
    layers: [to.slice(1)],
    stage: 'suffix',
  });

  test('a transpose sinks through a long line, and meets its inverse at the end', () => {
    const program = lineOf(COUNT, (i, from, to) => {
      if (i === 0) return of('transpose', from, to, ['?', 4, 2, 3], { perm: [0, 3, 1, 2] });
      if (i === COUNT - 1) return of('transpose', from, to, ['?', 2, 3, 4], { perm: [0, 2, 3, 1] });
      return of('tanh', from, to, ['?', 4, 2, 3]);
    });
    const { ops } = passOf('layout').run(program, { hoist: 'none' });
    expect(ops.map(({ op }) => op)).toEqual(Array.from({ length: COUNT - 2 }, () => 'tanh'));
  }, 20_000);

  test('a long line of what changes nothing goes', () => {
    const program = lineOf(COUNT, (_, from, to) => of('relu', from, to, ['?', 2, 3, 4]));
    const { ops } = passOf('algebra').run(program, { hoist: 'none' });
    expect(ops.length).toBe(1);
  }, 20_000);

  test('a long line of concatenations becomes a shorter one of large ones, none of too many', () => {
    const program = lineOf(2000, (i, from, to) => ({
      ...of('concat', from, to, ['?', 2, 3, 8 + 4 * i], { axis: 3 }),
      operands: [from, '%x'],
    }));
    const { ops } = passOf('algebra').run(program, { hoist: 'none' });
    expect(ops.length).toBeLessThan(40);
    expect(Math.max(...ops.map(({ operands }) => operands.length))).toBeLessThanOrEqual(64);
  });
});

test('products are merged where the table of backends says that it pays', () => {
  expect(traitsOf('node').kernelInElements).toBeGreaterThan(0);
  expect(traitsOf('core').kernelInElements).toBe(0);
});
