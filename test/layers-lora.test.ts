import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CompileOptions, compile } from '../src/compile.ts';
import { parse } from '../src/ir/parse.ts';
import { readModel } from '../src/read/read.ts';
import { unreadCompanions } from '../src/read/weights/companions.ts';
import { zeroEntry } from '../src/read/weights/number-entry.ts';
import { availableBackends, useBackend } from './backends.ts';
import { expectClose, type Stored, storedOf, tensorOf } from './stored.ts';

interface Expected {
  readonly input: Stored;
  readonly outputs: readonly Stored[];
}

type Json = { [key: string]: unknown };

interface Case extends Expected {
  readonly name: string;
  readonly model: { readonly config: { readonly layers: readonly { readonly class_name: string; readonly config: Json }[] } };
  readonly weights: Readonly<Record<string, Stored>>;
}

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/lora/${name}`, import.meta.url));
const jsonOf = (name: string): unknown => JSON.parse(readFileSync(fixture(name), 'utf8'));
const cases = jsonOf('keras.json') as readonly Case[];
const named = (name: string): Case => structuredClone(cases.find((one) => one.name === name) as Case);

/** What the module for a model gives for an input: with the weights of the file, or with these. */
async function results(
  model: string | object,
  { input }: Pick<Expected, 'input'>,
  options: CompileOptions = {},
  weights?: Case['weights'],
): Promise<Stored[]> {
  const compiled = await compile(model, options);
  const module = await compiled.instantiate();
  const given = weights && Object.fromEntries(Object.entries(weights).map(([name, value]) => [name, tensorOf(value)]));
  const w = await module.load(given);
  const x = tensorOf(input);
  const found = module.predict(w, x) as Record<string, tf.Tensor>;
  const stored = compiled.summary.outputs.map(({ key }) => storedOf(found[key] as tf.Tensor));
  module.dispose(w);
  tf.dispose([x, found, given ?? {}]);
  return stored;
}

const refused = (model: string | object, options: CompileOptions = {}): Promise<string> =>
  compile(model, options).then(
    () => 'was not refused',
    (error: { code?: string; message: string }) => `${error.code}: ${error.message}`,
  );

for (const backend of await availableBackends()) {
  describe(`low-rank matrices beside a kernel, on ${backend}`, () => {
    beforeAll(() => useBackend(backend));
    afterAll(() => tf.disposeVariables());

    it.each(cases.map(({ name }) => name))('%s', async (name) => {
      const { model, weights, outputs, ...given } = named(name);
      expectClose(await results(model, given, {}, weights), outputs, 1e-4);
    });
  });
}

describe('a config', () => {
  beforeAll(() => useBackend('cpu'));
  /** The first layer behind the input. */
  const configOf = ({ model }: Case): Json => model.config.layers[1]?.config as Json;

  it('of a release that knew no lora_alpha means a factor of 1', async () => {
    const { model, weights, outputs, ...given } = named('dense');
    delete configOf({ model } as Case)['lora_alpha'];
    expectClose(await results({ ...model, keras_version: '3.1.0' }, given, {}, weights), outputs, 1e-4);
  });

  it.each([0, null])('with a rank of %s has no such matrices', async (rank) => {
    const { model, weights, ...given } = named('dense');
    configOf({ model } as Case)['lora_rank'] = rank;
    const { 'dense/kernel': kernel, 'dense/bias': bias } = weights;
    const plain = await results(model, given, {}, { 'dense/kernel': kernel as Stored, 'dense/bias': bias as Stored });
    configOf({ model } as Case)['lora_rank'] = 2;
    const [found] = await results(model, given, {}, weights);
    expect(plain[0]?.shape).toEqual(found?.shape);
    expect(plain[0]?.values).not.toEqual(found?.values);
  });

  it.each([
    ['a rank that is none', { lora_rank: 'two' }, /^config-invalid/],
    ['a rank below zero', { lora_rank: -1 }, /^config-invalid/],
    ['a rank beyond all measure', { lora_rank: 1e9 }, /^config-invalid/],
    ['a factor that is none', { lora_alpha: 'much' }, /^config-invalid/],
    ['DoRA', { dora_rank: 2 }, /^layer-unsupported: .*DoRA/],
  ])('with %s is refused', async (_, settings, message) => {
    for (const name of ['dense', 'einsum_dense of a matrix', 'embedding', 'reversible_embedding', 'conv1d']) {
      const one = named(name);
      Object.assign(configOf(one), settings);
      expect(await refused(one.model), name).toMatch(message);
    }
  });

  it('whose matrices the weights lack', async () => {
    const { model, weights, ...given } = named('conv1d');
    const { 'conv/lora_kernel_a': _, ...others } = weights;
    await expect(results(model, given, {}, others)).rejects.toThrow(/lora_kernel_a/);
  });
});

describe('where the sum is made', () => {
  it.each(['dense', 'embedding', 'einsum_dense of three axes', 'conv2d in groups'])('%s: when weights are loaded', async (name) => {
    const program = parse((await compile(named(name).model)).ir);
    const stageOf = new Map(program.ops.flatMap(({ results, stage }) => results.map((value) => [value.name, stage] as const)));
    const adapted = [...stageOf].filter(([value]) => /adapted_/.test(value));
    expect(adapted.length).toBeGreaterThan(0);
    for (const [, stage] of adapted) expect(stage).toBe('load');
  });
});

describe('files of Keras', () => {
  beforeAll(() => useBackend('cpu'));
  const expected = jsonOf('files.expected.json') as Expected;

  it.each(['files.keras', 'files.h5'])('%s', async (name) => {
    expectClose(await results(fixture(name), expected), expected.outputs, 1e-4);
  });

  it.each(['files.keras', 'files.h5', 'files.weights.h5', 'files.npz'])('%s as weights of a topology', async (name) => {
    expectClose(await results(fixture('files.json'), expected, { weightsFrom: fixture(name) }), expected.outputs, 1e-4);
  });

  it('hold the matrices, or a kernel that has them and zeros in their place', async () => {
    const valuesOf = async (name: string) => {
      const { weights } = await readModel(fixture(name));
      const entries = weights?.entries.filter((entry) => /lora_/.test(entry.name)) ?? [];
      return Promise.all(entries.map(async (entry) => ({ name: entry.name, shape: entry.shape, bytes: await entry.read() })));
    };
    const [merged, apart] = [await valuesOf('files.keras'), await valuesOf('files.h5')];
    const shapes = (values: typeof merged) => values.map(({ name, shape }) => `${name.split('/').slice(-2).join('/')} ${shape}`).sort();
    expect(merged.length).toBe(12);
    expect(shapes(merged)).toEqual(shapes(apart));
    expect(merged.every(({ bytes, shape }) => bytes.length === 4 * shape.reduce((a, b) => a * b, 1) && bytes.every((b) => b === 0))).toBe(
      true,
    );
    expect(apart.every(({ bytes }) => bytes.some((b) => b !== 0))).toBe(true);
  });

  it('take no memory for matrices beyond all measure', async () => {
    const entry = zeroEntry('d/lora_kernel_a', [2 ** 16, 2 ** 13], {});
    await expect(entry.read()).rejects.toMatchObject({ code: 'weights-dtype' });
  });

  /** The model of the files, as it is once `enable_lora` has been called on a layer that had no matrices. */
  const adaptedLater = (): object => {
    const model = jsonOf('files.json') as Case['model'];
    const config = model.config.layers.find((layer) => layer.config['name'] === 'a_einsum')?.config;
    return Object.assign(config as Json, { lora_rank: 2, lora_alpha: 6 }) && model;
  };

  it('of weights alone, written before a layer was adapted', async () => {
    expectClose(await results(adaptedLater(), expected, { weightsFrom: fixture('files.weights.h5') }), expected.outputs, 1e-4);
  });

  it.each(['files.keras', 'files.h5', 'files.npz'])('%s lacks the matrices of a layer that was adapted later', async (name) => {
    expect(await refused(adaptedLater(), { weightsFrom: fixture(name) })).toMatch(
      /^weights-mismatch: .*"a_einsum\/lora_kernel_a" is missing/,
    );
  });
});

describe('what was added to a layer inside another', () => {
  it('stands in a .keras archive merged', async () => {
    const expected = jsonOf('hidden-lora.expected.json') as Expected;
    expectClose(await results(fixture('hidden-lora.keras'), expected), expected.outputs, 1e-4);
  });

  it.each([
    ['hidden-lora.h5', /lora_kernel_[ab]/],
    ['hidden-int8.keras', /vars\/2/],
  ])('is not passed over in %s', async (name, message) => {
    const found = await refused(fixture(name));
    expect(found).toMatch(/^weights-mismatch: .*"attention\/\w+\/kernel" goes with/);
    expect(found).toMatch(message);
  });
});

describe('weights beside a kernel', () => {
  const found = (names: readonly string[], taken: readonly number[]): readonly (readonly string[])[] =>
    unreadCompanions({ entries: names.map((name) => zeroEntry(name, [1], {})), totalBytes: 0 }, taken);

  it.each([
    ['a scale', ['m/d/kernel', 'm/d/kernel_scale'], [0]],
    ['a matrix of an embedding', ['e/embeddings:0', 'e/lora_embeddings_b:0'], [0]],
    ['packed values', ['kernel', 'quantized_kernel'], [0]],
    ['a variable too many', ['q/kernel', 'q/bias', 'q/vars/2'], [0, 1]],
  ])('%s, not read: the kernel is another', (_, names, taken) => {
    expect(found(names, taken)).toEqual([[names[0], names.at(-1)]]);
  });

  it.each([
    ['all is read', ['d/kernel', 'd/lora_kernel_a', 'd/lora_kernel_b'], [0, 1, 2]],
    ['the kernel is not', ['d/kernel', 'd/kernel_scale', 'd/bias'], [2]],
    ['they are those of another layer', ['a/kernel', 'a_1/kernel_scale', 'a/b/lora_kernel_a', 'vars/2'], [0]],
    ['they are those of another table', ['r/embeddings', 'r/lora_embeddings_a', 'r/reverse_embeddings'], [2]],
  ])('%s: nothing is passed over', (_, names, taken) => {
    expect(found(names, taken)).toEqual([]);
  });
});

describe('quantised layers', () => {
  const quantised = (class_name: string, config: object): object => ({ module: 'keras.dtype_policies', class_name, config });
  const float32 = { class_name: 'DTypePolicy', config: { name: 'float32' } };
  const int8 = quantised('QuantizedDTypePolicy', { mode: 'int8', source_name: 'float32' });
  const layers = ['dense', 'einsum_dense of a matrix', 'embedding', 'reversible_embedding', 'conv1d'];
  const withPolicy = (name: string, dtype: unknown): object => {
    const one = named(name);
    const layer = one.model.config.layers[1];
    if (layer === undefined) throw new Error(`no layer in ${name}`);
    layer.config['dtype'] = dtype;
    return one.model;
  };

  it.each([
    ['int8 by name', 'int8_from_float32'],
    ['int4 by name', 'int4/128_from_float32'],
    ['GPTQ by name', 'gptq/4/128_from_mixed_bfloat16'],
    ['int8', int8],
    ['int8 by a plain policy', { class_name: 'DTypePolicy', config: { name: 'int8_from_float32' } }],
    ['int4', quantised('Int4DTypePolicy', { mode: 'int4/128', source_name: 'float32' })],
    ['float8', quantised('QuantizedFloat8DTypePolicy', { mode: 'float8', source_name: 'float32', amax_history_length: 1024 })],
    ['GPTQ', quantised('GPTQDTypePolicy', { mode: 'gptq/4/128', source_name: 'float32' })],
    ['AWQ', quantised('AWQDTypePolicy', { mode: 'awq/4/128', source_name: null })],
    ['a map that quantises', quantised('DTypePolicyMap', { default_policy: null, policy_map: { 'model/.*': int8 } })],
    ['a map that quantises what it does not name', quantised('DTypePolicyMap', { default_policy: int8, policy_map: {} })],
    ['a map in a map', quantised('DTypePolicyMap', { default_policy: quantised('DTypePolicyMap', {}), policy_map: {} })],
  ])('%s', async (_, dtype) => {
    for (const name of layers)
      expect(await refused(withPolicy(name, dtype)), name).toMatch(/^layer-unsupported: this \w+ layer .* quantises/);
  });

  it.each([
    ['half floats', 'mixed_bfloat16'],
    ['a policy of Keras 2', { class_name: 'Policy', config: { name: 'mixed_float16' } }],
    ['the default', null],
    ['a map of floats', quantised('DTypePolicyMap', { default_policy: 'float16', policy_map: { __proto__: null, constructor: float32 } })],
  ])('%s: computed in float32', async (_, dtype) => {
    for (const name of layers) {
      const { weights, outputs, ...given } = named(name);
      expectClose(await results(withPolicy(name, dtype), given, {}, weights), outputs, 1e-4);
    }
  });

  it('a dtype that is none', async () => {
    expect(await refused(withPolicy('dense', 'float7'))).toMatch(/^dtype-unknown/);
  });

  it('quantization_config alone quantises nothing', async () => {
    const { model, weights, outputs, ...given } = named('dense');
    const config = model.config.layers[1]?.config as Json;
    config['quantization_config'] = { module: 'keras.quantizers', class_name: 'Int8QuantizationConfig', config: {} };
    expectClose(await results(model, given, {}, weights), outputs, 1e-4);
  });
});
