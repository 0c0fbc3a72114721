import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { availableBackends, useBackend } from './backends.ts';
import { arrayOf, cases, modelOf, tensorOf, titleOf } from './operation-cases.ts';

const backends = await availableBackends();

describe.each(backends)('on %s', (backend) => {
  afterAll(() => expect(tf.memory().numTensors, 'tensors left in the end').toBe(0));
  it.each(cases.map((item) => [titleOf(item), item] as const))('%s', async (_, item) => {
    const compiled = await compile(modelOf(item));
    const module = await compiled.instantiate();
    await useBackend(backend);
    const given = Object.fromEntries(item.inputs.map((name) => [name, tensorOf(arrayOf(name))]));
    const w = await module.load({});
    const result = module.predict(w, given);
    const keys = compiled.summary.outputs.map(({ key }) => key);
    expect(keys.length).toBe(item.outputs.length);
    for (const [k, expected] of item.outputs.entries()) {
      const tensor = result[keys[k] as string] as Tensor;
      expect(tensor.shape).toEqual(expected.shape);
      expect(tensor.dtype).toBe(expected.dtype);
      const found = [...tensor.dataSync()];
      const wrong = expected.values.findIndex((value, i) => !isNear(found[i] as number, value));
      expect(wrong < 0 ? null : `${found[wrong]} instead of ${expected.values[wrong]} at ${wrong}`).toBeNull();
    }
    module.dispose(w);
    tf.dispose([given, result]);
  });
});

/** The values are written to five digits, and backends compute in single precision. */
function isNear(found: number, expected: number | null): boolean {
  if (expected === null) return Number.isNaN(found);
  return found === expected || Math.abs(found - expected) <= 1e-4 + 1e-3 * Math.abs(expected);
}
