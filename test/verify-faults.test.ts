import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CompileOptions, compile } from '../src/compile.ts';
import type { Op } from '../src/ir/program.ts';
import { batchNormalization } from '../src/layers/normalization/batch-normalization.ts';
import { parseSafetensors } from '../src/runtime/safetensors.ts';
import type { VerifyOptions } from '../src/verify/options.ts';
import type { Finding, Verification } from '../src/verify/report.ts';
import { runVerification } from '../src/verify/run.ts';
import { scratchFolder } from './built-cli.ts';
import { npy, npz } from './data-files.ts';

/** What a rule or a pass is made to do wrong while a test says so. */
const fault = vi.hoisted(() => ({ scale: false, activation: false }));

vi.mock('../src/rewrite/rules/fold-scale.ts', async (original) => {
  const { foldScale } = await original<typeof import('../src/rewrite/rules/fold-scale.ts')>();
  const apply: typeof foldScale.apply = (op, graph, options) => {
    const outcome = foldScale.apply(op, graph, options);
    if (!fault.scale || outcome === null || 'refused' in outcome) return outcome;
    // The kernel as it was: the scale is lost.
    return outcome.map((each: Op) =>
      each.op === 'conv2d' ? { ...each, operands: each.operands.map((name) => unscaled(name, outcome)) } : each,
    );
  };
  return { foldScale: { ...foldScale, apply } };
});

const unscaled = (name: string, ops: readonly Op[]): string =>
  ops.find(({ op, results }) => op === 'mul' && results[0]?.name === name)?.operands[0] ?? name;

vi.mock('../src/rewrite/rules/fuse-finish.ts', async (original) => {
  const module = await original<Record<string, unknown>>();
  const wrapped = Object.entries(module).map(([key, value]) => {
    const rule = value as { apply?: (...args: unknown[]) => unknown };
    if (typeof rule?.apply !== 'function') return [key, value] as const;
    const apply = (...args: unknown[]): unknown => {
      const outcome = rule.apply?.(...args);
      if (!fault.activation || !Array.isArray(outcome)) return outcome;
      return (outcome as Op[]).map((op) => ({
        ...op,
        attrs: Object.fromEntries(Object.entries(op.attrs).filter(([name]) => name !== 'activation')),
      }));
    };
    return [key, { ...rule, apply }] as const;
  });
  return Object.fromEntries(wrapped);
});

const DIGITS = 'test/models/digits/model.json';
const folder = scratchFolder('verify-faults');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => Object.assign(fault, { scale: false, activation: false }));

const observer = { warn: () => undefined, begin: () => undefined, advance: () => undefined, stage: () => undefined };

const verify = (source: string | object, options: Partial<VerifyOptions> = {}): Promise<Verification> =>
  runVerification(source, {
    compile: {},
    against: { layers: false, files: [] },
    batchSizes: [2],
    seed: 0,
    backends: ['cpu'],
    observer,
    ...options,
  });

let written = 0;

/** Compiles, has the files changed, and verifies them. */
async function verifyEdited(
  source: string | object,
  edit: { readonly code?: (code: string) => string; readonly weights?: (file: Uint8Array) => Uint8Array },
  options: CompileOptions = {},
): Promise<Verification> {
  const compiled = await compile(source, { ...options, name: `edited${written++}` });
  const code = edit.code?.(compiled.code) ?? compiled.code;
  if (edit.code !== undefined) expect(code).not.toBe(compiled.code);
  const path = join(folder, `${compiled.name}.ts`);
  writeFileSync(path, code);
  if (compiled.weights !== null)
    writeFileSync(join(folder, `${compiled.name}.safetensors`), edit.weights?.(compiled.weights) ?? compiled.weights);
  const { outputs, hoist } = options;
  return verify(source, { compile: { ...(outputs === undefined ? {} : { outputs }), hoist }, module: path });
}

function first({ verified, findings }: Verification): Finding {
  expect(verified).toBe(false);
  return findings[0] as Finding;
}

const layersOf = (finding: Finding): string[] => finding.layers.map(({ path }) => path);

/** Replaces exactly one place. */
const swap =
  (from: string | RegExp, to: string) =>
  (code: string): string => {
    const parts = code.split(from);
    expect(parts.length).toBe(2);
    return parts.join(to);
  };

const line = (code: string, text: string): number => code.split('\n').findIndex((each) => each.includes(text)) + 1;

/** Ids with zeros for nothing, a recurrence, and a mean over the steps that count. */
const MASKED = {
  class_name: 'Functional',
  keras_version: '2.15.0',
  config: {
    name: 'masked',
    layers: [
      { class_name: 'InputLayer', name: 'ids', config: { name: 'ids', batch_input_shape: [null, 6], dtype: 'int32' }, inbound_nodes: [] },
      layerOf('Embedding', 'embed', 'ids', { input_dim: 10, output_dim: 4, mask_zero: true }),
      layerOf('LSTM', 'lstm', 'embed', { units: 3, return_sequences: true }),
      layerOf('GlobalAveragePooling1D', 'pool', 'lstm', {}),
      layerOf('Dense', 'y', 'pool', { units: 2, activation: 'sigmoid' }),
    ],
    input_layers: [['ids', 0, 0]],
    output_layers: [['y', 0, 0]],
  },
};

function layerOf(className: string, name: string, from: string, config: object): object {
  return { class_name: className, name, config: { name, ...config }, inbound_nodes: [[[from, 0, 0, {}]]] };
}

describe('a module that somebody has edited', () => {
  it('is verified as it was written, in every form', async () => {
    expect((await verifyEdited(DIGITS, {}, { outputs: ['main'], hoist: 'block2_pool' })).findings).toEqual([]);
    expect((await verifyEdited(DIGITS, {}, { bake: true })).findings).toEqual([]);
    expect((await verifyEdited(DIGITS, {}, { weights: 'inline', backend: 'cpu' })).findings).toEqual([]);
    expect((await verifyEdited(MASKED, {})).findings).toEqual([]);
  });

  it('is verified on the backend that was chosen, whichever it was written for', async () => {
    const written = await verifyEdited(DIGITS, {
      code: (code) => code.replace('import {', "import '@tensorflow/tfjs-of-somebody';\nimport {"),
    });
    expect(written).toMatchObject({ verified: true, backend: 'cpu' });
  });

  const statements: readonly (readonly [name: string, layer: string, from: string | RegExp, to: string])[] = [
    ['another epsilon', 'stem_bn', 'const stem_bn_epsilon: Scalar = scalar(0.001,', 'const stem_bn_epsilon: Scalar = scalar(0.00001,'],
    [
      'a padding',
      'block3_conv1',
      "runConv2d(block2_pool, w.block3_conv1_kernel, { strides: [1, 1], pad: 'same',",
      "runConv2d(block2_pool, w.block3_conv1_kernel, { strides: [1, 1], pad: 'valid',",
    ],
    [
      'strides',
      'block1_conv',
      'runDepthwiseConv2d(stem_relu, w.block1_conv_depthwise_kernel, { strides: [1, 1],',
      'runDepthwiseConv2d(stem_relu, w.block1_conv_depthwise_kernel, { strides: [2, 2],',
    ],
    ['an activation that is dropped', 'block2_relu', "bias: w.block2_bn_shift, activation: 'relu'", 'bias: w.block2_bn_shift'],
    ['an operand', 'block3_add', 'add(block2_pool, block3_bn2)', 'add(block3_bn2, block3_bn2)'],
    [
      'operands that are swapped',
      'main',
      'sub(variables.block2_bn_beta, block2_bn_scaled_mean)',
      'sub(block2_bn_scaled_mean, variables.block2_bn_beta)',
    ],
    ['an axis', 'main_pool', 'mean(block3_relu2, [1, 2], false)', 'mean(block3_relu2, [1, 1], false)'],
    ['a window', 'block1_pool', "maxPool(block1_relu, [2, 2], [2, 2], 'valid')", "maxPool(block1_relu, [1, 1], [2, 2], 'valid')"],
  ];

  it.each(statements.map(([name, layer, from, to]) => [name, layer === 'main' ? 'block2_bn' : layer, from, to] as const))(
    'names the layer and the line of %s: %s',
    async (_, layer, from, to) => {
      const { code } = await compile(DIGITS);
      const finding = first(await verifyEdited(DIGITS, { code: swap(from, to) }));
      expect(finding.fault).toBe('module');
      expect(layersOf(finding)).toContain(layer);
      expect(finding.line).toBe(line(code, String(from)));
    },
  );

  it('names the layer whose mask is dropped', async () => {
    const finding = first(
      await verifyEdited(MASKED, { code: swap('where<Tensor>(lstm_mask_axes, lstm, w.pool_zero) as Tensor3D', 'clone(lstm) as Tensor3D') }),
    );
    expect(layersOf(finding)).toEqual(['pool']);
    expect(finding.case?.inputs).toMatch(/masked|id/);
    const inLoop = first(await verifyEdited(MASKED, { code: swap('select(lstm_mask, lstm_h_next, lstm_h)', 'clone(lstm_h_next)') }));
    expect(layersOf(inLoop)).toEqual(['lstm']);
  });

  it('names the output that is another', async () => {
    const finding = first(await verifyEdited(DIGITS, { code: swap('return { main, aux };', 'return { main: aux, aux: main };') }));
    expect(finding.what).toContain('the output');
    expect(layersOf(finding)).toEqual(['main']);
  });

  it('names the statement that meets a tensor that is disposed', async () => {
    const finding = first(
      await verifyEdited(DIGITS, { code: swap('const block3_bn2: Tensor4D', 'block3_relu1.dispose();\n  const block3_bn2: Tensor4D') }),
    );
    expect(finding.kind).toBe('failure');
    expect(finding.what).toContain('disposed');
    expect(layersOf(finding)).toContain('block3_conv2');
    expect(finding.statement).toContain('const block3_bn2');
  });

  const tensors: readonly (readonly [name: string, layer: string | null, what: string, from: string, to: string])[] = [
    ['a tensor that is kept', 'block3_add', 'leaves 3 tensors behind', 'block3_add.dispose();', 'engine().keep(block3_add);'],
    ['a tensor that is freed too late', 'block1_pool', 'held longer', 'block1_pool.dispose();', ''],
    ['a weight that is freed', 'main', 'disposes of the weight', 'main_pool.dispose();', 'main_pool.dispose();\n  w.main_bias.dispose();'],
    ['an input that is freed', null, 'handed in', 'block1_relu.dispose();', 'block1_relu.dispose();\n  image.dispose();'],
    ['an output that is freed', 'main', 'disposed', 'main_sum.dispose();', 'main_sum.dispose();\n  main.dispose();'],
    ['weights that are not freed', null, 'dispose frees', 'for (const tensor of Object.values(w)) tensor.dispose();', ''],
  ];

  it.each(tensors)('finds %s', async (_, layer, what, from, to) => {
    const finding = first(await verifyEdited(DIGITS, { code: swap(from, to) }));
    expect(finding.what).toContain(what);
    if (layer !== null) expect(layersOf(finding)).toContain(layer);
  });

  it('finds a suffix that is not that of predict', async () => {
    const verification = await verifyEdited(
      DIGITS,
      { code: swap('if (owned) block2_pool.dispose();', 'block2_pool.dispose();') },
      { outputs: ['main'], hoist: 'block2_pool' },
    );
    expect(first(verification).what).toMatch(/suffix/);
  });

  it('refuses a module of another selection or model', async () => {
    const { code, name } = await compile(DIGITS, { outputs: ['aux'], name: 'other', command: 'skipc compile model.json --output aux' });
    const path = join(folder, `${name}.ts`);
    writeFileSync(path, code);
    writeFileSync(join(folder, `${name}.safetensors`), '');
    const refused = { code: 'verify-module-other', hint: expect.stringContaining('skipc compile model.json --output aux') };
    await expect(verify(DIGITS, { compile: { outputs: ['main'] }, module: path })).rejects.toMatchObject(refused);
    await expect(verify(MASKED, { module: path })).rejects.toMatchObject({ code: 'verify-module-other' });
    await expect(verify(DIGITS, { module: join(folder, 'none.ts') })).rejects.toMatchObject({ code: 'verify-module-unreadable' });
  });
});

describe('a weight file that is damaged', () => {
  /** Where a tensor lies in the file. */
  const place = (file: Uint8Array, name: string) => {
    const found = parseSafetensors(file).tensors.find((tensor) => tensor.name === name);
    if (found === undefined) throw new Error(`no tensor ${name}`);
    return found;
  };

  it('names two weights that are swapped, and the layers', async () => {
    const finding = first(
      await verifyEdited(DIGITS, {
        weights(file) {
          const [one, other] = [place(file, 'block3_conv1/kernel'), place(file, 'block3_conv2/kernel')];
          const swapped = file.slice();
          swapped.set(file.subarray(one.start, one.end), other.start);
          swapped.set(file.subarray(other.start, other.end), one.start);
          return swapped;
        },
      }),
    );
    expect(finding.fault).toBe('weights');
    expect(finding.what).toMatch(
      /block3_conv1\/kernel.*values of block3_conv2\/kernel|block3_conv2\/kernel.*values of block3_conv1\/kernel/,
    );
    expect(layersOf(finding)[0]).toMatch(/block3_conv[12]/);
  });

  const flipped = (name: string) => (file: Uint8Array) => {
    const { start } = place(file, name);
    const changed = file.slice();
    // The sign of the first number.
    changed[start + 3] = (changed[start + 3] as number) ^ 0x80;
    return changed;
  };

  it('names a weight of which one value is another', async () => {
    const finding = first(await verifyEdited(DIGITS, { weights: flipped('aux/kernel') }));
    expect(finding).toMatchObject({ fault: 'weights', value: '@aux/kernel', layers: [{ path: 'aux', className: 'Dense' }] });
    expect(finding.what).toContain('1 of 7840 of its values');
  });

  it('names the layer of a baked value that is another', async () => {
    const finding = first(await verifyEdited(DIGITS, { weights: flipped('block2_bn_shift') }, { bake: true }));
    expect(finding.fault).toBe('weights');
    expect(layersOf(finding)).toContain('block2_bn');
  });

  it('says what is wrong with a file that does not load', async () => {
    const finding = first(await verifyEdited(DIGITS, { weights: (file) => file.slice(0, -100) }));
    expect(finding.kind).toBe('failure');
    expect(finding.what).toContain('safetensors');
  });
});

describe('a pass or a layer that computes something else', () => {
  it('names the pass, the rule and the layers of a scale that is lost', async () => {
    fault.scale = true;
    const finding = first(await verify(DIGITS));
    expect(finding).toMatchObject({ fault: 'pass', pass: 'fold', rule: 'fold-scale' });
    expect(layersOf(finding)).toEqual(expect.arrayContaining(['stem_conv', 'stem_bn']));
  });

  it('names the pass and the layers of an activation that is lost', async () => {
    fault.activation = true;
    const finding = first(await verify(DIGITS));
    expect(finding).toMatchObject({ fault: 'pass', pass: 'fuse' });
    expect(layersOf(finding)).toEqual(expect.arrayContaining(['stem_relu']));
  });

  /** As the layer of skipc, with another epsilon. */
  const withEpsilon = (epsilon: number): typeof batchNormalization => ({
    ...batchNormalization,
    lower: (layer) => batchNormalization.lower({ ...layer, config: { ...layer.config, epsilon }, x: layer.x }),
  });
  const otherEpsilon = withEpsilon(1e-5);

  it('names the layer whose row differs from tfjs-layers', async () => {
    const finding = first(await verify(DIGITS, { compile: { plugins: [otherEpsilon] }, against: { layers: true, files: [] } }));
    expect(finding).toMatchObject({ against: 'layers', fault: 'model', layers: [{ path: 'stem_bn', className: 'BatchNormalization' }] });
  });

  it('names the layer that differs from recorded values, where these hold its own', async () => {
    const image = Float32Array.from({ length: 3 * 784 }, (_, i) => Math.sin(i * i));
    const compiled = await compile(DIGITS, { outputs: ['main', 'stem_bn', 'block1_pool'] });
    const tf = await import('@tensorflow/tfjs-core');
    const module = await compiled.instantiate();
    const outputs = module.predict(await module.load(), tf.tensor(image, [3, 28, 28, 1]));
    const arrays = Object.entries(outputs).map(([name, tensor]) => ({
      name,
      shape: tensor.shape,
      values: tensor.dataSync() as Float32Array,
    }));
    const path = join(folder, 'recorded.npz');
    const write = (all: typeof arrays): void =>
      writeFileSync(
        path,
        npz(
          Object.fromEntries([['image', npy([3, 28, 28, 1], image)], ...all.map(({ name, shape, values }) => [name, npy(shape, values)])]),
        ),
      );
    const options = { compile: { outputs: ['main'] }, against: { layers: false, files: [path] } };
    write(arrays);
    expect((await verify(DIGITS, options)).findings).toEqual([]);
    const wrong = { ...options, compile: { ...options.compile, plugins: [otherEpsilon] } };
    expect(first(await verify(DIGITS, wrong))).toMatchObject({ against: path, fault: 'model', layers: [{ path: 'stem_bn' }] });
    write(arrays.filter(({ name }) => name === 'main'));
    const other = { ...options, compile: { ...options.compile, plugins: [withEpsilon(1)] } };
    expect(first(await verify(DIGITS, other)).what).toContain('the output "main" differs');
    write(arrays.filter(({ name }) => name === 'stem_bn'));
    await expect(verify(DIGITS, options)).rejects.toMatchObject({ code: 'verify-nothing-recorded' });
  });
});
