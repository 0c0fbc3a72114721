import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { type NamedTensorMap, type Tensor, tensor2d } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { ts } from 'ts-morph';
import { afterAll, describe, expect, it } from 'vitest';
import { inspectModel } from '../src/analyse.ts';
import { type CompileOptions, compile } from '../src/compile.ts';
import { SkipcError } from '../src/diagnostics/error.ts';
import { scratchFolder } from './built-cli.ts';
import { SmallModel, twoHeads } from './small-model.ts';
import { typeErrors } from './type-check.ts';

const folder = scratchFolder('hostile');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let folders = 0;
const fresh = (): string => {
  const path = join(folder, String(folders++));
  mkdirSync(path);
  return path;
};

/** The code of the diagnostic that compiling ends with. */
async function codeOf(source: object | string, options: CompileOptions = {}): Promise<string> {
  try {
    await compile(source, options);
  } catch (error) {
    if (error instanceof SkipcError) return error.code;
    throw error;
  }
  return 'compiled';
}

/** Compiles, loads the model's own weights, and checks that every output has the values of plain loops. */
async function checkValues(model: SmallModel, input: string, x: readonly number[], options: CompileOptions = {}): Promise<string> {
  const compiled = await compile(model.artifacts, options);
  const module = await compiled.instantiate();
  const w = await module.load();
  const given: Tensor = tensor2d([[...x]]);
  const result: NamedTensorMap = module.predict(w, given);
  const expected = model.evaluate({ [input]: x });
  const { outputs } = compiled.summary;
  expect(Object.keys(result).sort()).toEqual(outputs.map(({ key }) => key).sort());
  for (const { key, name } of outputs) {
    const values = [...(Object.hasOwn(result, key) ? (result[key] as Tensor).dataSync() : [])];
    const wanted = expected.get(name) ?? [];
    expect(values.length).toBe(wanted.length);
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i] as number, 4);
    });
  }
  for (const tensor of [given, ...Object.values(result)]) tensor.dispose();
  module.dispose(w);
  return compiled.code;
}

const chain = (first: string, second: string, out: string): SmallModel =>
  new SmallModel()
    .input(first, 3)
    .dense(second, first, 4, { activation: 'relu' })
    .dense(out, second, 2, { activation: 'tanh' })
    .output(out);

const NAMES = [
  'x"); process.exit(7); ("',
  "x'); process.exit(7); ('",
  '*/ alert(1) /*',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the point of the test
  '${process.exit(7)}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the point of the test
  '`${process.exit(7)}`',
  '\\',
  "\\'",
  '\\"',
  '//',
  '/*',
  '@ts-expect-error',
  '@ts-nocheck',
  '# sourceMappingURL=x.js',
  "from '@tensorflow/no-such-package'",
  "import '@tensorflow/tfjs-no'",
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'prototype',
  'new\nline',
  'line\u2028separator\u2029',
  'bell\u0007 escape\u001b[2J \u009b31m',
  '\u202egnirts',
  '\ud800',
  '\u0000',
  '😀',
  'Größe',
  '',
  ' ',
  '0',
  '007',
  '-1',
  'x'.repeat(10_000),
  '@0',
  'a@1',
  'a:0',
  'a/b',
  'a=b',
  '%w',
  '@w',
];

/** Names that mean something in the module, in tfjs, in TypeScript. */
const TAKEN = [
  'add relu w tidy Tensor load inputs default features owned variables source options info predict prefix suffix dispose forward',
  'forwardPart1 forwardSuffixPart2 preparePart1 prepare scoped settle checkInputs openWeights takeWeights bakedWeights prepareTexts INPUTS VARIABLES BAKED WEIGHTS Inputs Outputs',
  'Weights Info Object Error undefined NaN let static yield await arguments eval enum this matMul clone scalar cast clipByValue imports',
  'text tensor tensor_2 variable image engine ready key value name shape globalThis process URL async of type',
].flatMap((line) => line.split(' '));

describe('names of layers', () => {
  it.each([...NAMES, ...TAKEN].map((name): [string, string] => [name.length > 40 ? `${name.slice(0, 40)}...` : name, name]))(
    '%j',
    async (_, name) => {
      const input = name === 'first' ? 'other' : 'first';
      await checkValues(chain(input, name, 'out'), input, [1, -2, 3]);
      await checkValues(chain(input, 'hidden', name), input, [1, -2, 3]);
      await checkValues(chain(name, 'hidden', 'out'), name, [1, -2, 3]);
    },
  );

  it('all of them together, in a module that type-checks', async () => {
    const names = [...NAMES, ...TAKEN].filter((name) => name !== 'first');
    const model = new SmallModel().input('first', 3);
    names.forEach((name, i) => {
      model.dense(name, i === 0 ? 'first' : (names[i - 1] as string), 3, { activation: 'tanh', trainable: i > 20 });
    });
    // As outputs too, but for those that are told apart from others only by position.
    model.output(...names);
    const plain = await checkValues(model, 'first', [1, -2, 3]);
    const hoisted = await checkValues(model, 'first', [1, -2, 3], { hoist: 'auto' });
    expect(hoisted).toContain('export function suffix(');
    expect(
      typeErrors(
        new Map([
          ['plain.ts', plain],
          ['hoisted.ts', hoisted],
        ]),
      ),
    ).toEqual([]);
  }, 120_000);

  it('any strings: the module parses, and its values are right', async () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.constantFrom(...NAMES, ...TAKEN),
    );
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { minLength: 3, maxLength: 3 }), async ([first = '', second = '', out = '']) => {
        const code = await checkValues(chain(first, second, out), first, [0.5, 1, -1]);
        const { diagnostics } = ts.transpileModule(code, { reportDiagnostics: true });
        expect(diagnostics).toEqual([]);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the point of the test
        expect(code).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('keys that the user chose, and a model name with line breaks', async () => {
    const model = twoHeads();
    const keys = ['"', "'", '`', '*/', '__proto__', 'constructor', 'a b', '', '\n', 'imports', 'text', '1', 'x'.repeat(1000)].filter(
      (key) => key !== '',
    );
    const compiled = await compile(model.artifacts, { outputs: keys.map((key) => `${key}=aux`), inputs: ['__proto__=image'] });
    expect(compiled.summary.outputs.map(({ key }) => key)).toEqual(keys);
    expect(typeErrors(new Map([['keys.ts', compiled.code]]))).toEqual([]);
    const module = await compiled.instantiate();
    const w = await module.load();
    const result = module.predict(w, { ['__proto__']: tensor2d([[1, 2, 3, 4]]) });
    const expected = model.evaluate({ image: [1, 2, 3, 4] }).get('aux') ?? [];
    for (const key of keys)
      for (const [i, value] of (result[key] as Tensor).dataSync().entries()) expect(value).toBeCloseTo(expected[i] as number, 5);
    expect(new Set(Object.values(result)).size).toBe(keys.length);

    const evil = new SmallModel('a\n"; process.exit(7);\u2028//').input('x', 2).dense('y', 'x', 2).output('y');
    const { code } = await compile(evil.artifacts, { command: 'skipc\nprocess.exit(7)' });
    for (const line of code.split(/[\n\u2028]/).slice(0, 3)) expect(line).toMatch(/^(\/\/|import )/);
  });

  it('a hundred thousand layers of one identifier, and names a megabyte long', async () => {
    const model = new SmallModel().input('x', 2);
    let before = 'x';
    for (let i = 0; i < 2000; i++) {
      const name = String.fromCodePoint(0x4e00 + i);
      model.layer('Activation', name, before, { activation: 'relu' });
      before = name;
    }
    await compile(model.output(before).topology);
    const long = 'n'.repeat(2 ** 20);
    expect(await codeOf(twoHeads().topology, { outputs: [long] })).toBe('name-unknown');
    expect(await codeOf(twoHeads().topology, { outputs: ['='.repeat(2 ** 16)] })).toBe('name-unknown');
    expect(await codeOf(twoHeads().topology, { outputs: ['a/'.repeat(2 ** 16)] })).toBe('name-unknown');
    expect(await codeOf(twoHeads().topology, { skip: ['='.repeat(2 ** 16)] })).toBe('layer-name-unknown');
    expect(await codeOf(new SmallModel().input('x', 2).dense(long, 'x', 2).output(long).topology)).toBe('compiled');
  }, 60_000);

  it.each(['../../x', '/etc/passwd', 'a/b', 'a\\b', '..', '.', '', '\n', '\u0000', '\u2028', '\ud800', 'x'.repeat(101)])(
    'the program name %j leads out of its folder',
    async (name) => {
      expect(await codeOf(twoHeads().topology, { name })).toBe('name-invalid');
    },
  );

  it('names of outputs become a file name of their letters', async () => {
    for (const [name, file] of [
      ['../../etc/passwd', 'etc-passwd'],
      ['😀', 'model'],
      ['a b:c', 'a-b-c'],
      ['x'.repeat(500), 'x'.repeat(60)],
    ] as const)
      expect((await compile(new SmallModel().input('in', 2).dense(name, 'in', 2).output(name).topology)).name).toBe(file);
  });
});

describe('paths of shards', () => {
  const withPath = (path: string, at = fresh()): string => {
    const manifest = [
      {
        paths: [path],
        weights: [
          { name: 'y/kernel', shape: [2, 2], dtype: 'float32' },
          { name: 'y/bias', shape: [2], dtype: 'float32' },
        ],
      },
    ];
    const file = join(at, 'model.json');
    const modelTopology = new SmallModel().input('x', 2).dense('y', 'x', 2).output('y').topology;
    writeFileSync(file, JSON.stringify({ modelTopology, weightsManifest: manifest }));
    return file;
  };

  it.each([
    '../../etc/passwd',
    '/etc/passwd',
    'a/../../x',
    '..',
    '',
    'file:///etc/passwd',
    'http://localhost/x',
    'C:\\x',
    '..\\x',
    'a\u0000b',
  ])('%j is refused', async (path) => {
    expect(await codeOf(withPath(path))).toBe('weights-path');
  });

  it('a link that leads out of the folder is refused, one within it is followed', async () => {
    const at = fresh();
    writeFileSync(join(at, 'real.bin'), Buffer.alloc(24));
    mkdirSync(join(at, 'model'));
    symlinkSync('../real.bin', join(at, 'model', 'out.bin'));
    expect(await codeOf(withPath('out.bin', join(at, 'model')))).toBe('weights-path');
    symlinkSync('real.bin', join(at, 'link.bin'));
    expect(await codeOf(withPath('link.bin', at))).toBe('compiled');
  });

  it('a shard that is a folder, an endless device or a pipe is not read', async () => {
    const at = fresh();
    mkdirSync(join(at, 'folder.bin'));
    // Nothing is there that could be read, so the topology stands alone.
    expect((await compile(withPath('folder.bin', at))).weights).toBeNull();
    symlinkSync('/dev/zero', join(at, 'zero.bin'));
    expect(await codeOf(withPath('zero.bin', at))).toBe('weights-path');
  });
});

describe('weights that cannot be', () => {
  const withWeights = (weights: readonly object[], bytes = 24): object => ({
    modelTopology: new SmallModel().input('x', 2).dense('y', 'x', 2).output('y').topology,
    weightSpecs: weights,
    weightData: new ArrayBuffer(bytes),
  });
  const kernel = { name: 'y/kernel', shape: [2, 2], dtype: 'float32' };
  const bias = { name: 'y/bias', shape: [2], dtype: 'float32' };

  it.each([
    ['as they should be', [kernel, bias], 24, 'compiled'],
    ['one byte short', [kernel, bias], 23, 'weights-truncated'],
    ['negative sizes', [{ ...kernel, shape: [-2, -2] }, bias], 24, 'config-invalid'],
    ['fractions', [{ ...kernel, shape: [2.5, 2] }, bias], 24, 'config-invalid'],
    ['2^53 + 2', [{ ...kernel, shape: [2 ** 53 + 2, 2] }, bias], 24, 'config-invalid'],
    ['more than any file', [{ ...kernel, shape: [2 ** 30, 2 ** 30] }, bias], 24, 'weights-shape'],
    ['more than there is', [{ ...kernel, shape: [2 ** 20, 2 ** 19] }, bias], 24, 'weights-mismatch'],
    ['no name', [{ ...kernel, name: 7 }, bias], 24, 'config-invalid'],
    ['two of one name', [kernel, kernel, bias], 40, 'weights-mismatch'],
    ['another dtype', [{ ...kernel, dtype: 'string' }, bias], 24, 'weights-dtype'],
    ['a scale that is no number', [{ ...kernel, quantization: { dtype: 'uint8', scale: 'NaN', min: 0 } }, bias], 24, 'config-invalid'],
    ['NaN as scale', [{ ...kernel, quantization: { dtype: 'uint8', scale: Number.NaN, min: 0 } }, bias], 24, 'weights-dtype'],
    ['no min', [{ ...kernel, quantization: { dtype: 'uint8', scale: 1 } }, bias], 24, 'weights-dtype'],
    ['an unknown quantisation', [{ ...kernel, quantization: { dtype: 'int4', scale: 1, min: 0 } }, bias], 24, 'weights-dtype'],
  ] as const)('%s', async (_, weights, bytes, code) => {
    expect(await codeOf(withWeights(weights, bytes))).toBe(code);
  });
});

describe('shapes and sizes', () => {
  const withShape = (shape: unknown): object => ({
    class_name: 'Functional',
    config: {
      name: 'm',
      layers: [
        { class_name: 'InputLayer', name: 'x', config: { name: 'x', batch_shape: shape, dtype: 'float32' }, inbound_nodes: [] },
        ...dense,
      ],
      input_layers: [['x', 0, 0]],
      output_layers: [['y', 0, 0]],
    },
  });
  const dense = [{ class_name: 'Dense', name: 'y', config: { name: 'y', units: 2 }, inbound_nodes: [[['x', 0, 0, {}]]] }];

  it.each([
    [[null, 4], 'compiled'],
    [[null, 1e15], 'weight-too-large'],
    [[null, -4], 'config-invalid'],
    [[null, 4.5], 'config-invalid'],
    [[null, 2 ** 53 + 2], 'config-invalid'],
    [[null, '4'], 'config-invalid'],
    [[null, null], 'shape-mismatch'],
    [[null, []], 'config-invalid'],
    ['__proto__', 'config-invalid'],
  ])('an input of shape %j', async (shape, code) => {
    expect(await codeOf(withShape(shape))).toBe(code);
  });

  it('an input of a hundred thousand axes is refused or compiled, and never a bug', async () => {
    expect(await codeOf(withShape([null, ...Array.from({ length: 100_000 }, () => 2)]))).toMatch(
      /^(compiled|shape-mismatch|config-invalid)$/,
    );
  });

  it.each([
    [1e12, 'weight-too-large'],
    [2 ** 53 + 2, 'weight-too-large'],
    [-1, 'config-invalid'],
    [0, 'config-invalid'],
    [1.5, 'config-invalid'],
    ['2', 'config-invalid'],
    [null, 'config-invalid'],
    [{ constructor: 4 }, 'config-invalid'],
  ])('Dense of %j units', async (units, code) => {
    expect(await codeOf(new SmallModel().input('x', 4).layer('Dense', 'y', 'x', { units }, 2).output('y').topology)).toBe(code);
  });
});

describe('graphs', () => {
  const node = (...from: readonly string[]): object[] => [from.map((name) => [name, 0, 0, {}])] as unknown as object[];
  const graph = (layers: readonly object[], output: string): object => ({
    class_name: 'Model',
    config: { name: 'm', layers, input_layers: [['x', 0, 0]], output_layers: [[output, 0, 0]] },
    keras_version: '2.15.0',
  });
  const x = {
    class_name: 'InputLayer',
    name: 'x',
    config: { name: 'x', batch_input_shape: [null, 2], dtype: 'float32' },
    inbound_nodes: [],
  };
  const relu = (name: string, ...from: readonly string[]): object => ({
    class_name: 'Activation',
    name,
    config: { name, activation: 'relu' },
    inbound_nodes: node(...from),
  });

  it('that run in a circle', async () => {
    expect(await codeOf(graph([x, relu('a', 'b'), relu('b', 'a')], 'a'))).toBe('model-cyclic');
    expect(await codeOf(graph([x, relu('a', 'a')], 'a'))).toBe('model-cyclic');
    const long = Array.from({ length: 50_000 }, (_, i) => relu(`l${i}`, `l${(i + 49_999) % 50_000}`));
    expect(await codeOf(graph([x, ...long], 'l7'))).toBe('model-cyclic');
  });

  it('that refer to nothing, or to what objects inherit', async () => {
    for (const name of ['nothing', '__proto__', 'constructor', 'toString'])
      expect(await codeOf(graph([x, relu('a', name)], 'a'))).toBe('layer-missing-reference');
    expect(await codeOf(graph([x, relu('a', 'x'), relu('a', 'x')], 'a'))).toBe('layer-duplicate');
    expect(await codeOf(graph([x, { ...relu('a', 'x'), class_name: '__proto__' }], 'a'))).toBe('layer-unknown');
    expect(await codeOf(graph([x, { ...relu('a', 'x'), class_name: 'constructor' }], 'a'))).toBe('layer-unknown');
    for (const activation of ['__proto__', 'constructor', 'toString'])
      expect(await codeOf(graph([x, { ...relu('a', 'x'), config: { name: 'a', activation } }], 'a'))).not.toBe('compiled');
  });

  it('with a node of a million inputs', async () => {
    const many = Array.from({ length: 1_000_000 }, () => 'x');
    const wide = { ...relu('a'), inbound_nodes: [many.map((name) => [name, 0, 0, {}])] };
    expect(await codeOf(graph([x, { ...wide, class_name: 'Unknown' }], 'a'))).toBe('layer-unknown');
    const summands = { ...relu('a', ...many.slice(0, 50_000)), class_name: 'Add', config: { name: 'a' } };
    expect(await codeOf(graph([x, summands], 'a'))).toBe('compiled');
  }, 30_000);

  it('with configs nested ten thousand deep', async () => {
    let deep: unknown = 1;
    for (let i = 0; i < 10_000; i++) deep = i % 2 ? [deep] : { deep };
    expect(await codeOf(graph([x, { ...relu('a', 'x'), config: { name: 'a', activation: 'relu', deep } }], 'a'))).toBe('nesting-too-deep');
    const file = join(fresh(), 'deep.json');
    writeFileSync(file, `${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(await codeOf(file)).toMatch(/^(nesting-too-deep|json-invalid|not-a-model)$/);
  });

  it('of models nested a hundred levels deep', async () => {
    let inner: object = relu('leaf', 'x');
    const depth = 100;
    for (let i = 0; i < depth; i++) {
      const config = {
        name: `m${i}`,
        layers: [x, inner],
        input_layers: [['x', 0, 0]],
        output_layers: [[i === 0 ? 'leaf' : `m${i - 1}`, i === 0 ? 0 : 1, 0]],
      };
      inner = { class_name: 'Model', name: `m${i}`, config, inbound_nodes: node('x') };
    }
    const { config } = inner as { config: object };
    const compiled = await compile({ class_name: 'Model', config, keras_version: '2.15.0' });
    const module = await compiled.instantiate();
    const given = tensor2d([[-1, 2]]);
    const [result] = Object.values(module.predict(await module.load({}), given));
    expect([...(result as Tensor).dataSync()]).toEqual([0, 2]);
  });

  it('whose nested models call each other into the billions', async () => {
    let inner: object = relu('leaf', 'x');
    for (let i = 0; i < 40; i++) {
      const name = i === 0 ? 'leaf' : `m${i - 1}`;
      const twice = { ...inner, inbound_nodes: [[['x', 0, 0, {}]], [[name, i === 0 ? 0 : 1, 0, {}]]] };
      const config = { name: `m${i}`, layers: [x, twice], input_layers: [['x', 0, 0]], output_layers: [[name, i === 0 ? 1 : 2, 0]] };
      inner = { class_name: 'Model', name: `m${i}`, config, inbound_nodes: node('x') };
    }
    expect(await codeOf({ class_name: 'Model', config: (inner as { config: object }).config, keras_version: '2.15.0' })).toBe(
      'model-too-large',
    );
  }, 60_000);

  it('of a hundred thousand layers compile in seconds, to functions of some 500 ops that are right', async () => {
    const model = new SmallModel().input('x', 1);
    const length = 100_000;
    // Each adds its bias alone: the kernels of one element are 1.
    const layers = Array.from({ length }, (_, i) => ({
      class_name: i % 2 ? 'Activation' : 'Dense',
      name: `l${i}`,
      config: i % 2 ? { name: `l${i}`, activation: 'relu' } : { name: `l${i}`, units: 2, use_bias: false },
      inbound_nodes: node(i === 0 ? 'x' : `l${i - 1}`),
    }));
    expect(model.weights).toEqual([]);
    const specs = layers.flatMap(({ class_name, name }) =>
      class_name === 'Dense' ? [{ name: `${name}/kernel`, shape: [2, 2], dtype: 'float32' }] : [],
    );
    // Swapping two elements is exact, however often.
    const weightData = Float32Array.from({ length: specs.length * 4 }, (_, i) => [0, 1, 1, 0][i % 4] as number).buffer;
    const compiled = await compile({ modelTopology: graph([x, ...layers], `l${length - 1}`), weightSpecs: specs, weightData });
    const sizes = compiled.code
      .split(/^(?:async )?function /m)
      .map((part) => part.split('\n').filter((line) => line.includes(' = ')).length);
    expect(Math.max(...sizes.slice(1))).toBeLessThan(1200);
    const module = await compiled.instantiate();
    const w = await module.load();
    const given = tensor2d([[3, 5]]);
    const result = Object.values(module.predict(w, given))[0] as Tensor;
    expect([...result.dataSync()]).toEqual([3, 5]);
    module.dispose(w);
    result.dispose();
    given.dispose();
  }, 300_000);

  it('are inspected whatever is in them', async () => {
    const { inspection } = await inspectModel(graph([x, { ...relu('a', 'x'), class_name: 'Unknown' }, relu('b', 'a')], 'b'));
    expect(inspection.layers.map(({ path, unsupported }) => [path, unsupported !== null])).toEqual([
      ['a', true],
      ['b', false],
    ]);
  });
});

describe('what was never meant', () => {
  it.each([
    ['null', 'not-a-model'],
    ['[]', 'not-a-model'],
    ['{}', 'not-a-model'],
    ['"\\"{}\\""', 'not-a-model'],
    ['{"__proto__": {"class_name": "Model", "config": {}}}', 'not-a-model'],
    ['{"class_name": "Model", "config": {"__proto__": {"layers": []}}}', 'config-invalid'],
    ['{"class_name": "Model", "config": {"layers": []}}', 'config-invalid'],
    ['{"class_name": {}, "config": {}}', 'config-invalid'],
    ['{"modelTopology": {"node": []}}', 'graph-model'],
    ['PK\u0003\u0004', 'file-damaged'],
    ['{"class_name": "Mod', 'json-invalid'],
    ['', 'file-empty'],
    ['<!doctype html>', 'not-a-model'],
  ])('the file %j', async (text, code) => {
    const file = join(fresh(), 'model.json');
    writeFileSync(file, text);
    expect(await codeOf(file)).toBe(code);
    expect(({} as Record<string, unknown>)['class_name']).toBeUndefined();
  });
});
