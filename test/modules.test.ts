import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import {
  getKernel,
  type KernelFunc,
  memory,
  type NamedTensorMap,
  registerKernel,
  type Tensor,
  tensor1d,
  tensor2d,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CompileOptions, compile } from '../src/compile.ts';
import { SkipcError } from '../src/diagnostics/error.ts';
import { emitBackend } from '../src/emit/backend.ts';
import { toDeclarations, toJavaScript } from '../src/emit/javascript.ts';
import { emitModule } from '../src/emit/module.ts';
import type { Instance } from '../src/instantiate.ts';
import type { Input, Op, Value } from '../src/ir/program.ts';
import { opRow, ops } from '../src/ops/index.ts';
import { backends } from '../src/rewrite/backends.ts';
import { fillDefaults } from '../src/schema/build.ts';
import { type BuiltCli, buildCli, runNode, scratchFolder } from './built-cli.ts';
import { layerCases, layerFamilies, modelCase } from './golden.ts';
import { bodyTypes, opExamples } from './op-examples.ts';
import { SmallModel, twoHeads } from './small-model.ts';
import { typeErrors } from './type-check.ts';

const folder = scratchFolder('modules');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let folders = 0;
const fresh = (): string => {
  const path = join(folder, String(folders++));
  mkdirSync(path);
  return path;
};

const MODELS = [
  'frozen_transfer',
  'feature_extractor_classifier',
  'inception_aux',
  'resnet50',
  'unet_small',
  'nested_two_output_backbone',
  'efficientnet_b0',
  'two_branch_merge',
  'mobilenet_v2',
  'raw_conv_tap',
];

const COST = { layers: 0, parameters: 0, flops: 0 };
const EMPTY_INFO = {
  skipc: '',
  model: { name: '', hash: '' },
  program: '',
  inputs: [],
  features: [],
  outputs: [],
  cost: { before: COST, after: COST, uncounted: 0 },
};

const X = [0.5, -1, 2, 0.25];
const AUX = twoHeads().evaluate({ image: X }).get('aux') as readonly number[];

function expectNear(tensor: Tensor | undefined, expected: readonly number[]): void {
  const values = [...(tensor?.dataSync() ?? [])];
  expect(values.length).toBe(expected.length);
  for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i] as number, 5);
}

describe('types', () => {
  it('modules of all kinds type-check in one strict program', async () => {
    const files = new Map<string, string>();
    const add = async (name: string, source: object, options: CompileOptions = {}): Promise<void> => {
      files.set(`${name}.ts`, (await compile(source, options)).code);
    };
    for (const name of MODELS) {
      const { keras3, queries } = modelCase(name);
      const [query] = queries;
      const whole = await compile(keras3);
      files.set(`${name}.ts`, whole.code);
      if (query !== undefined) await add(`${name}-query`, keras3, query.query);
      const [cut] = whole.summary.cuts;
      if (cut !== undefined) await add(`${name}-hoisted`, keras3, { hoist: cut.name });
    }
    // The first case of each family that is compiled by now.
    for (const family of layerFamilies()) {
      const [golden] = layerCases(family);
      if (golden === undefined) continue;
      try {
        await add(`layer-${family}`, golden.keras3);
      } catch (error) {
        if (!(error instanceof SkipcError) || error.kind !== 'unsupported') throw error;
      }
    }
    const { artifacts } = twoHeads({ frozen: true });
    await add('inline', artifacts, { weights: 'inline' });
    await add('none', artifacts, { weights: 'none', backend: 'cpu' });
    await add('all-weights-out', artifacts, { outputs: ['aux', 'copy=aux', 'stem', 'in=image'] });
    files.set('declared.d.mts', toDeclarations((await compile(artifacts)).code));
    files.set(
      'uses-declared.mts',
      `import { info, load, predict, prefix, suffix, dispose, type Features, type Inputs, type Outputs, type Weights } from './declared.mjs';
      import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
      export async function use(x: Tensor): Promise<Tensor2D> {
        const w: Weights = await load(new URL('http://localhost/w'), { onProgress: (fraction: number) => void fraction });
        const inputs: Inputs = { image: x };
        const features: Features = prefix(w, inputs);
        const { aux, head }: Outputs = suffix(w, features);
        const both: readonly Tensor2D[] = [aux, head, predict(w, x).aux];
        dispose(w);
        return both[info.outputs.length] ?? aux;
      }`,
    );
    expect(files.size).toBeGreaterThan(60);
    expect(typeErrors(files)).toEqual([]);
  }, 300_000);

  it('every op type-checks in every form', () => {
    const inputs: Input[] = [];
    const list: Op[] = [];
    for (const [op, examples] of Object.entries(opExamples)) {
      const row = opRow(op);
      if (row === undefined) throw new Error(`no op ${op}`);
      examples.forEach(({ operands, attrs, body: bodyOf }, i) => {
        const given = operands.map((type, k): Input => ({ name: `%${op}_${i}_${k}`, key: `${op}_${i}_${k}`, type }));
        const names = given.map(({ name }) => name);
        const body = bodyOf?.(names, `${op}_${i}.`);
        const inferred = [row.infer(operands, fillDefaults(row.attrs, attrs), body && bodyTypes(body, given))].flat();
        const results = inferred.map(
          ({ dtype, shape }, k): Value => ({ name: `%${op}_${i}.${k}`, type: { dtype, shape: shape.map((dim) => dim ?? '?new') } }),
        );
        inputs.push(...given);
        list.push({ op, operands: names, attrs, results, stage: 'suffix', layers: [op], ...(body && { body }) });
      });
    }
    const outputs = list.flatMap(({ results }) => results.map(({ name }) => ({ key: name.slice(1), value: name })));
    const program = { name: 'all', model: 'all', inputs, weights: [], ops: list, outputs, cuts: [], features: null };
    const options = { banner: ['Generated'], info: EMPTY_INFO, weights: { from: 'caller' as const }, hash: '', classes: new Map() };
    const code = emitModule(program, options);
    expect(list.length).toBeGreaterThan(100);
    expect(typeErrors(new Map([['ops.ts', code]]))).toEqual([]);
  }, 120_000);

  it('every kernel of every op has a file in each backend that can be taken apart', async () => {
    const { program } = (await compile(twoHeads().topology)).analysis;
    const all = {
      ...program,
      ops: Object.keys(ops).map((op) => ({ op, operands: [], attrs: {}, results: [], stage: 'suffix' as const, layers: [] })),
    };
    const require = createRequire(import.meta.url);
    for (const backend of backends) {
      const code = emitBackend(all, backend);
      expect(code === null).toBe(backend === 'core' || backend === 'node');
      const imports = [...(code ?? '').matchAll(/import (?:\{ (\w+) \} from )?'(@tensorflow\/tfjs-backend-[^']+)';/g)];
      for (const [, config, path = ''] of imports) {
        const root = join(require.resolve(`${path.split('/').slice(0, 2).join('/')}/package.json`), '..');
        const file = join(root, path.split('/').slice(2).join('/'));
        expect(existsSync(file), path).toBe(true);
        if (config !== undefined) expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`export const ${config}\\b`));
      }
    }
  });

  it('on wasm, a kernel that another calls is registered too', async () => {
    const { program } = (await compile(twoHeads().topology)).analysis;
    const folder = join(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'), '../dist/kernels');
    const source = (file: string): string => readFileSync(join(folder, `${file}.js`), 'utf8');
    const reached = (file: string, found: Set<string> = new Set()): Set<string> => {
      if (found.has(file)) return found;
      found.add(file);
      for (const [, next = ''] of source(file).matchAll(/from '\.\/(\w+)'/g)) reached(next, found);
      return found;
    };
    for (const op of Object.keys(ops)) {
      const one = { ...program, ops: [{ op, operands: [], attrs: {}, results: [], stage: 'suffix' as const, layers: [] }] };
      const registered = new Set([...(emitBackend(one, 'wasm') ?? '').matchAll(/\/kernels\/(\w+)'/g)].map(([, file]) => file));
      for (const kernel of registered) {
        const called = [...reached(kernel as string)].filter((file) => /setupFunc:/.test(source(file)));
        expect(
          called.filter((file) => !registered.has(file)),
          `${op} on wasm`,
        ).toEqual([]);
      }
    }
  });
});

describe('the same bytes', () => {
  let cli: BuiltCli;
  beforeAll(async () => {
    cli = await buildCli();
  });
  afterAll(() => cli?.dispose());

  it('twice in one process, and in another', async () => {
    const at = fresh();
    twoHeads({ frozen: true }).save(at);
    writeFileSync(join(at, 'resnet50.json'), JSON.stringify(modelCase('resnet50').keras3));
    for (const [model, args, options] of [
      ['model.json', ['--output', 'aux'], { outputs: ['aux'] }],
      ['resnet50.json', [], {}],
    ] as const) {
      const command = ['skipc', 'compile', model, ...args, '-o', '-'].join(' ');
      const [first, second] = [
        await compile(join(at, model), { ...options, command }),
        await compile(join(at, model), { ...options, command }),
      ];
      expect(second.code).toBe(first.code);
      expect(second.ir).toBe(first.ir);
      expect(second.weights).toEqual(first.weights);
      const { code } = await compile(join(at, model), { ...options, command, weights: 'none' });
      expect((await cli.run(['compile', model, ...args, '-o', '-'], { cwd: at })).stdout).toBe(code);
      expect((await cli.run(['ir', model, ...args], { cwd: at })).stdout).toBe(first.ir);
    }
  });

  it('but for the lines that speak of a layer, when it is renamed', async () => {
    const named = (name: string) =>
      new SmallModel('m').input('x', 3).dense('a', 'x', 4).dense(name, 'a', 4, { activation: 'tanh' }).dense('c', name, 2).output('c');
    const [before, after] = [await compile(named('middle').artifacts), await compile(named('centre').artifacts)];
    const changed = (text: string, other: string): string[] => {
      const lines = new Set(other.split('\n'));
      return text.split('\n').filter((line) => !lines.has(line));
    };
    // The hashes of the model and of the program stand in two lines.
    const others = (text: string, other: string, name: string) =>
      changed(text, other).filter((line) => !line.includes(name) && !/[0-9a-f]{16}/.test(line));
    expect(others(before.code, after.code, 'middle')).toEqual([]);
    expect(others(after.code, before.code, 'centre')).toEqual([]);
    expect(changed(before.code, after.code).length).toBeGreaterThan(5);
    expect(before.code.split('\n').length).toBe(after.code.split('\n').length);
    expect(changed(before.ir, after.ir).filter((line) => !line.includes('middle'))).toEqual([]);
    expect(changed(after.ir, before.ir).filter((line) => !line.includes('centre'))).toEqual([]);
  });
});

describe('load() of a built file', () => {
  const RUN = `await import('@tensorflow/tfjs-backend-cpu');
    const { load, predict, dispose } = await import('./aux.mjs');
    const { engine, tensor2d } = await import('@tensorflow/tfjs-core');
    const options = { signal: AbortSignal.timeout(10_000), onProgress: (fraction) => (last = fraction) };
    let last = -1;
    let outcome;
    try {
      const w = await load(undefined, options);
      outcome = { values: [...predict(w, tensor2d([${JSON.stringify(X)}])).aux.dataSync()], last };
      dispose(w);
    } catch (error) {
      outcome = { message: error.message, tensors: engine().state.numTensors };
    }
    console.log(JSON.stringify(outcome));`;

  async function built(): Promise<string> {
    const at = fresh();
    const { code, weights } = await compile(twoHeads().artifacts, { outputs: ['aux'] });
    writeFileSync(join(at, 'aux.mjs'), toJavaScript(code));
    writeFileSync(join(at, 'aux.safetensors'), weights as Uint8Array);
    writeFileSync(join(at, 'run.mjs'), RUN);
    return at;
  }

  async function outcome(
    at: string,
    script = 'run.mjs',
  ): Promise<{ values?: number[]; last?: number; message?: string; tensors?: number }> {
    const { status, stdout, stderr } = await runNode([script], { cwd: at });
    expect(status, stderr).toBe(0);
    return JSON.parse(stdout.trim().split('\n').at(-1) as string) as object;
  }

  it('reads the file beside it', async () => {
    const { values, last } = await outcome(await built());
    expect(last).toBe(1);
    for (const [i, value] of (values ?? []).entries()) expect(value).toBeCloseTo(AUX[i] as number, 5);
    expect(values?.length).toBe(3);
  });

  it('names the file that is missing, cut short, or a page', async () => {
    const at = await built();
    const file = join(at, 'aux.safetensors');
    truncateSync(file, readFileSync(file).length - 1);
    expect(await outcome(at)).toEqual({
      message: expect.stringMatching(/cannot read weights from file:.*aux\.safetensors: .*cut off/),
      tensors: 0,
    });
    truncateSync(file, 4);
    expect((await outcome(at)).message).toMatch(/aux\.safetensors: .*it has 4 bytes/);
    writeFileSync(file, '<!doctype html><title>Not found</title>');
    expect((await outcome(at)).message).toMatch(/aux\.safetensors: .*it is an HTML page/);
    rmSync(file);
    expect((await outcome(at)).message).toMatch(/aux\.safetensors: .*ENOENT/);
  });

  it('ends with the reason of a signal, and without a backend names the import to add', async () => {
    const at = await built();
    writeFileSync(join(at, 'aborted.mjs'), RUN.replace('AbortSignal.timeout(10_000)', "AbortSignal.abort(new Error('no longer wanted'))"));
    expect(await outcome(at, 'aborted.mjs')).toEqual({ message: 'no longer wanted', tensors: 0 });
    writeFileSync(join(at, 'bare.mjs'), RUN.replace("await import('@tensorflow/tfjs-backend-cpu');", ''));
    expect((await outcome(at, 'bare.mjs')).message).toMatch(/no tfjs backend is registered: add import '@tensorflow\/tfjs-backend-/);
  });

  it('finds a file whose name must be escaped in a URL', async () => {
    const at = fresh();
    const { code, weights } = await compile(twoHeads().artifacts, { outputs: ['aux'], name: 'a #1 ?x 100% é' });
    writeFileSync(join(at, 'aux.mjs'), toJavaScript(code));
    writeFileSync(join(at, 'a #1 ?x 100% é.safetensors'), weights as Uint8Array);
    writeFileSync(join(at, 'run.mjs'), RUN);
    expect((await outcome(at)).values?.length).toBe(3);
  });
});

describe('tensors', () => {
  let module: Required<Instance>;
  let w: NamedTensorMap;
  let image: Tensor;
  beforeAll(async () => {
    const compiled = await compile(twoHeads({ frozen: true }).artifacts);
    expect(compiled.summary.features.map(({ key }) => key)).toEqual(['mixed0']);
    module = (await compiled.instantiate()) as Required<Instance>;
    w = await module.load();
  });
  let before: number;
  beforeEach(() => {
    image = tensor2d([X]);
    before = memory().numTensors;
    return () => {
      // Whatever a call did, the caller's tensors live, and nothing else is left.
      expect(memory().numTensors).toBe(before);
      expect(image.isDisposed).toBe(false);
      image.dispose();
      for (const tensor of Object.values(w)) expect(tensor.isDisposed).toBe(false);
    };
  });
  const grown = (): number => memory().numTensors - before;
  const disposeAll = (tensors: NamedTensorMap): void => {
    for (const tensor of Object.values(tensors)) tensor.dispose();
  };

  it('predict, prefix and suffix leave what they return and no more', () => {
    const outputs = module.predict(w, { image });
    expect(grown()).toBe(2);
    expectNear(outputs['aux'], AUX);
    const features = module.prefix(w, image);
    expect(grown()).toBe(3);
    const again = module.suffix(w, features);
    expect(grown()).toBe(5);
    expect(features['mixed0']?.isDisposed).toBe(false);
    expectNear(again['aux'], AUX);
    for (const tensors of [outputs, features, again]) disposeAll(tensors);
  });

  it.each(['Tanh', 'Relu', 'Add', '_FusedMatMul', 'BatchMatMul'])('nothing is left where %s throws', (kernelName) => {
    const config = getKernel(kernelName, 'cpu');
    const features = module.prefix(w, image);
    const withFeatures = grown();
    let calls = 0;
    const failing: KernelFunc = (parameters) => {
      // Not at its first call: others may have made tensors by then.
      if (++calls === 2 || kernelName === 'Tanh') throw new Error('out of memory');
      return config.kernelFunc(parameters);
    };
    unregisterKernel(kernelName, 'cpu');
    registerKernel({ ...config, kernelFunc: failing });
    try {
      for (const run of [() => module.predict(w, image), () => module.suffix(w, features)]) {
        calls = 0;
        try {
          disposeAll(run());
        } catch (error) {
          expect((error as Error).message).toBe('out of memory');
        }
        expect(grown()).toBe(withFeatures);
      }
    } finally {
      unregisterKernel(kernelName, 'cpu');
      registerKernel(config);
    }
    disposeAll(features);
  });

  it.each([
    ['nothing', undefined, /inputs: found nothing, expected "image"/],
    ['no input', {}, /input "image": found nothing, expected float32\[\?,4\]/],
    ['an array', [[1, 2, 3, 4]], /input/],
    ['another name', () => ({ picture: tensor2d([X]) }), /input "image": found nothing/],
    ['no tensor', { image: [1, 2, 3, 4] }, /input "image": found a value of type object/],
    ['another size', () => ({ image: tensor2d([[1, 2, 3]]) }), /input "image": found float32\[1,3\], expected float32\[\?,4\]/],
    ['another rank', () => ({ image: tensor1d(X) }), /input "image": found float32\[4\] of rank 1/],
    ['strings', () => ({ image: tensor2d([['a', 'b', 'c', 'd']] as never) }), /input "image": found string\[1,4\]/],
  ])('%s is refused before any op runs', (_, given, message) => {
    const value = (typeof given === 'function' ? given() : given) as NamedTensorMap;
    const tensors = grown();
    for (const run of [module.predict, module.prefix]) expect(() => run(w, value)).toThrow(message);
    expect(grown()).toBe(tensors);
    for (const tensor of Object.values(value ?? {})) if (typeof tensor?.dispose === 'function') tensor.dispose();
  });

  it('wrong features are refused, and a disposed input', () => {
    const wrong = tensor2d([[1, 2, 3]]);
    expect(() => module.suffix(w, { mixed0: wrong })).toThrow(/feature "mixed0": found float32\[1,3\], expected float32\[\?,6\]/);
    wrong.dispose();
    expect(() => module.predict(w, { image: wrong })).toThrow(/input "image": found a tensor that is disposed/);
  });

  it('equal outputs, and outputs that are inputs or features, are tensors of their own', async () => {
    const compiled = await compile(twoHeads({ frozen: true }).artifacts, { outputs: ['one=aux', 'two=aux', 'mixed0', 'in=image'] });
    const own = (await compiled.instantiate()) as Required<Instance>;
    const weights = await own.load();
    const held = memory().numTensors;
    const outputs = own.predict(weights, image);
    expect(memory().numTensors - held).toBe(4);
    expect(new Set([...Object.values(outputs), image]).size).toBe(5);
    expectNear(outputs['in'], X);
    outputs['one']?.dispose();
    expectNear(outputs['two'], AUX);
    disposeAll(outputs);
    expect(memory().numTensors).toBe(held);
    own.dispose(weights);
  });

  it('integers and booleans are cast, and the given tensors stay', () => {
    const integers = tensor2d([[1, 0, 1, 0]], [1, 4], 'int32');
    const booleans = tensor2d([[1, 0, 1, 0]], [1, 4], 'bool');
    const expected =
      twoHeads()
        .evaluate({ image: [1, 0, 1, 0] })
        .get('aux') ?? [];
    for (const given of [integers, booleans]) {
      const outputs = module.predict(w, given);
      expectNear(outputs['aux'], expected);
      disposeAll(outputs);
      expect(given.isDisposed).toBe(false);
      given.dispose();
    }
  });

  it('dispose frees what load made', async () => {
    const more = await module.load();
    expect(grown()).toBe(Object.keys(more).length);
    module.dispose(more);
  });
});

describe('what is dead', () => {
  const outcome = async (path: string, outputs: readonly string[]): Promise<unknown> => {
    try {
      const compiled = await compile(path, { outputs });
      const module = await compiled.instantiate();
      const w = await module.load();
      const x = tensor2d([X]);
      const result = module.predict(w, x);
      expectNear(result['aux'], AUX);
      for (const tensor of [x, ...Object.values(result)]) tensor.dispose();
      module.dispose(w);
      return 'runs';
    } catch (error) {
      if (!(error instanceof SkipcError)) throw error;
      return { code: error.code, message: error.message };
    }
  };

  it('is not read: its weights may be cut short or missing, live ones may not', async () => {
    const at = fresh();
    const model = twoHeads().save(at);
    const [live, dead] = [join(at, '3.bin'), join(at, '4.bin')];
    truncateSync(dead, 5);
    expect(await outcome(model, ['aux'])).toBe('runs');
    expect(await outcome(model, ['aux', 'head'])).toEqual({
      code: 'weights-truncated',
      message: expect.stringMatching(/head\/(kernel|bias).*4\.bin holds 5 bytes/),
    });
    rmSync(dead);
    expect(await outcome(model, ['aux'])).toBe('runs');
    expect(await outcome(model, ['aux', 'head'])).toEqual({
      code: 'weights-missing',
      message: expect.stringMatching(/head\/(kernel|bias).*"4\.bin"/),
    });
    truncateSync(live, 12);
    expect(await outcome(model, ['aux'])).toEqual({
      code: 'weights-truncated',
      message: expect.stringMatching(/aux\/kernel.*3\.bin holds 12 bytes/),
    });
    rmSync(live);
    expect(await outcome(model, ['aux'])).toEqual({ code: 'weights-missing', message: expect.stringMatching(/aux\/kernel.*"3\.bin"/) });
  });

  it('may hold layers that skipc does not know; a live one is named', async () => {
    const model = twoHeads().layer('MyAttention', 'mine', 'mixed0', { heads: 7 }).output('mine');
    const path = model.save(fresh());
    expect(await outcome(path, ['aux'])).toBe('runs');
    await expect(compile(path, { outputs: ['mine'] })).rejects.toMatchObject({
      code: 'layer-unknown',
      message: expect.stringContaining('"MyAttention"'),
      location: { layer: 'mine', pointer: expect.stringMatching(/\/config\/layers\/\d+$/) },
    });
  });
});
