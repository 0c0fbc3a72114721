import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { analyse } from '../src/analyse.ts';
import { SkipcError } from '../src/diagnostics/error.ts';
import { kernelsOf } from '../src/emit/backend.ts';
import type { Program } from '../src/ir/program.ts';
import { factorOf, isKnown, showType, type TensorType } from '../src/ir/types.ts';
import { verify } from '../src/ir/verify.ts';
import { tfjsDType } from '../src/ops/elementwise/cast.ts';
import { opNames, opRow } from '../src/ops/index.ts';
import { opRules } from '../src/ops/rules.ts';
import { availableBackends, type BackendName, loadTfjsNode, useBackend } from './backends.ts';
import { type LayerCase, layerCases, layerFamilies, tensorsOf } from './golden.ts';
import { interpret, misfit, type Sizes } from './interpreter.ts';
import { bodyTypes, type OpExample, opExamples, SIZES } from './op-examples.ts';

/** Kernels that the module's own plumbing runs are registered as well. */
const everyKernel = [...kernelsOf({ ops: [] } as unknown as Program), ...opNames.flatMap((name) => opRow(name)?.kernels ?? [])];

describe('kernels', () => {
  test.each(['cpu', 'wasm', 'webgl', 'webgpu'])('all are registered for %s', async (backend) => {
    // Registration alone: none of these starts a device when it is imported.
    if (backend === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
    else if (backend === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
    else if (backend === 'webgl') await import('@tensorflow/tfjs-backend-webgl');
    else await import('@tensorflow/tfjs-backend-webgpu');
    expect(missing(backend)).toEqual([]);
  });

  test('all are registered for tfjs-node', ({ skip }) => {
    const node = loadTfjsNode();
    if ('absent' in node) return skip(`tfjs-node does not load here: ${node.absent}`);
    expect(missing('tensorflow')).toEqual([]);
  });

  function missing(backend: string): string[] {
    const registered = new Set((tf.getKernelsForBackend(backend) ?? []).map(({ kernelName }) => kernelName));
    expect(registered.size).toBeGreaterThan(100);
    return everyKernel.filter((kernel) => !registered.has(kernel));
  }
});

test.each(opNames)('%s has a line of documentation', (name) => {
  const doc = opRow(name)?.doc ?? '';
  expect(doc).toMatch(/^\S.*[^.\s]$/);
});

test('every op has examples, and every example an op', () => {
  expect(Object.keys(opExamples).sort()).toEqual([...opNames].sort());
});

const backends = await availableBackends();

/** A tensor of a type, its values as tame as possible: above zero, so that no logarithm, power or quotient is undefined. */
function sample(type: TensorType, sizes: ReadonlyMap<string, number>): Tensor {
  const shape = type.shape.map((dim) => (isKnown(dim) ? dim : (sizes.get(dim.replace(/\*\d+$/, '')) as number) * factorOf(dim)));
  const count = shape.reduce((product, size) => product * size, 1);
  const values = Array.from({ length: count }, (_, i) =>
    type.dtype === 'f32' ? 0.5 + (i % 7) / 8 : type.dtype === 'i32' ? 1 + (i % 2) : i % 2,
  );
  if (type.dtype === 'str')
    return tf.tensor(
      values.map((value, i) => `word ${value} ${i % 3}`.slice(0, 6 + (i % 3))),
      shape,
      'string',
    );
  return tf.tensor(values, shape, tfjsDType(type.dtype) as 'float32');
}

/** A program of one op; null sizes are called after the result, as lowering does. */
function programOf(name: string, { operands, attrs, body: bodyOf }: OpExample): Program {
  const inputs = operands.map((type, i) => ({ name: `%x${i}`, key: `x${i}`, type }));
  const op = { op: name, operands: inputs.map(({ name }) => name), attrs, results: [], stage: 'suffix', layers: ['l'] } as const;
  const body = bodyOf?.(op.operands, '');
  const inferred = opRules.check(op, operands, body && bodyTypes(body, inputs));
  if (typeof inferred === 'string') throw new Error(inferred);
  const results = inferred.map(({ dtype, shape }, k) => ({
    name: `%y${k}`,
    type: { dtype, shape: shape.map((dim, axis) => dim ?? `?y${k}.${axis}`) } as TensorType,
  }));
  const outputs = results.map(({ name }) => ({ key: name.slice(1), value: name }));
  return { name, model: 'm', inputs, weights: [], ops: [{ ...op, results, ...(body && { body }) }], outputs, cuts: [], features: null };
}

/** The values of a program's outputs on a backend. */
async function valuesOn(backend: BackendName, program: Program): Promise<readonly (readonly number[])[]> {
  await useBackend(backend);
  const given = Object.fromEntries(program.inputs.map(({ name, type }) => [name, sample(type, SIZES)]));
  const values = interpret(program, given, () => {});
  return program.outputs.map(({ value }) => [...(values[value] as Tensor).dataSync()]);
}

/** Runs a program op by op, and compares every result's shape and dtype, and the kernels, with what is said of them. */
async function followsItsRows(program: Program, given: NamedTensorMap, sizes: Sizes): Promise<void> {
  const wrong: string[] = [];
  const { kernelNames } = await tf.profile(() => {
    tf.tidy(() => {
      interpret(program, given, (op, results) => {
        if (results.length !== op.results.length) wrong.push(`${op.op} gives ${results.length} results`);
        op.results.forEach(({ name, type }, k) => {
          const fault = misfit(results[k] as Tensor, type, sizes);
          if (fault !== null) wrong.push(`${op.op} gives ${name} as ${fault}`);
        });
      });
    });
  });
  expect(wrong).toEqual([]);
  // tfjs-node composes some kernels of others, and always brings them all.
  if (tf.getBackend() === 'tensorflow') return;
  const declared = new Set(kernelsOf(program));
  expect(kernelNames.filter((kernel) => !declared.has(kernel))).toEqual([]);
}

describe.each(backends)('on %s', (backend) => {
  // One test's tensors are not to be counted in the next, should it fail.
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  describe.each(opNames.map((name) => [name]))('%s', (name) => {
    test.each(
      (opExamples[name] ?? []).map(
        (example) => [example.operands.map(showType).join(' '), JSON.stringify(example.attrs), example] as const,
      ),
    )('%s %s', async (_, __, example) => {
      await useBackend(backend);
      const program = programOf(name, example);
      expect(verify(program, opRules)).toBeNull();
      const given = Object.fromEntries(program.inputs.map(({ name, type }) => [name, sample(type, SIZES)]));
      await followsItsRows(program, given, new Map(SIZES));
      const [found, onCpu] = [await valuesOn(backend, program), await valuesOn('cpu', program)];
      found.forEach((values, k) => {
        for (const [i, value] of values.entries()) {
          const expected = onCpu[k]?.[i] as number;
          if (typeof expected === 'string') expect(value).toBe(expected);
          else if (Number.isNaN(expected)) expect(value).toBeNaN();
          else expect(value).toBeCloseTo(expected, 4);
        }
      });
      tf.dispose(given);
    });
  });

  describe('the programs of the goldens', () => {
    test.each(layerFamilies())('%s', async (family) => {
      await useBackend(backend);
      for (const golden of layerCases(family)) await goldenFollowsItsRows(golden);
    });
  });
});

async function goldenFollowsItsRows(golden: LayerCase): Promise<void> {
  for (const model of [golden.keras3, golden.keras2]) {
    const programs = model === null ? null : await programsOf(model);
    for (const program of programs ?? []) {
      const inputs = tensorsOf(golden.inputs);
      const sizes: Sizes = new Map();
      const given: Record<string, Tensor> = {};
      for (const { name, key, type } of program.inputs) {
        const tensor = tf.cast(inputs[key] as Tensor, tfjsDType(type.dtype) as 'float32');
        expect(misfit(tensor, type, sizes)).toBeNull();
        given[name] = tensor;
      }
      for (const { name, type } of program.weights) given[name] = sample(type, sizes);
      await followsItsRows(program, given, sizes);
    }
  }
}

/** The program before and after the passes, or null where a layer is not compiled yet. */
async function programsOf(model: object): Promise<readonly Program[] | null> {
  try {
    const { lowered, program } = await analyse(structuredClone(model), { checkPasses: true });
    return [lowered, program];
  } catch (error) {
    if (error instanceof SkipcError && error.kind === 'unsupported') return null;
    throw error;
  }
}
