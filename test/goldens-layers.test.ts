import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { availableBackends, useBackend } from './backends.ts';
import { excess, LAYER_TOLERANCE, type LayerCase, layerCases, layerFamilies, tensorsOf } from './golden.ts';

const families = process.env['SKIPC_FAMILIES']?.split(',') ?? layerFamilies();
const backends = await availableBackends();

async function run(model: object, { weights, inputs, outputs }: LayerCase, backend: (typeof backends)[number]): Promise<void> {
  const compiled = await compile(model);
  const module = await compiled.instantiate();
  await useBackend(backend);
  const [variables, given] = [tensorsOf(weights), tensorsOf(inputs)];
  const w = await module.load(variables);
  const before = tf.memory().numTensors;
  const result = module.predict(w, given);
  expect(tf.memory().numTensors - before, 'tensors left behind').toBe(Object.keys(result).length);
  const keys = compiled.summary.outputs.map(({ key }) => key);
  outputs.forEach((expected, i) => {
    const actual = result[keys[i] as string] as Tensor;
    expect(excess(actual, expected, LAYER_TOLERANCE), `${expected.name} beyond tolerance by`).toBeLessThanOrEqual(0);
  });
  module.dispose(w);
  tf.dispose([variables, given, result] as NamedTensorMap[]);
}

describe.each(backends)('on %s', (backend) => {
  afterAll(() => expect(tf.memory().numTensors, 'tensors left in the end').toBe(0));
  for (const family of families) {
    for (const golden of layerCases(family)) {
      it(`${golden.id} as Keras 3`, () => run(golden.keras3, golden, backend));
      const { keras2 } = golden;
      if (keras2 !== null) it(`${golden.id} as Keras 2`, () => run(keras2, golden, backend));
    }
  }
});
