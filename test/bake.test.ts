import '@tensorflow/tfjs-backend-cpu';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bake } from '../src/bake.ts';
import { type Compiled, compile } from '../src/compile.ts';
import { unbakeable } from '../src/emit/members.ts';
import type { Instance } from '../src/instantiate.ts';
import type { Program } from '../src/ir/program.ts';
import { parseSafetensors } from '../src/runtime/safetensors.ts';
import { availableBackends, useBackend } from './backends.ts';
import { type BuiltCli, buildCli, type Ended, scratchFolder } from './built-cli.ts';
import { excess, LAYER_TOLERANCE, layerCases, modelCase, type StoredArray, tensorOf, valuesOf } from './golden.ts';
import { bytesOf, safetensorsFile, type TensorEntry } from './safetensors-file.ts';
import { SmallModel, twoHeads } from './small-model.ts';
import { typeErrors } from './type-check.ts';

const DIGITS = 'test/models/digits/model.json';

const folder = scratchFolder('bake');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A topology and its weights, as tfjs holds them. */
function artifactsOf(modelTopology: object, weights: readonly StoredArray[]): object {
  const weightSpecs = weights.map(({ name, shape, dtype }) => ({ name, shape, dtype }));
  const data = Buffer.concat(weights.map((array) => bytesOf(valuesOf(array))));
  return { format: 'layers-model', modelTopology, weightSpecs, weightData: Uint8Array.from(data).buffer };
}

/** A tfjs model of texts, which are looked up, and a matrix that is quantised. */
function texts(): object {
  const layer = (class_name: string, name: string, config: object, before: string | null) => ({
    class_name,
    name,
    config: { name, ...config },
    inbound_nodes: before === null ? [] : [[[before, 0, 0, {}]]],
  });
  const modelTopology = {
    class_name: 'Functional',
    config: {
      name: 'texts',
      layers: [
        layer('InputLayer', 'words', { batch_input_shape: [null, 3], dtype: 'string' }, null),
        layer('StringLookup', 'lookup', { vocabulary: ['a', 'b', 'c'], num_oov_indices: 1 }, 'words'),
        layer('Embedding', 'embed', { input_dim: 4, output_dim: 2 }, 'lookup'),
        layer('Dense', 'dense', { units: 3, use_bias: true }, 'embed'),
      ],
      input_layers: [['words', 0, 0]],
      output_layers: [['dense', 0, 0]],
    },
    keras_version: '2.15.0',
  };
  const quantization = { dtype: 'uint8', scale: 0.125, min: -1 };
  const weightSpecs = [
    { name: 'embed/embeddings', shape: [4, 2], dtype: 'float32', quantization: { dtype: 'float16' } },
    { name: 'dense/kernel', shape: [2, 3], dtype: 'float32', quantization },
    { name: 'dense/bias', shape: [3], dtype: 'float32' },
  ];
  const data = Buffer.concat([
    bytesOf(Uint16Array.from({ length: 8 }, (_, i) => 0x3c00 + i * 16)),
    Uint8Array.of(0, 255, 3, 7, 8, 9),
    bytesOf(Float32Array.of(0.5, -1, 2)),
  ]);
  return { format: 'layers-model', modelTopology, weightSpecs, weightData: Uint8Array.from(data).buffer };
}

const numeric = (tensors: tf.NamedTensorMap): [string, number[]][] =>
  Object.entries(tensors).flatMap(([key, tensor]) => (tensor.dtype === 'string' ? [] : [[key, [...tensor.dataSync()]]]));

function expectSame(one: tf.NamedTensorMap, other: tf.NamedTensorMap): void {
  const [values, others] = [numeric(one), new Map(numeric(other))];
  expect(others.size).toBe(values.length);
  for (const [key, list] of values) {
    const same = others.get(key) ?? [];
    expect(same.length).toBe(list.length);
    const worst = list.reduce((most, value, i) => Math.max(most, Math.abs(value - (same[i] as number)) / Math.max(1, Math.abs(value))), 0);
    expect(worst, key).toBeLessThanOrEqual(1e-5);
  }
}

/** The members of `Weights` in the module's text. */
const membersOf = (code: string): string[] =>
  [...(/^export type Weights = \{\n([^}]*)\}/m.exec(code)?.[1]?.matchAll(/^ {2}(\w+): (?:Tensor|Scalar)/gm) ?? [])].map(
    ([, name]) => name as string,
  );

const namesIn = (file: Uint8Array | null): string[] => parseSafetensors(file as Uint8Array).tensors.map(({ name }) => name);

/** The tensors of a file as `safetensorsFile` takes them, and its metadata. */
function takenApart(file: Uint8Array): { tensors: Map<string, TensorEntry>; metadata: Record<string, string> } {
  const { tensors, metadata } = parseSafetensors(file);
  const entry = ({ stored, shape, start, end }: (typeof tensors)[number]) => ({ dtype: stored, shape, bytes: file.slice(start, end) });
  return { tensors: new Map(tensors.map((tensor) => [tensor.name, entry(tensor)])), metadata: Object.fromEntries(metadata) };
}

describe.each(await availableBackends())('on %s, a baked module is what it is without', (backend) => {
  beforeAll(() => useBackend(backend));

  async function compare(topology: object, weights: readonly StoredArray[], query: object, inputs: readonly StoredArray[]): Promise<void> {
    const artifacts = artifactsOf(topology, weights);
    const raw = await compile(artifacts as never, query);
    const baked = await compile(artifacts as never, { ...query, bake: true });
    expect(baked.code).toBe(raw.code);
    const module = await baked.instantiate();
    const before = tf.memory().numTensors;
    const [w, v] = [await module.load(), await module.load(raw.weights as Uint8Array)];
    expect(tf.memory().numTensors - before).toBe(2 * membersOf(raw.code).length);
    expect(Object.keys(w)).toEqual(membersOf(raw.code));
    const given = Object.fromEntries(raw.summary.inputs.map(({ key }, i) => [key, tensorOf(inputs[i] as StoredArray)]));
    const [one, other] = [module.predict(w, given), module.predict(v, given)];
    expectSame(one, other);
    module.dispose(w);
    module.dispose(v);
    tf.dispose([given, one, other]);
    expect(tf.memory().numTensors).toBe(before);
  }

  it.each(['two_branch_merge', 'inception_aux', 'text_bilstm', 'transformer_small', 'unet_small'])(
    '%s',
    async (name) => {
      const { keras3, weights, queries, inputs } = modelCase(name);
      const given = inputs.map((array) => ({ ...array, name: `input/${array.name}` }));
      for (const { query, inputs: cut } of queries) if (cut === undefined) await compare(keras3, weights, query, given);
    },
    60_000,
  );

  it.each(['batch_norm', 'separable_conv2d', 'conv2d_transpose', 'lstm', 'gru', 'dense', 'bidirectional_lstm', 'spectral_norm'])(
    'a layer of %s',
    async (family) => {
      const [golden] = layerCases(family);
      if (golden === undefined) throw new Error(`no case of ${family}`);
      await compare(golden.keras3, golden.weights, {}, golden.inputs);
      const compiled = await compile(artifactsOf(golden.keras3, golden.weights) as never, { bake: true });
      const module = await compiled.instantiate();
      const w = await module.load();
      const inputs = Object.fromEntries(compiled.summary.inputs.map(({ key }, i) => [key, tensorOf(golden.inputs[i] as StoredArray)]));
      const outputs = module.predict(w, inputs);
      for (const [i, tensor] of Object.values(outputs).slice(0, golden.outputs.length).entries())
        expect(excess(tensor, golden.outputs[i] as StoredArray, LAYER_TOLERANCE)).toBeLessThanOrEqual(0);
      module.dispose(w);
      tf.dispose([inputs, outputs]);
    },
  );

  it('texts, which are no weights', async () => {
    const [raw, baked] = [await compile(texts() as never), await compile(texts() as never, { bake: true })];
    const module = await baked.instantiate();
    const before = tf.memory().numTensors;
    const [w, v] = [await module.load(), await module.load(raw.weights as Uint8Array)];
    expect(Object.keys(w).sort()).toEqual(membersOf(raw.code).sort());
    expect(Object.values(w).filter(({ dtype }) => dtype === 'string')).toHaveLength(1);
    const words = tf.tensor([['a', 'c', 'x']], [1, 3], 'string');
    const [one, other] = [module.predict(w, words), module.predict(v, words)];
    expectSame(one, other);
    module.dispose(w);
    module.dispose(v);
    tf.dispose([words, one, other]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the file', () => {
  let raw: Compiled;
  let baked: Compiled;
  beforeAll(async () => {
    await useBackend('cpu');
    [raw, baked] = [await compile(DIGITS), await compile(DIGITS, { bake: true })];
  });

  it('holds the members of Weights in the order of their first use, whose program and layout it names', () => {
    const { metadata, tensors } = parseSafetensors(baked.weights as Uint8Array);
    const members = membersOf(baked.code);
    expect(tensors.map(({ name }) => name)).toEqual(members);
    const uses = [...baked.code.slice(baked.code.indexOf('function forward(')).matchAll(/\bw\.(\w+)/g)].map(([, name]) => name);
    expect([...new Set(uses)]).toEqual(members);
    expect(Object.fromEntries(metadata)).toEqual({
      format: 'skipc',
      program: baked.summary.program.hash,
      stage: 'baked',
      layout: /layout: '([0-9a-f]{16})'/.exec(baked.code)?.[1],
    });
    expect(parseSafetensors(raw.weights as Uint8Array).metadata.get('stage')).toBe('raw');
  });

  it('is what the summary counts', () => {
    const bytes = parseSafetensors(baked.weights as Uint8Array).tensors.reduce((sum, { start, end }) => sum + end - start, 0);
    expect(baked.summary).toMatchObject({ weightStage: 'baked', weightBytes: { kept: bytes, of: raw.summary.weightBytes?.of } });
    expect(raw.summary.weightStage).toBe('raw');
    expect(bytes).toBeLessThan(raw.summary.weightBytes?.kept ?? 0);
  });

  it('keeps the stored dtypes of what is used as it is, reshaped or not', async () => {
    const { weights } = await compile(texts() as never, { bake: true });
    const stored = parseSafetensors(weights as Uint8Array).tensors.map(({ stored, dtype }) => [stored, dtype]);
    expect(stored.sort()).toEqual([
      ['F16', 'float32'],
      ['F32', 'float32'],
      ['U8', 'float32'],
    ]);
  });

  it('has the same bytes every time, also when several are baked at once', async () => {
    const again = await Promise.all([compile(DIGITS, { bake: true }), compile(DIGITS, { bake: true, outputs: ['aux'] })]);
    expect(again[0].weights).toEqual(baked.weights);
    expect(again[1].weights).not.toEqual(baked.weights);
  });

  it('leaves the tensors and the backend of the application alone', async () => {
    await useBackend('wasm');
    const before = tf.memory().numTensors;
    const compiling = compile(DIGITS, { bake: true });
    const watch = setInterval(() => expect(tf.getBackend()).toBe('wasm'), 1);
    await compiling;
    clearInterval(watch);
    expect(tf.getBackend()).toBe('wasm');
    expect(tf.memory().numTensors).toBe(before);
    await useBackend('cpu');
  });

  it('stands in the module where that is wanted', async () => {
    const { code, weights, summary } = await compile(DIGITS, { bake: true, weights: 'inline' });
    expect(summary.weightStage).toBe('baked');
    const inline = Buffer.from(/^const WEIGHTS = '([^']*)';$/m.exec(code)?.[1] ?? '', 'base64');
    expect(Buffer.compare(inline, weights as Uint8Array)).toBe(0);
    expect(weights).toEqual(baked.weights);
    expect(typeErrors(new Map([['inline.ts', code]]))).toEqual([]);
  });

  it('is none where the program has no weights, which its load stage does not need', async () => {
    const model = new SmallModel('none').input('x', 3).layer('Rescaling', 'half', 'x', { scale: 0.5 }).output('half');
    const { weights, summary } = await compile(model.artifacts as never, { bake: true });
    expect({ weights, stage: summary.weightStage }).toEqual({ weights: null, stage: null });
  });
});

describe('what the modules type-check as', () => {
  it('with texts, with nothing to compute, and hoisted', async () => {
    const files = new Map([
      ['texts.ts', (await compile(texts() as never)).code],
      ['plain.ts', (await compile(twoHeads().artifacts as never)).code],
      ['hoisted.ts', (await compile(DIGITS, { hoist: 'block2_pool' })).code],
    ]);
    expect(typeErrors(files)).toEqual([]);
  });
});

describe('load()', () => {
  let raw: Compiled;
  let baked: Compiled;
  let module: Instance;
  let image: tf.Tensor;
  let expected: tf.NamedTensorMap;
  let before: number;
  beforeAll(async () => {
    await useBackend('cpu');
    [raw, baked] = [await compile(DIGITS), await compile(DIGITS, { bake: true })];
    module = await baked.instantiate();
    image = tf.tensor(
      Float32Array.from({ length: 784 }, (_, i) => Math.sin(i)),
      [1, 28, 28, 1],
    );
    const w = await module.load(raw.weights as Uint8Array);
    expected = module.predict(w, image);
    module.dispose(w);
  });
  afterAll(() => tf.dispose([image, expected]));
  beforeEach(() => {
    before = tf.memory().numTensors;
    return () => expect(tf.memory().numTensors).toBe(before);
  });

  async function expectLoads(source: Parameters<Instance['load']>[0], of: Instance = module): Promise<void> {
    const w = await of.load(source);
    expect(tf.memory().numTensors - before).toBe(Object.keys(w).length);
    const outputs = of.predict(w, image);
    expectSame(outputs, expected);
    tf.dispose(outputs);
    of.dispose(w);
  }

  it('takes a baked file and a raw one, by whichever compilation', async () => {
    const file = (baked.weights as Uint8Array).slice();
    const unbaked = await raw.instantiate();
    for (const source of [undefined, file, file.buffer, Buffer.from(file)]) await expectLoads(source);
    await expectLoads(file, unbaked);
    await expectLoads(undefined, unbaked);
    await expectLoads(raw.weights as Uint8Array);
  });

  it("takes tensors by the model's names, and a live model, through the load stage", async () => {
    const { tensors } = takenApart(raw.weights as Uint8Array);
    const named = Object.fromEntries(
      [...tensors].map(([name, { shape, bytes }]) => [name, tf.tensor(new Float32Array(bytes.buffer), [...shape])]),
    );
    const live = { weights: Object.entries(named).map(([name, tensor]) => ({ name, read: () => tensor })) };
    before += Object.keys(named).length;
    await expectLoads(named);
    await expectLoads(live);
    tf.dispose(named);
    before -= Object.keys(named).length;
  });

  it('reads a file it opened where the bytes are, and copies what is handed in', async () => {
    const path = join(folder, 'digits.safetensors');
    writeFileSync(path, baked.weights as Uint8Array);
    const w = await module.load(pathToFileURL(path));
    const buffers = new Set(Object.values(w).map((tensor) => (tensor.dataSync() as Float32Array).buffer));
    expect(buffers.size).toBe(1);
    module.dispose(w);
    await expectLoads(path);
    const given = (baked.weights as Uint8Array).slice();
    const v = await module.load(given);
    given.fill(0);
    const outputs = module.predict(v, image);
    expectSame(outputs, expected);
    tf.dispose(outputs);
    module.dispose(v);
  });

  it('copies what does not lie where its elements may', async () => {
    const { tensors, metadata } = takenApart(baked.weights as Uint8Array);
    const file = safetensorsFile(tensors, { ...metadata, padding: '' });
    const odd = [0, 1, 2, 3].map((n) => safetensorsFile(tensors, { ...metadata, padding: 'x'.repeat(n) }));
    expect(new Set([file, ...odd].map(({ length }) => length % 4)).size).toBe(4);
    const path = join(folder, 'odd.safetensors');
    for (const shifted of odd) {
      writeFileSync(path, shifted);
      await expectLoads(path);
      await expectLoads(shifted);
    }
  });

  type Change = (file: ReturnType<typeof takenApart>) => void;
  const first = (tensors: Map<string, TensorEntry>): [string, TensorEntry] => [...tensors][0] as [string, TensorEntry];
  it.each<[string, Change, RegExp]>([
    [
      'another program',
      ({ metadata }) => void Object.assign(metadata, { program: 'feedfeedfeedfeed' }),
      /baked for program feedfeedfeedfeed in layout [0-9a-f]{16}, this is [0-9a-f]{16} in layout/,
    ],
    [
      'another layout',
      ({ metadata }) => void Object.assign(metadata, { layout: 'x'.repeat(1000) }),
      /baked for program [0-9a-f]{16} in layout x{40}, this is/,
    ],
    ['no program', ({ metadata }) => void delete metadata['program'], /baked for program unknown in layout/],
    ['a missing tensor', ({ tensors }) => void tensors.delete('stem_conv_kernel'), /"stem_conv_kernel" is missing among the baked weights/],
    ['one too many', ({ tensors }) => void tensors.set('__proto__', first(tensors)[1]), /"__proto__" is baked, but none of this program's/],
    [
      'another shape',
      ({ tensors }) => void tensors.set('stem_conv_kernel', { ...first(tensors)[1], shape: [3, 3, 16, 1] }),
      /"stem_conv_kernel" is baked as float32\[3,3,16,1\], expected float32\[3,3,1,16\]/,
    ],
    [
      'another dtype',
      ({ tensors }) => void tensors.set('stem_conv_kernel', { ...first(tensors)[1], dtype: 'I32' }),
      /"stem_conv_kernel" is baked as int32\[3,3,1,16\], expected float32/,
    ],
    [
      'quantisation that makes it integers',
      ({ tensors, metadata }) => {
        tensors.set('stem_conv_kernel', { dtype: 'U8', shape: [3, 3, 1, 16], bytes: new Uint8Array(144) });
        metadata['quantization'] = JSON.stringify({ stem_conv_kernel: { scale: 1, min: 0, dtype: 'int32' } });
      },
      /"stem_conv_kernel" is baked as int32/,
    ],
    ['baked weights that say they are raw', ({ metadata }) => void Object.assign(metadata, { stage: 'raw' }), /^weight ".*" is missing/],
  ])('refuses %s', async (_, change, message) => {
    const file = takenApart(baked.weights as Uint8Array);
    change(file);
    await expect(module.load(safetensorsFile(file.tensors, file.metadata))).rejects.toThrow(message);
  });

  it('refuses raw weights that say they are baked, and a file that is cut off', async () => {
    const { tensors, metadata } = takenApart(raw.weights as Uint8Array);
    const lies = { ...takenApart(baked.weights as Uint8Array).metadata, ...metadata, stage: 'baked' };
    await expect(module.load(safetensorsFile(tensors, lies))).rejects.toThrow('is missing among the baked weights');
    const file = baked.weights as Uint8Array;
    for (const length of [0, 7, 100, file.length - 1])
      await expect(module.load(file.slice(0, length))).rejects.toThrow('not a valid safetensors file');
  });

  it('refuses the baked file of another output, naming both programs', async () => {
    const other = await compile(DIGITS, { bake: true, outputs: ['aux'] });
    const both = new RegExp(`baked for program ${other.summary.program.hash} .*, this is ${baked.summary.program.hash} `);
    await expect(module.load(other.weights as Uint8Array)).rejects.toThrow(both);
  });
});

describe('what cannot be baked', () => {
  it('is a model without weights, or where none are wanted', async () => {
    const { topology, artifacts } = twoHeads();
    await expect(compile(topology, { bake: true })).rejects.toMatchObject({ code: 'bake-no-weights' });
    await expect(compile(artifacts as never, { bake: true, weights: 'none' })).rejects.toMatchObject({ code: 'bake-no-weights' });
    const { weights } = await compile(topology, { bake: true, weightsFrom: artifacts as never });
    expect(namesIn(weights).length).toBeGreaterThan(0);
  });

  const TEXT = { dtype: 'str', shape: [2] } as const;
  const load = { stage: 'load', attrs: {}, layers: ['words'] } as const;
  const word = { name: '%word', type: TEXT };
  const program = (ops: Program['ops'], value: string): Program => ({
    name: 'p',
    model: 'm',
    inputs: [],
    weights: [{ name: '@w', type: { dtype: 'i32', shape: [2] }, layer: 'l', variable: 'w', position: 0, frozen: false }],
    ops,
    outputs: [{ key: 'y', value }],
    cuts: [],
    features: null,
  });

  it('is a text that weights choose', () => {
    const lookup = { ...load, op: 'gatherTexts', operands: ['@w', '%all'], results: [word] };
    const all = { ...load, op: 'strings', operands: [], results: [{ name: '%all', type: TEXT }] };
    expect(unbakeable(program([all, lookup], '%word'))).toBe('it holds texts that are chosen by weights');
    expect(unbakeable(program([all, lookup], '%all'))).toBeNull();
  });

  it('is a tensor of unknown size', () => {
    const op = {
      ...load,
      op: 'where',
      operands: ['@w'],
      results: [{ name: '%some', type: { dtype: 'i32' as const, shape: ['?some.0'] } }],
    };
    expect(unbakeable(program([op], '%some'))).toBe('the size of some is known only when it is computed');
  });

  it('is told where the load stage fails', async () => {
    const { analysis } = await compile(DIGITS);
    const broken = analysis.program.weights.map(({ layer, variable, type }) => ({
      name: `${layer}/${variable}`,
      shape: type.shape.map(Number),
      dtype: 'float32' as const,
      stored: { dtype: 'float32' as const },
      bytes: new Uint8Array(4),
    }));
    await expect(bake(analysis.program, broken)).rejects.toThrow('not a valid safetensors file');
  });
});

describe('skipc compile --bake', () => {
  let cli: BuiltCli;
  const here = join(folder, 'cli');
  beforeAll(async () => {
    cli = await buildCli();
    mkdirSync(here);
    twoHeads().save(join(here, 'models'));
  });
  afterAll(() => cli?.dispose());
  const run = (...args: readonly string[]): Promise<Ended> => cli.run(['compile', ...args], { cwd: here });
  const MODEL = 'models/model.json';

  it('writes the file, says so, and can check it', async () => {
    const command = [join(process.cwd(), DIGITS), '--output', 'main', '--bake'];
    const { status, stderr } = await run(...command);
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(/weights +155 kB of 188 kB, baked\n/) });
    expect(readFileSync(join(here, 'main.ts'), 'utf8')).toMatch(/\/\/ {3}skipc compile \S+ --output main --bake\n/);
    const { weights } = await compile(DIGITS, { outputs: ['main'], bake: true });
    expect(Buffer.compare(readFileSync(join(here, 'main.safetensors')), weights as Uint8Array)).toBe(0);
    expect(await run(...command, '--check')).toEqual({ status: 0, stdout: '', stderr: 'up to date\n' });
    const summary = JSON.parse((await run(...command, '--json', '--quiet')).stdout) as object;
    expect(summary).toMatchObject({ weightStage: 'baked' });
    expect(await run(...command.slice(0, -1), '--check')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('stale: main.safetensors\n'),
    });
  });

  it('is refused where no weights are to be written, but not with those in the module', async () => {
    for (const args of [
      ['-o', '-'],
      ['--weights', 'none'],
    ])
      expect(await run(MODEL, '--bake', ...args)).toMatchObject({
        status: 2,
        stdout: '',
        stderr: expect.stringContaining('no weights to bake'),
      });
    expect(await run(MODEL, '--bake', '--weights', 'inline', '-o', '-')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('const WEIGHTS ='),
    });
  });
});
