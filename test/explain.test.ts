import { describe, expect, it } from 'vitest';
import { explanationText } from '../src/cli/explain.ts';
import { type CompileOptions, compile } from '../src/compile.ts';
import { compilePrograms } from '../src/programs.ts';
import type { ModelSource } from '../src/read/read.ts';
import type { Explanation } from '../src/report/explanation.ts';
import { summarySchema } from '../src/report/summary.ts';
import { told } from '../src/report/told.ts';
import { validate } from '../src/schema/validate.ts';
import { modelCase } from './golden.ts';
import { SmallModel } from './small-model.ts';

const DIGITS = 'test/models/digits/model.json';

async function explained(model: ModelSource, options: CompileOptions = {}): Promise<ReadonlyMap<string, Explanation>> {
  const { summary } = await compile(model, { weights: 'none', explain: true, ...options });
  return new Map((summary.explanations ?? []).map((explanation) => [explanation.layer, explanation]));
}

const sentences = async (model: ModelSource, options: CompileOptions = {}): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries([...(await explained(model, options))].map(([layer, explanation]) => [layer, told(explanation).join(' | ')]));

describe('what became of the layers of a model', () => {
  it('is not noted unless somebody asks', async () => {
    const { summary, analysis } = await compile(DIGITS, { weights: 'none' });
    expect(summary.explanations).toBeUndefined();
    expect(analysis.runs.every(({ applied, refusals }) => applied === undefined && refusals === undefined)).toBe(true);
  });

  it('is told of every layer, and is part of the summary', async () => {
    const { summary } = await compile(DIGITS, { outputs: ['aux'], weights: 'none', explain: true });
    expect(summary.explanations).toHaveLength(summary.layers.of);
    expect(() => validate(summarySchema, structuredClone(summary), {})).not.toThrow();
  });

  it('names what a layer was folded or fused into, and by which rules', async () => {
    expect(await sentences(DIGITS, { outputs: ['aux'] })).toMatchObject({
      stem_conv: 'kept, suffix: conv2d',
      stem_bn: 'folded into stem_conv by fold-scale, fuse-bias',
      stem_relu: 'fused into stem_conv by fuse-activation',
      block1_conv: 'kept, suffix: depthwiseConv2d, conv2d',
      block2_conv: 'removed: no chosen output needs it, only main',
      aux_dropout: 'identity: does nothing in evaluation',
      aux: 'kept, suffix: matMul, softmax',
    });
    const { stage, kernels, ops } = (await explained(DIGITS, { outputs: ['aux'] })).get('stem_conv') as Explanation;
    expect({ stage, kernels, ops }).toEqual({ stage: 'suffix', kernels: ['FusedConv2D'], ops: 1 });
  });

  it('says of what is before a cut what it leads to', async () => {
    const { stem_conv, aux_conv, block2_conv } = await sentences(DIGITS, { inputs: ['block1_pool'], outputs: ['main'] });
    expect(stem_conv).toBe('removed: only feeds block1_pool, which is given as input; and aux, which is not chosen');
    expect(aux_conv).toBe('removed: no chosen output needs it, only aux');
    expect(block2_conv).toBe('kept, suffix: conv2d');
  });

  it('says on which side of a named cut a layer is, and why', async () => {
    const { stem_conv, block2_conv, stem_bn } = await sentences(DIGITS, { outputs: ['main'], hoist: 'block1_pool' });
    expect(stem_conv).toBe('kept, prefix: conv2d; needed for block1_pool');
    expect(block2_conv).toBe('kept, suffix: conv2d; behind the cut');
    expect(stem_bn).toBe('folded into stem_conv by fold-scale, fuse-bias');
  });

  it('tells what is frozen from what is not', async () => {
    const told = await sentences(modelCase('frozen_transfer').keras3, { hoist: 'auto' });
    expect(told['backbone/block_14_add']).toBe('kept, prefix: add; all that it depends on is frozen');
    expect(told['head']).toBe('kept, suffix: matMul, softmax; depends on what is not frozen');
    expect(told['drop']).toBe('identity: does nothing in evaluation');
  });

  it('tells what several outputs share', async () => {
    const told = await sentences(modelCase('inception_aux').keras3, { outputs: ['aux1', 'main'], hoist: 'shared' });
    expect(told['mixed0']).toBe('kept, prefix: concat; all of the 2 outputs need it');
    expect(told['mixed1']).toBe('kept, suffix: concat; not all of the 2 outputs need it');
  });

  it('says why a rewrite was refused', async () => {
    expect((await sentences(modelCase('raw_conv_tap').keras3))['bn']).toBe(
      'kept, suffix: mul, add | not folded by fold-scale: %conv has another use',
    );
    expect((await sentences(modelCase('raw_conv_tap').keras3, { outputs: ['conv', 'head'] }))['bn']).toContain('%conv is also an output');
  });

  it('says what is skipped, and what only that needed', async () => {
    const told = await sentences(modelCase('two_branch_merge').keras3, { skip: ['merge=branch1_b'] });
    expect(told).toMatchObject({
      merge: 'skipped by --skip; what it is given passes through',
      branch2_a: 'removed: only feeds merge, which is skipped',
      branch1_b: 'kept, suffix: matMul',
    });
  });

  it('finds what is the same as something else', async () => {
    const twins = new SmallModel().input('x', 4).layer('Softmax', 'one', 'x').layer('Softmax', 'two', 'x').output('one').output('two');
    expect(await sentences(twins.topology)).toEqual({
      one: 'kept, suffix: softmax',
      two: 'replaced: computes the same as %one',
    });
  });

  it('finds layers that give back what they are given', async () => {
    const flat = new SmallModel().input('x', 4).layer('Flatten', 'flat', 'x').dense('y', 'flat', 2).output('y');
    expect((await sentences(flat.topology))['flat']).toMatch(/^identity: /);
  });

  it('follows layers that are joined with others on a long way', async () => {
    // Of a layer normalisation, the scale passes the mean behind it into the kernel of the layer behind that.
    const told = await sentences(modelCase('transformer_small').keras3);
    expect(told['pooled']).toContain('folded into');
  });

  it('is told for every program of a config', async () => {
    const { programs } = await compilePrograms(DIGITS, [{ outputs: ['main'] }, { outputs: ['aux'] }], { weights: 'none', explain: true });
    expect(programs.map(({ summary }) => summary.explanations?.length)).toEqual([25, 25]);
  });

  it('takes time in proportion to the layers', async () => {
    const told = await sentences(chain(20_000), {});
    expect(Object.keys(told)).toHaveLength(20_000);
  });
});

function chain(length: number): object {
  const model = new SmallModel('chain').input('x', 2);
  for (let i = 0; i < length; i++) model.layer('ReLU', `r${i}`, i === 0 ? 'x' : `r${i - 1}`);
  return model.output(`r${length - 1}`).topology;
}

describe('the text of an explanation', () => {
  const text = async (model: ModelSource, options: CompileOptions = {}): Promise<string> =>
    explanationText([...(await explained(model, options)).values()]);
  const widest = (shown: string): number => Math.max(...shown.split('\n').map(({ length }) => length));

  it('is no wider than 80 columns, and says once what is to be said of many', async () => {
    const shown = await text(modelCase('resnet50').keras3, { outputs: ['conv2_block1_out'] });
    expect(widest(shown)).toBeLessThanOrEqual(80);
    expect(shown).toMatch(
      /conv2_block2_1_conv \.\.\. predictions: \d+ layers\n\s+removed: no chosen output needs it, only\n?\s+predictions/,
    );
    expect(shown.split('\n').length).toBeLessThan(30);
  });

  it('shows hostile names as what they are: text', async () => {
    const name = `\u001b[31m${'x'.repeat(300)}\u202e`;
    const model = new SmallModel().input('x', 2).layer('ReLU', name, 'x').layer('ReLU', '__proto__', name).output('__proto__').topology;
    const shown = await text(model);
    expect(widest(shown)).toBeLessThanOrEqual(80);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the point of the test
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(shown).toContain('__proto__');
  });
});
