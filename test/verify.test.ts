import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import Ajv from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyse } from '../src/analyse.ts';
import { compile } from '../src/compile.ts';
import { planModule } from '../src/emit/module.ts';
import { parse } from '../src/ir/parse.ts';
import { affordable } from '../src/verify/budget.ts';
import { caseOf, kindsFor, type Sources } from '../src/verify/cases.ts';
import { compare } from '../src/verify/compare.ts';
import { domainsOf } from '../src/verify/domains.ts';
import { expectationOf, noted } from '../src/verify/expectation.ts';
import type { Held } from '../src/verify/held.ts';
import { againstOf, batchSizesOf, seedOf, toleranceOf, type VerifyOptions } from '../src/verify/options.ts';
import { randomWeights } from '../src/verify/random-weights.ts';
import type { Verification } from '../src/verify/report.ts';
import { runVerification } from '../src/verify/run.ts';
import { openSide } from '../src/verify/side.ts';
import { useBackend } from './backends.ts';
import { type BuiltCli, buildCli, scratchFolder } from './built-cli.ts';
import { layerCases, layerFamilies, modelCase } from './golden.ts';

const DIGITS = fileURLToPath(new URL('models/digits/model.json', import.meta.url));
const observer = { warn: () => undefined, begin: () => undefined, advance: () => undefined, stage: () => undefined };

const verify = (source: string | object, options: Partial<VerifyOptions> = {}): Promise<Verification> =>
  runVerification(source, {
    compile: {},
    against: { layers: null, files: [] },
    batchSizes: [1, 2],
    seed: 0,
    backends: ['cpu'],
    observer,
    ...options,
  });

const layerOf = (className: string, name: string, from: string, config: object = {}): object => ({
  class_name: className,
  name,
  config: { name, ...config },
  inbound_nodes: from === '' ? [] : [[[from, 0, 0, {}]]],
});

const modelOf = (layers: readonly object[], output: string): object => ({
  class_name: 'Functional',
  keras_version: '2.15.0',
  config: { name: 'm', layers, input_layers: [['x', 0, 0]], output_layers: [[output, 0, 0]] },
});

const reference = ({ references }: Verification, name: string) => references.find((each) => each.name === name);

beforeAll(() => useBackend('cpu'));

describe('no false alarm', () => {
  it.each(layerFamilies())('for %s', async (family) => {
    const [first] = layerCases(family);
    const before = tf.memory().numTensors;
    const { findings, cases } = await verify(first?.keras3 as object, { batchSizes: [2] });
    expect(findings).toEqual([]);
    expect(cases.run).toBeGreaterThan(0);
    expect(tf.memory().numTensors).toBe(before);
  });

  const models = [
    'frozen_transfer',
    'inception_aux',
    'nested_two_output_backbone',
    'ops_in_graph',
    'text_bilstm',
    'transformer_small',
    'unet_small',
  ];
  it.each(models)('for %s on wasm', async (name) => {
    const { keras3, keras2 } = modelCase(name);
    for (const topology of [keras3, keras2]) {
      if (topology === null) continue;
      const { findings, weights, references } = await verify(topology, { backends: ['wasm'], batchSizes: [2] });
      expect(findings).toEqual([]);
      expect(weights).toBe('random');
      expect(references.map(({ name: of }) => of)).toEqual(['unoptimised', 'layers']);
    }
  });

  it('for a prefix and a suffix, states, masks at a cut, and sizes that are open', async () => {
    expect((await verify(DIGITS, { compile: { outputs: ['main'], hoist: 'block2_pool' }, batchSizes: [2] })).findings).toEqual([]);
    const stateful = modelOf(
      [layerOf('InputLayer', 'x', '', { batch_input_shape: [2, 3, 4] }), layerOf('GRU', 'g', 'x', { units: 2, stateful: true })],
      'g',
    );
    const kept = await verify(stateful);
    expect(kept.findings).toEqual([]);
    expect(kept.checks.map(({ inputs }) => inputs)).toContain('states given');
    expect(new Set(kept.checks.flatMap(({ batches }) => batches))).toEqual(new Set([2]));
    const masked = modelOf(
      [
        layerOf('InputLayer', 'x', '', { batch_input_shape: [null, null], dtype: 'int32' }),
        layerOf('Embedding', 'e', 'x', { input_dim: 5, output_dim: 3, mask_zero: true }),
        layerOf('LSTM', 'l', 'e', { units: 2 }),
      ],
      'l',
    );
    const cut = await verify(masked, { compile: { inputs: ['e'] } });
    expect(cut.findings).toEqual([]);
    expect(cut.checks.map(({ inputs }) => inputs)).toEqual(expect.arrayContaining(['partly masked', 'all masked']));
    expect(cut.cases.run).toBe(cut.cases.of);
    expect((await verify(masked)).findings).toEqual([]);
  });
});

it('verifies nothing where the program runs with no inputs', async () => {
  const layers = [
    layerOf('InputLayer', 'x', '', { batch_input_shape: [null, null] }),
    layerOf('Reshape', 'r', 'x', { target_shape: [1009] }),
  ];
  await expect(verify(modelOf(layers, 'r'))).rejects.toMatchObject({ code: 'verify-nothing-run' });
});

describe('tfjs-layers', () => {
  it('is known to differ, and what does not depend on that is compared', async () => {
    const model = modelOf(
      [
        layerOf('InputLayer', 'x', '', { batch_input_shape: [null, 6, 6, 2] }),
        layerOf('Conv2D', 'before', 'x', { filters: 2, kernel_size: 3, padding: 'same' }),
        layerOf('DepthwiseConv2D', 'dilated', 'before', { kernel_size: 2, dilation_rate: 2 }),
        layerOf('Flatten', 'behind', 'dilated'),
      ],
      'behind',
    );
    const verification = await verify(model);
    expect(verification.findings).toEqual([]);
    expect(reference(verification, 'layers')?.known).toEqual([{ layer: 'dilated', what: expect.stringContaining('dilation') }]);
    expect(verification.checks.filter(({ against }) => against === 'layers').every(({ values }) => values === 1)).toBe(true);
  });

  it('is left out where it cannot run the model, unless it is asked for', async () => {
    const model = modelOf([layerOf('InputLayer', 'x', '', { batch_input_shape: [null, 4] }), layerOf('UnitNormalization', 'u', 'x')], 'u');
    expect(reference(await verify(model), 'layers')?.why).toContain('UnitNormalization');
    await expect(verify(model, { against: { layers: true, files: [] } })).rejects.toMatchObject({ code: 'verify-no-layers' });
  });
});

describe('what inputs hold', () => {
  const sourcesOf = async (model: object, maskZero = false): Promise<Sources> => {
    const { lowered } = await analyse(model);
    return { domains: domainsOf(lowered), maskValues: [], maskZero, seed: 0 };
  };
  const table = modelOf(
    [
      layerOf('InputLayer', 'x', '', { batch_input_shape: [null, 4] }),
      layerOf('Reshape', 'r', 'x', { target_shape: [2, 2] }),
      layerOf('Embedding', 'e', 'r', { input_dim: 7, output_dim: 3, mask_zero: true }),
    ],
    'e',
  );

  it('is ids that a table has, also where they are floats', async () => {
    const sources = await sourcesOf(table, true);
    expect(kindsFor(sources)).toEqual(['partly masked', 'all masked', 'random ids', 'first id', 'last id']);
    for (const kind of kindsFor(sources)) {
      const { data } = caseOf(sources, kind, 50, new Map()).inputs().get('x') as Held;
      const ids = [...(data as Float32Array)];
      expect(ids.every((id) => Number.isInteger(id) && id >= 0 && id < 7)).toBe(true);
      if (kind === 'all masked') expect(new Set(ids)).toEqual(new Set([0]));
      if (kind === 'random ids') expect(new Set(ids).size).toBe(7);
      if (kind === 'partly masked') expect(ids.filter((id) => id === 0).length).toBeGreaterThan(50);
    }
  });

  it('is the same for the same seed, and another for another', async () => {
    const sources = await sourcesOf(DIGITS as unknown as object);
    const of = (seed: number) => [
      ...(
        caseOf({ ...sources, seed }, 'normal', 1, new Map())
          .inputs()
          .get('image') as Held
      ).data.slice(0, 9),
    ];
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });

  it('is less where the model is large', async () => {
    const { lowered } = await analyse(modelCase('resnet50').keras3);
    const sources: Sources = { domains: domainsOf(lowered), maskValues: [], maskZero: false, seed: 0 };
    const all = kindsFor(sources).map((kind) => caseOf(sources, kind, 1, new Map()));
    const few = affordable(all, lowered, 'wasm');
    expect(few.length).toBeLessThan(all.length);
    expect(few.length).toBeGreaterThanOrEqual(3);
    expect(affordable(all, (await analyse(DIGITS)).lowered, 'wasm')).toEqual(all);
  });
});

describe('random weights', () => {
  it('are those of their kind', async () => {
    const { lowered } = await analyse(DIGITS);
    const { entries } = randomWeights(lowered.weights, 3);
    const valuesOf = async (name: string): Promise<Float32Array> => {
      const bytes = (await entries.find((entry) => entry.name === name)?.read()) as Uint8Array;
      return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    };
    expect(Math.min(...(await valuesOf('stem_bn/moving_variance')))).toBeGreaterThan(0);
    expect(Math.min(...(await valuesOf('stem_bn/gamma')))).toBeGreaterThanOrEqual(0.6);
    const kernel = await valuesOf('main/kernel');
    expect(Math.max(...kernel)).toBeLessThanOrEqual(Math.sqrt(4.5 / 40));
    expect(new Set(kernel).size).toBeGreaterThan(300);
  });
});

describe('a comparison', () => {
  const held = (data: Held['data'], dtype = 'float32'): Held => ({ dtype, shape: [data.length], data });
  const none = { absolute: 0, unstable: null };

  it('takes what is not finite for the same where it is of the same kind', () => {
    const values = held(Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, 1));
    expect(compare(values, values, none).isWithin).toBe(true);
    expect(compare(held(Float32Array.of(1, Number.POSITIVE_INFINITY, 1)), values, { ...none, absolute: 9 }).isWithin).toBe(false);
    expect(compare(held(Float32Array.of(Number.NaN, Number.NEGATIVE_INFINITY, 1)), values, { ...none, absolute: 9 }).isWithin).toBe(false);
  });

  it('allows integers nothing, and counts ties', () => {
    const [a, b] = [held(Int32Array.of(1, 2, 3), 'int32'), held(Int32Array.of(1, 2, 4), 'int32')];
    expect(compare(a, b, { ...none, absolute: 5 })).toMatchObject({ isWithin: false, worst: { index: [2], found: 3, expected: 4 } });
    expect(compare(a, b, { absolute: 0, unstable: Uint8Array.of(0, 0, 1) })).toMatchObject({ isWithin: true, ties: 1 });
  });

  it('tells of the largest difference, of shapes and of texts', () => {
    expect(compare(held(Float32Array.of(1, 5)), held(Float32Array.of(1, 4)), { ...none, absolute: 0.5 })).toMatchObject({
      isWithin: false,
      error: 0.25,
      worst: { index: [1] },
    });
    expect(compare(held(Float32Array.of(1)), held(Float32Array.of(1, 4)), none).shapes).toEqual({ found: [1], expected: [2] });
    expect(compare(held(['a', 'b'], 'string'), held(['a', 'c'], 'string'), none).worst).toEqual({ index: [1], found: 'b', expected: 'c' });
  });

  it('finds out where rounding alone decides', async () => {
    const text = [
      'skipc-ir 1',
      'program p of "m"',
      '',
      'input  %x: f32[?,2]',
      'suffix',
      '  %h: f32[?,2] = mul %x, %x ; a',
      '  %i: i32[?] = argMax %h {axis=1} ; b',
      'output i = %i',
      '',
    ].join('\n');
    const program = parse(text);
    const module = planModule(program, { banner: [], info: {}, hash: '', weights: { from: 'caller' }, classes: new Map() });
    const side = await openSide({ code: module.write(), weights: null, program, identifiers: module.identifiers });
    const loaded = await noted(side, 1e-5);
    const x: Held = { dtype: 'float32', shape: [2, 2], data: Float32Array.of(0.3, 0.3, 0.3, 0.9) };
    const { values, outputs } = expectationOf(loaded, new Map([['x', x]]), new Set(['%h', '%i']), new Set(), 1e-5);
    expect(outputs.get('i')?.allowance.unstable).toEqual(Uint8Array.of(1, 0));
    const allowed = values.get('%h')?.[0]?.allowance.absolute ?? 0;
    expect(allowed).toBeGreaterThan(0.81e-6);
    expect(allowed).toBeLessThan(0.81e-4);
  });
});

describe('options', () => {
  it('are read', () => {
    expect(batchSizesOf('1, 4,4,0')).toEqual([1, 4, 0]);
    expect(seedOf('7')).toBe(7);
    expect(toleranceOf('1e-4')).toBe(1e-4);
    expect(againstOf([])).toEqual({ layers: null, files: [] });
    expect(againstOf(['a.npz'])).toEqual({ layers: null, files: ['a.npz'] });
    expect(againstOf(['unoptimised', 'a.npz'])).toEqual({ layers: false, files: ['a.npz'] });
    expect(againstOf(['layers'])).toEqual({ layers: true, files: [] });
  });

  it.each([
    [() => batchSizesOf('1,x'), 'data-option'],
    [() => batchSizesOf('5000'), 'data-option'],
    [() => seedOf('-1'), 'data-option'],
    [() => toleranceOf('1'), 'data-option'],
    [() => againstOf(['keras']), 'verify-against-unknown'],
  ])('are refused: %#', (read, code) => {
    expect(read).toThrow(expect.objectContaining({ code }));
  });
});

describe('skipc verify', () => {
  let cli: BuiltCli;
  const folder = scratchFolder('verify');
  beforeAll(async () => {
    cli = await buildCli();
  });
  afterAll(() => {
    cli.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('prints tables of 80 columns and a verdict, and nothing more on standard output', async () => {
    const { status, stdout, stderr } = await cli.run(['verify', DIGITS, '--backend', 'cpu', '--batch-sizes', '2']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^against the program unoptimised\n[\s\S]*against tfjs-layers\n[\s\S]*\nverified: main-aux: \d+ values/);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(stderr).toMatch(/^main-aux of "digits" on cpu, 7 cases\n/);
    const quiet = await cli.run(['verify', DIGITS, '--backend', 'cpu', '--batch-sizes', '1', '--quiet', '--against', 'unoptimised']);
    expect(quiet).toMatchObject({ status: 0, stderr: '' });
    expect(quiet.stdout).not.toContain('tfjs-layers');
  });

  it('prints JSON by its schema, and ends with 1 for a mismatch', async () => {
    const { code, weights } = await compile(DIGITS, { outputs: ['aux'] });
    const path = join(folder, 'aux.ts');
    writeFileSync(path, code.replace("bias: w.stem_bn_shift, activation: 'relu'", 'bias: w.stem_bn_shift'));
    writeFileSync(join(folder, 'aux.safetensors'), weights as Uint8Array);
    const args = ['verify', DIGITS, '--output', 'aux', '--module', path, '--backend', 'cpu', '--batch-sizes', '1'];
    const { status, stdout } = await cli.run([...args, '--json']);
    expect(status).toBe(1);
    const report = JSON.parse(stdout) as Verification;
    const schema = JSON.parse(readFileSync(new URL('../schemas/verification.schema.json', import.meta.url), 'utf8')) as object;
    expect(new Ajv.default({ strict: false }).validate(schema, report)).toBe(true);
    expect(report.findings[0]).toMatchObject({ fault: 'module', kind: 'value', value: '%stem_relu' });
    const text = await cli.run(args);
    expect(text.status).toBe(1);
    expect(text.stdout).toMatch(/mismatch: %stem_relu differs\n {2}layer +stem_conv \(Conv2D\) \+ stem_bn/);
    expect(Math.max(...text.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('writes a small model that shows a mismatch', async () => {
    const plugin = join(folder, 'softsign.ts');
    writeFileSync(
      plugin,
      "import { layer, object } from 'skipc/plugin';\nexport default layer({ className: 'Softmax', doc: 'wrong', config: object({}), lower: (l) => l.op('tanh', [l.x], {}) });\n",
    );
    const model = join(folder, 'model.json');
    const dense = (name: string, from: string) => layerOf('Dense', name, from, { units: 5 });
    const layers = [
      layerOf('InputLayer', 'x', '', { batch_input_shape: [null, 5] }),
      dense('a', 'x'),
      dense('b', 'a'),
      layerOf('Softmax', 's', 'b'),
      dense('c', 's'),
    ];
    writeFileSync(model, JSON.stringify(modelOf(layers, 'c')));
    const small = join(folder, 'small.json');
    const args = ['--plugin', plugin, '--backend', 'cpu'];
    const found = await cli.run(['verify', model, ...args, '--reduce', small]);
    expect(found.status).toBe(1);
    expect(found.stdout).toMatch(/1\s+layer\s+shows\s+it/);
    expect(found.stdout).toContain(`skipc verify ${small} --plugin ${plugin} --against layers --backend cpu\n`);
    const written = JSON.parse(readFileSync(small, 'utf8')) as {
      modelTopology: { model_config: { config: { layers: { name: string }[] } } };
    };
    expect(written.modelTopology.model_config.config.layers.length).toBe(2);
    const again = await cli.run(['verify', small, ...args, '--against', 'layers']);
    expect(again.status).toBe(1);
    expect(again.stdout).toContain('s (Softmax)');
    expect((await cli.run(['verify', small, '--backend', 'cpu'])).status).toBe(0);
  });

  it('shows hostile names as text', async () => {
    const name = '\u001b[31mred\u202e__proto__';
    const model = join(folder, 'hostile.json');
    const layers = [
      layerOf('InputLayer', 'x', '', { batch_input_shape: [null, 3] }),
      layerOf('Dense', name, 'x', { units: 2 }),
      layerOf('ReLU', '__proto__', name),
    ];
    writeFileSync(model, JSON.stringify(modelOf(layers, '__proto__')));
    const { status, stdout, stderr } = await cli.run(['verify', model, '--backend', 'cpu']);
    expect(status).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none is to be there
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });

  it.each([
    [['verify', DIGITS, '--against', 'nothing'], 'verify-against-unknown'],
    [['verify', DIGITS, '--module', 'none.ts'], 'verify-module-unreadable'],
    [['verify', DIGITS, '--module', 'a.ts', '--reduce', 'b.json'], 'reduce-module'],
    [['verify', DIGITS, '--against', 'none.npz', '--backend', 'cpu'], 'file'],
    [['verify', DIGITS, '--backend', 'webgl'], 'backend-unknown'],
  ])('refuses %j', async (args, code) => {
    const { status, stderr } = await cli.run(args);
    expect(status).toBe(2);
    expect(stderr).toContain(code);
  });
});
