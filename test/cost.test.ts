import { describe, expect, test } from 'vitest';
import { fromJson, toJson } from '../src/ir/json.ts';
import { parse } from '../src/ir/parse.ts';
import { print } from '../src/ir/print.ts';
import type { Op, Program, Weight } from '../src/ir/program.ts';
import type { TensorType } from '../src/ir/types.ts';
import { verify } from '../src/ir/verify.ts';
import { opRules } from '../src/ops/rules.ts';
import { goodCuts } from '../src/report/cuts.ts';
import type { Hoist } from '../src/rewrite/hoist.ts';
import { pipeline, rewrite } from '../src/rewrite/pipeline.ts';

const ROW: TensorType = { dtype: 'f32', shape: ['?', 4] };
const MATRIX: TensorType = { dtype: 'f32', shape: [4, 4] };
const CUBE: TensorType = { dtype: 'f32', shape: ['?', 2, 2] };

const op = (name: string, op: string, operands: readonly string[], type = ROW, attrs: Op['attrs'] = {}): Op => ({
  op,
  operands,
  attrs,
  results: [{ name, type }],
  stage: 'suffix',
  layers: [name.slice(1)],
});

const program = (ops: readonly Op[], weights: readonly Weight[] = [], input: TensorType = ROW): Program => {
  const last = ops.at(-1)?.results[0]?.name ?? '%x';
  const middle = ops[ops.length >> 1]?.results[0]?.name ?? '%x';
  return {
    name: 'p',
    model: 'm',
    inputs: [{ name: '%x', key: 'x', type: input }],
    weights,
    ops,
    outputs: [
      { key: 'end', value: last },
      { key: 'middle', value: middle },
    ],
    cuts: [{ key: 'middle', value: middle }],
    features: null,
  };
};

const before = (i: number): string => (i === 0 ? '%x' : `%a${i - 1}`);
const chain = (n: number, each: (i: number) => Op): Op[] => Array.from({ length: n }, (_, i) => each(i));

/** Programs of n ops, of shapes that a pass might be slow on. */
const families: Readonly<Record<string, (n: number) => Program>> = {
  'a chain': (n) => program(chain(n, (i) => op(`%a${i}`, 'relu', [before(i)]))),
  'a chain of dense layers, frozen up to the middle': (n) =>
    program(
      chain(n, (i) => op(`%a${i}`, 'matMul', [before(i), `@w${i}`])),
      Array.from({ length: n }, (_, i) => ({
        name: `@w${i}`,
        type: MATRIX,
        layer: `a${i}`,
        variable: 'kernel',
        position: 0,
        frozen: 2 * i < n,
      })),
    ),
  'a chain of residual blocks': (n) =>
    program(chain(n, (i) => (i % 2 === 0 ? op(`%a${i}`, 'tanh', [before(i)]) : op(`%a${i}`, 'add', [before(i), before(i - 1)])))),
  'transposes that are all joined': (n) =>
    program(
      chain(n, (i) =>
        op(
          `%a${i}`,
          'transpose',
          [before(i)],
          {
            dtype: 'f32',
            shape:
              [
                ['?', 2, 3],
                [3, '?', 2],
                [2, 3, '?'],
              ][(i + 1) % 3] ?? [],
          },
          { perm: [2, 0, 1] },
        ),
      ),
      [],
      { dtype: 'f32', shape: ['?', 2, 3] },
    ),
  'reshapes that are all joined': (n) =>
    program(
      chain(n, (i) =>
        i % 2 === 0
          ? op(`%a${i}`, 'reshape', [before(i)], CUBE, { shape: ['?', 2, 2] })
          : op(`%a${i}`, 'reshape', [before(i)], ROW, { shape: ['?', 4] }),
      ),
    ),
  'casts that all go': (n) => program(chain(n, (i) => op(`%a${i}`, 'cast', [before(i)], ROW, { dtype: 'f32' }))),
  'branches of one tensor, put together in the end': (n) => {
    const branches = chain(n - 1, (i) => op(`%a${i}`, 'relu', ['%x']));
    const names = branches.map(({ results }) => results[0]?.name ?? '');
    return program([...branches, op('%end', 'concat', names, { dtype: 'f32', shape: ['?', 4 * names.length] }, { axis: 1 })]);
  },
  // Each is another length of path through the network whose minimum cut is looked for.
  'costless chains of many lengths': (n) => {
    const chains = Math.floor(Math.sqrt(2 * n)) - 2;
    const ops = [op('%stem', 'matMul', ['%x', '@stem'], { dtype: 'f32', shape: ['?', chains] })];
    const parts = Array.from({ length: chains }, (_, i) => ({ name: `%p${i}`, type: { dtype: 'f32', shape: ['?', 1] } as const }));
    ops.push({ ...op('%p0', 'split', ['%stem'], ROW, { sizes: parts.map(() => 1), axis: 1 }), results: parts });
    parts.forEach(({ name, type }, i) => {
      for (let k = 0; k < i; k++) ops.push(op(`%c${i}.${k}`, 'reverse', [k === 0 ? name : `%c${i}.${k - 1}`], type, { axes: [1] }));
      ops.push(op(`%d${i}`, 'mul', [i === 0 ? name : `%c${i}.${i - 1}`, '@scale'], type));
    });
    const ends = parts.map((_, i) => `%d${i}`);
    ops.push(op('%end', 'concat', ends, { dtype: 'f32', shape: ['?', chains] }, { axis: 1 }));
    return program(ops, [
      { name: '@stem', type: { dtype: 'f32', shape: [4, chains] }, layer: 'stem', variable: 'kernel', position: 0, frozen: true },
      { name: '@scale', type: { dtype: 'f32', shape: [1] }, layer: 'd', variable: 'scale', position: 0, frozen: false },
    ]);
  },
  'pairs of branches': (n) =>
    program(
      chain(n, (i) => {
        const [stem, kind] = [i < 3 ? '%x' : `%a${i - (i % 3) - 1}`, i % 3];
        return kind === 2 ? op(`%a${i}`, 'add', [`%a${i - 2}`, `%a${i - 1}`]) : op(`%a${i}`, kind === 0 ? 'relu' : 'tanh', [stem]);
      }),
    ),
};
const hoists: readonly Hoist[] = ['none', 'auto', 'shared', 'cuts'];

/** How often the passes look at the operands, attributes and results of the ops they are given. */
function looks(make: (n: number) => Program, n: number, hoist: Hoist): number {
  let count = 0;
  const counted = (op: Op): Op =>
    Object.defineProperties(
      {} as Op,
      Object.fromEntries(
        Object.entries(op).map(([key, value]) => {
          const get = (): unknown => {
            count++;
            return value;
          };
          return [key, { get, enumerable: true }];
        }),
      ),
    );
  let current = make(n);
  for (const pass of pipeline) current = pass.run({ ...current, ops: current.ops.map(counted) }, { hoist });
  return count;
}

describe.each(Object.entries(families))('%s', (_, make) => {
  test.each(hoists)('of twice as many ops takes twice as many looks (hoist %s)', (hoist) => {
    const [once, twice] = [looks(make, 3_000, hoist), looks(make, 6_000, hoist)];
    expect(once).toBeGreaterThan(3_000);
    expect(twice / once).toBeLessThan(2.2);
  });

  test('of 100 000 ops passes through', { timeout: 120_000 }, () => {
    const result = rewrite(make(100_000), { hoist: 'auto' }).at(-1)?.program;
    expect(result?.outputs.length).toBe(2);
  });
});

test('100 000 ops are verified, printed, parsed and looked through for cuts', { timeout: 120_000 }, () => {
  const large = families['a chain of residual blocks']?.(100_000) as Program;
  expect(verify(large, opRules)).toBeNull();
  const text = print(large);
  expect(print(parse(text))).toBe(text);
  expect(fromJson(toJson(large)).ops.length).toBe(100_000);
  expect(goodCuts(large).length).toBeLessThanOrEqual(3);
});
