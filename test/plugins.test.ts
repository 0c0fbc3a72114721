import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { anything, array, layer, object, type Value } from '../src/plugin.ts';
import { useBackend } from './backends.ts';
import { type BuiltCli, buildCli, scratchFolder } from './built-cli.ts';
import conditional from './models/conditional/layers.ts';

const MODEL = fileURLToPath(new URL('models/conditional/model.json', import.meta.url));
const PLUGIN = fileURLToPath(new URL('models/conditional/layers.ts', import.meta.url));

interface Topology {
  readonly config: { readonly layers: { readonly config: Record<string, unknown> }[] };
}

/** The example with its flag set either way. */
function model(skip: boolean): Topology {
  const topology = JSON.parse(readFileSync(MODEL, 'utf8')) as Topology;
  (topology.config.layers[2] as Topology['config']['layers'][number]).config['skip_flag'] = skip;
  return topology;
}

const WEIGHTS = {
  'hidden/kernel': [8, 16],
  'hidden/bias': [16],
  'extra/inner/kernel': [16, 16],
  'extra/inner/bias': [16],
  'y/kernel': [16, 3],
  'y/bias': [3],
};

describe('ConditionalActivation, whose flag is known when compiling', () => {
  beforeAll(() => useBackend('cpu'));

  it.each([true, false])('computes what it says with skip_flag %s', async (skip) => {
    const compiled = await compile(model(skip), { plugins: [conditional] });
    expect(compiled.summary.perLayer.find(({ path }) => path === 'extra')?.status).toBe(skip ? 'identity' : 'kept');
    expect(compiled.ir.includes('@extra/inner/kernel')).toBe(!skip);
    const weights = Object.fromEntries(
      Object.entries(WEIGHTS).map(([name, shape]) => [name, tf.randomUniform(shape, -1, 1, 'float32', 7)]),
    );
    const x = tf.randomUniform([2, 8], -1, 1, 'float32', 3);
    const module = await compiled.instantiate();
    const w = await module.load(weights);
    const result = module.predict(w, { x });
    const expected = tf.tidy(() => {
      const dense = (input: tf.Tensor, name: string) =>
        tf.add(tf.matMul(input as tf.Tensor2D, weights[`${name}/kernel`] as tf.Tensor2D), weights[`${name}/bias`] as tf.Tensor);
      const hidden = dense(x, 'hidden');
      return tf.softmax(dense(skip ? hidden : tf.relu(dense(hidden, 'extra/inner')), 'y'));
    });
    const gap = tf.tidy(() => tf.max(tf.abs(tf.sub(result['y'] as tf.Tensor, expected))).dataSync()[0]);
    expect(gap).toBeLessThan(1e-6);
    module.dispose(w);
    tf.dispose([weights, x, result, expected]);
  });

  it('is an unknown layer without the plug-in', async () => {
    await expect(compile(model(false))).rejects.toMatchObject({ code: 'layer-unknown', location: { layer: 'extra' } });
  });
});

describe('a layer that wraps two', () => {
  const both = layer({
    className: 'Both',
    doc: 'the second wrapped layer of the first',
    config: object({ layers: array(anything) }),
    lower: (call) => call.config.layers.reduce<Value>((x, spec) => call.child(spec).call([x]).values[0] ?? x, call.x),
  });
  const dense = (name: string) => ({ class_name: 'Dense', config: { name, units: 3 } });
  const model = (...names: readonly string[]) => ({
    class_name: 'Sequential',
    config: {
      name: 'm',
      layers: [
        { class_name: 'InputLayer', config: { name: 'x', batch_input_shape: [null, 3], dtype: 'float32' } },
        { class_name: 'Both', config: { name: 'both', layers: names.map(dense) } },
      ],
    },
  });

  it('declares the variables of each below its name', async () => {
    const { analysis } = await compile(model('a', 'b'), { plugins: [both] });
    const kernels = analysis.program.weights.map(({ name }) => name).filter((name) => name.endsWith('kernel'));
    expect(kernels).toEqual(['@both/a/kernel', '@both/b/kernel']);
  });

  it('is refused where they have one name, under which they would share their variables', async () => {
    await expect(compile(model('a', 'a'), { plugins: [both] })).rejects.toMatchObject({ code: 'layer-duplicate' });
  });
});

describe('Lambda layers', () => {
  const lambda = (name: string) => ({
    class_name: 'Sequential',
    config: {
      name: 'm',
      layers: [
        { class_name: 'InputLayer', config: { name: 'x', batch_input_shape: [null, 3], dtype: 'float32' } },
        { class_name: 'Lambda', config: { name, function: ['4wEAAAAAAAAA', null, null], function_type: 'lambda' } },
      ],
    },
  });

  it('are never run, and are refused by name', async () => {
    await expect(compile(lambda('distance'))).rejects.toMatchObject({
      code: 'layer-lambda',
      location: { layer: 'distance' },
      hint: expect.stringContaining('"Lambda:distance"') as string,
    });
  });

  it('mean what a row for the layer of that name says', async () => {
    const row = layer({
      className: 'Lambda:distance',
      doc: 'the absolute value',
      config: object({}),
      lower: (call) => call.op('abs', [call.x], {}),
    });
    expect((await compile(lambda('distance'), { plugins: [row] })).ir).toContain('%distance: f32[?,3] = abs %x');
    await expect(compile(lambda('other'), { plugins: [row] })).rejects.toMatchObject({ code: 'layer-lambda' });
  });
});

describe('--plugin', () => {
  let cli: BuiltCli;
  let here: string;
  beforeAll(async () => {
    cli = await buildCli();
  });
  afterAll(() => cli?.dispose());
  beforeEach(() => {
    here = scratchFolder('plugins');
    return () => rmSync(here, { recursive: true, force: true });
  });
  const run = (...args: readonly string[]) => cli.run(args, { cwd: here });

  it('adds rows to compile, ir and inspect, and stands in the banner', async () => {
    mkdirSync(join(here, 'rows'));
    // TypeScript that imports more TypeScript, from a folder where skipc is not installed.
    writeFileSync(join(here, 'rows', 'index.ts'), "import one from './one.ts';\nexport default [one] as const;\n");
    writeFileSync(join(here, 'rows', 'one.ts'), readFileSync(PLUGIN));
    const compiled = await run('compile', MODEL, '--plugin', 'rows/index.ts', '-o', '-');
    expect(compiled).toMatchObject({ status: 0 });
    expect(compiled.stdout).toContain('--plugin rows/index.ts');
    expect((await run('ir', MODEL, '--plugin', 'rows/index.ts')).stdout).toContain('%extra: f32[?,16] = matMul');
    expect((await run('inspect', MODEL, '--plugin', 'rows/index.ts')).stdout).not.toContain('not compiled');
    expect((await run('inspect', MODEL)).stdout).toContain('not compiled');
  });

  it.each([
    ['missing.ts', null, 'plugin-missing'],
    ['broken.ts', 'export default [', 'plugin-failed'],
    ['throws.mjs', "throw new Error('no')", 'plugin-failed'],
    ['empty.ts', 'export const row = 1;', 'plugin-invalid'],
    ['numbers.ts', 'export default [1, 2];', 'plugin-invalid'],
    ['half.ts', "export default { className: 'A' };", 'plugin-invalid'],
  ])('refuses %s', async (name, text, code) => {
    if (text !== null) writeFileSync(join(here, name), text);
    const { status, stderr } = await run('ir', MODEL, '--plugin', name);
    expect({ status, named: stderr.includes(`[${code}]`) && stderr.includes(name) }).toEqual({ status: 2, named: true });
  });
});
