import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyse } from '../src/analyse.ts';
import { compile } from '../src/compile.ts';
import type { Op, Program } from '../src/ir/program.ts';
import { verify } from '../src/ir/verify.ts';
import { tfjsDType } from '../src/ops/elementwise/cast.ts';
import { opRules } from '../src/ops/rules.ts';
import { peakBytes } from '../src/rewrite/liveness.ts';
import { schedule } from '../src/rewrite/passes/schedule.ts';
import { useBackend } from './backends.ts';
import { modelCase } from './golden.ts';
import { exhaustivePeak, Rows } from './order-programs.ts';
import { randomModels } from './random-models.ts';

const MODELS = [
  'feature_extractor_classifier',
  'two_branch_merge',
  'inception_aux',
  'nested_two_output_backbone',
  'raw_conv_tap',
  'unet_small',
  'text_bilstm',
  'transformer_small',
  'ops_in_graph',
  'frozen_transfer',
  'mobilenet_v2',
  'resnet50',
  'efficientnet_b0',
];

/** The program in its new order, after checking that it is valid, has the same ops in the same stages, and holds no more at once. */
function scheduled(program: Program): Program {
  const after = schedule.run(program, { hoist: 'none' });
  expect(verify(after, opRules)).toBeNull();
  const byName = (ops: readonly Op[]) => ops.toSorted((a, b) => ((a.results[0]?.name ?? '') < (b.results[0]?.name ?? '') ? -1 : 1));
  expect(byName(after.ops)).toEqual(byName(program.ops));
  expect({ ...after, ops: [] }).toEqual({ ...program, ops: [] });
  const [peak, before] = [peakBytes(after), peakBytes(program)];
  for (const stage of ['load', 'prefix', 'suffix', 'predict'] as const) expect(peak[stage], stage).toBeLessThanOrEqual(before[stage]);
  if (after !== program) expect(peak).not.toEqual(before);
  // What is in order stays so.
  expect(schedule.run(after, { hoist: 'none' })).toBe(after);
  return after;
}

describe('the order of ops holds no more bytes at once than the order before', () => {
  it.each(MODELS)('in %s', async (name) => {
    const { keras3, queries } = modelCase(name);
    for (const { query } of queries) {
      const { program } = await analyse(structuredClone(keras3), { ...query, skipPasses: ['schedule'] });
      scheduled(program);
    }
  });

  it('in random models', async () => {
    const property = fc.asyncProperty(randomModels, async ({ model }) => {
      const { program } = await analyse(structuredClone(model), { skipPasses: ['schedule'] });
      scheduled(program);
    });
    await fc.assert(property, { numRuns: 100, seed: 4 });
  });
});

const node = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat(4), fc.option(fc.nat(4)));
/** Programs whose ops read one or two of the last results; all that nothing reads is an output. */
const randomRows = fc.tuple(fc.array(node, { minLength: 2, maxLength: 11 }), fc.integer({ min: 0, max: 2 })).map(([nodes, taps]) => {
  const rows = new Rows(4);
  const names = ['x'];
  for (const [i, [width, first, second]] of nodes.entries()) {
    const pick = (back: number): string => names[Math.max(0, names.length - 1 - back)] as string;
    names.push(second === null ? rows.dense(`n${i}`, pick(first), width) : rows.concat(`n${i}`, [pick(first), pick(second)]));
  }
  return rows.program([...new Set([...rows.unread(), ...names.slice(1, 1 + taps)])]);
});

describe('the least peak that any order has is reached', () => {
  it('in small random programs, but for a thousandth', () => {
    const property = fc.property(randomRows, (program) => {
      const least = exhaustivePeak(program);
      const after = scheduled(program);
      expect(peakBytes(after).suffix).toBeLessThanOrEqual(least * 1.001);
      if (peakBytes(program).suffix === least) expect(after).toBe(program);
    });
    fc.assert(property, { numRuns: 300, seed: 4 });
  });

  it('in a wide fork, by one branch after the other', () => {
    const rows = new Rows(4);
    const branches = Array.from({ length: 40 }, (_, i) => i);
    const stem = rows.dense('stem', 'x', 10);
    const wide = branches.map((i) => rows.dense(`wide${i}`, stem, 100));
    const narrow = branches.map((i) => rows.dense(`narrow${i}`, wide[i] as string, 1));
    const program = rows.program([rows.concat('all', narrow)]);
    // Before: the stem and all that is wide at once. The last branch has the stem, what the others left, and its own.
    expect(peakBytes(program).suffix).toBe(4 * (4 + 10 + 40 * 100));
    expect(peakBytes(scheduled(program)).suffix).toBe(4 * (4 + 10 + 39 + 100));
  });

  it('in a block of Inception', () => {
    const rows = new Rows(4);
    const stem = rows.dense('stem', 'x', 16);
    const reduced = [rows.dense('b', stem, 24), rows.dense('c', stem, 32), rows.dense('d', stem, 40)];
    const branches = [rows.dense('a', stem, 4), ...reduced.map((name) => rows.dense(`${name}2`, name, 4))];
    const program = rows.program([rows.concat('mixed', branches)]);
    const least = exhaustivePeak(program);
    expect(least).toBeLessThan(peakBytes(program).suffix);
    expect(peakBytes(scheduled(program)).suffix).toBe(least);
  });

  it('in a U-Net whose skips are reduced: as soon as they can be, for the wide one is needed no longer', () => {
    const rows = new Rows(4);
    const wide = rows.dense('wide', 'x', 64);
    const middle = rows.dense('middle', wide, 32);
    const bottom = rows.dense('bottom', middle, 48);
    const up = rows.concat('up', [bottom, rows.dense('skip1', middle, 8)]);
    const program = rows.program([rows.concat('out', [up, rows.dense('skip0', wide, 8)])]);
    const after = scheduled(program);
    expect(peakBytes(after).suffix).toBe(exhaustivePeak(program));
    expect(peakBytes(after).suffix).toBeLessThan(peakBytes(program).suffix);
    const order = after.ops.map(({ results }) => results[0]?.name);
    expect(order.indexOf('%skip0')).toBeLessThan(order.indexOf('%bottom'));
  });

  it('in residual blocks, which stay as they are', () => {
    const rows = new Rows(16);
    let name = 'x';
    for (let block = 0; block < 20; block++) name = rows.add(`sum${block}`, name, rows.dense(`f${block}`, name, 16));
    const program = rows.program([name]);
    expect(scheduled(program)).toBe(program);
  });

  it('in many blocks one after the other, each by itself', () => {
    const rows = new Rows(4);
    let name = 'x';
    for (let block = 0; block < 100; block++) {
      const wide = [0, 1, 2].map((i) => rows.dense(`wide${block}.${i}`, name, 50));
      name = rows.concat(
        `block${block}`,
        wide.map((branch) => rows.dense(`${branch}.narrow`, branch, 4)),
      );
    }
    const program = rows.program([name]);
    // The third branch: the input, the block before, two narrow results, and the wide one.
    expect(peakBytes(scheduled(program)).suffix).toBe(4 * (4 + 12 + 2 * 4 + 50));
  });
});

/** Kernels whose result has the data of their operand; a cast to the same dtype, which `avgPool` ends in, is one. */
const SHARING: ReadonlySet<string> = new Set(['Cast', 'Identity', 'Reshape']);

describe('the peak by liveness is the peak of a run, loops aside', () => {
  const cases: readonly (readonly [string, object])[] = [
    ['inception_aux', {}],
    ['inception_aux', { hoist: 'mixed0' }],
    ['unet_small', {}],
    ['nested_two_output_backbone', {}],
    ['raw_conv_tap', {}],
    ['transformer_small', {}],
    ['frozen_transfer', {}],
    ['mobilenet_v2', {}],
  ];
  it.each(cases)('of %s %o', { timeout: 120_000 }, async (name, options) => {
    await useBackend('wasm');
    const { analysis, instantiate, summary } = await compile(modelCase(name).keras3, { ...options, weights: 'none' });
    const module = await instantiate();
    const zeros = ({ type }: Program['inputs'][number] | Program['weights'][number]) =>
      tf.zeros(
        type.shape.map((dim) => (typeof dim === 'number' ? dim : 1)),
        tfjsDType(type.dtype) as 'float32',
      );
    const variables = Object.fromEntries(analysis.program.weights.map((weight) => [`${weight.layer}/${weight.variable}`, zeros(weight)]));
    const w = await module.load(variables);
    tf.dispose(variables);
    const before = tf.memory().numBytes;
    const inputs = Object.fromEntries(analysis.program.inputs.map((input) => [input.key, zeros(input)]));
    const profile = await tf.profile(() => module.predict(w, inputs));
    // tfjs counts a tensor that shares the data of another as if it had its own: such ones are not looked at.
    const kernels = profile.kernels.filter(({ name }) => !SHARING.has(name));
    const found = Math.max(...kernels.map(({ totalBytesSnapshot }) => totalBytesSnapshot)) - before;
    expect(found).toBeLessThanOrEqual(1.05 * summary.peakBytes);
    expect(found).toBeGreaterThanOrEqual(0.95 * summary.peakBytes);
    expect(summary.peakBytes).toBe(peakBytes(analysis.program).predict);
    tf.dispose([inputs, profile.result]);
    module.dispose(w);
  });
});
