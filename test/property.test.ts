import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { analyse } from '../src/analyse.ts';
import { compile } from '../src/compile.ts';
import type { Program } from '../src/ir/program.ts';
import { tfjsDType } from '../src/ops/elementwise/cast.ts';
import { pipeline } from '../src/rewrite/pipeline.ts';
import { availableBackends, useBackend } from './backends.ts';
import { tensorOf } from './golden.ts';
import { interpret } from './interpreter.ts';
import { randomModels } from './random-models.ts';

const BATCH = 2;
const passes = pipeline.map(({ name }) => name);
const [backend = 'wasm'] = await availableBackends();

beforeAll(() => useBackend(backend));

/** The tensors a program takes, their values following from their names. */
function givenTo({ inputs, weights }: Program): { readonly x: NamedTensorMap; readonly w: NamedTensorMap } {
  const make = (name: string, type: Program['inputs'][number]['type']): Tensor =>
    tensorOf({ name, shape: type.shape.map((dim) => (dim === '?' ? BATCH : Number(dim))), dtype: tfjsDType(type.dtype) as 'float32' });
  return {
    x: Object.fromEntries(inputs.map(({ key, type }) => [key, make(`input/${key}`, type)])),
    w: Object.fromEntries(weights.map(({ layer, variable, type }) => [`${layer}/${variable}`, make(`${layer}/${variable}`, type)])),
  };
}

/** A program's outputs as the interpreter computes them. */
function outputsOf(program: Program, { x, w }: ReturnType<typeof givenTo>): Record<string, number[]> {
  return tf.tidy(() => {
    const given: NamedTensorMap = {};
    for (const { name, key } of program.inputs) given[name] = x[key] as Tensor;
    for (const { name, layer, variable } of program.weights) given[name] = w[`${layer}/${variable}`] as Tensor;
    const values = interpret(program, given, () => {});
    return Object.fromEntries(program.outputs.map(({ key, value }) => [key, [...(values[value] as Tensor).dataSync()]]));
  });
}

const numbers = (tensors: NamedTensorMap): Record<string, number[]> =>
  Object.fromEntries(Object.entries(tensors).map(([key, tensor]) => [key, [...tensor.dataSync()]]));

/** The same keys, and values within what reordered float32 arithmetic may differ by. */
function close(found: Record<string, number[]>, expected: Record<string, number[]>): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
  for (const [key, values] of Object.entries(expected)) {
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    expect(found[key]?.length).toBe(values.length);
    const worst = values.reduce((most, value, i) => Math.max(most, Math.abs((found[key]?.[i] ?? Number.NaN) - value)), 0);
    expect(worst / scale, key).toBeLessThan(1e-4);
  }
}

const check = <T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => Promise<void>, numRuns: number): Promise<void> =>
  fc.assert(fc.asyncProperty(arbitrary, property), { numRuns, seed: 20 });

describe('a random model', () => {
  test('has the same values without any of the passes, and without all of them', async () => {
    await check(
      randomModels,
      async ({ model }) => {
        const start = tf.memory().numTensors;
        const { lowered, program } = await analyse(structuredClone(model), { hoist: 'none', checkPasses: true });
        const given = givenTo(lowered);
        const expected = outputsOf(program, given);
        close(outputsOf(lowered, given), expected);
        for (const skipPasses of [...passes.map((pass) => [pass]), passes]) {
          const without = await analyse(structuredClone(model), { hoist: 'none', checkPasses: true, skipPasses });
          close(outputsOf(without.program, given), expected);
        }
        tf.dispose([given.x, given.w]);
        expect(tf.memory().numTensors).toBe(start);
      },
      50,
    );
  });

  test('has the same values as a module, with and without a cut, and leaves no tensor behind', async () => {
    await check(
      fc.tuple(randomModels, fc.nat(99), fc.constantFrom('none', 'name', 'shared', 'auto')),
      async ([{ model, live }, at, kind]) => {
        const { lowered } = await analyse(structuredClone(model), { hoist: 'none' });
        const isFrozen = lowered.weights.some(({ frozen }) => frozen);
        const name = live[at % live.length] as string;
        const hoist = kind === 'name' || (kind === 'shared' && lowered.outputs.length < 2) || (kind === 'auto' && !isFrozen) ? name : kind;
        const compiled = await compile(structuredClone(model), { hoist, checkPasses: true });
        const module = await compiled.instantiate();

        const start = tf.memory().numTensors;
        const given = givenTo(lowered);
        const w = await module.load(given.w);
        const outputs = module.predict(w, given.x);
        close(numbers(outputs), outputsOf(lowered, given));
        if (compiled.summary.features.length > 0) {
          const features = module.prefix?.(w, given.x) ?? {};
          const before = tf.memory().numTensors;
          const again = module.suffix?.(w, features) ?? {};
          expect(tf.memory().numTensors - before).toBe(lowered.outputs.length);
          expect(numbers(again)).toEqual(numbers(outputs));
          tf.dispose([features, again]);
        } else expect(module).not.toHaveProperty('prefix');
        module.dispose(w);
        tf.dispose([outputs, given.x, given.w]);
        expect(tf.memory().numTensors).toBe(start);
      },
      60,
    );
  });
});
