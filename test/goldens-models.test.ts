import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { pipeline } from '../src/rewrite/pipeline.ts';
import { availableBackends, useBackend } from './backends.ts';
import { excess, type ModelCase, modelCase, modelTolerance, type Query, tensorOf, tensorsOf } from './golden.ts';

const SMALL = [
  'feature_extractor_classifier',
  'two_branch_merge',
  'inception_aux',
  'nested_two_output_backbone',
  'raw_conv_tap',
  'unet_small',
  'text_bilstm',
  'transformer_small',
  'ops_in_graph',
];
const LARGE = ['frozen_transfer', 'mobilenet_v2', 'resnet50', 'efficientnet_b0'];

const passes = pipeline.map(({ name }) => name);
/** Passes to leave out: none, and where the full matrix is asked for, each alone and all of them. */
const leftOut: readonly (readonly string[])[] = process.env['SKIPC_MATRIX'] ? [[], ...passes.map((name) => [name]), passes] : [[]];

const chosen = process.env['SKIPC_MODELS']?.split(',');
const backends = await availableBackends();

async function run(
  model: object,
  { weights, inputs }: ModelCase,
  { query, inputs: cut = [], outputs }: Query,
  skipPasses: readonly string[],
): Promise<void> {
  const compiled = await compile(model, { ...query, skipPasses });
  const module = await compiled.instantiate();
  const variables = tensorsOf(weights);
  const w = await module.load(variables);
  tf.dispose(variables);
  const given: NamedTensorMap = {};
  for (const { key, name } of compiled.summary.inputs) {
    const stored = cut.find((array) => array.name === key) ?? inputs.find((array) => array.name === name);
    if (stored === undefined) throw new Error(`no values for ${key}`);
    given[key] = tensorOf(cut.includes(stored) ? stored : { ...stored, name: `input/${name}` });
  }
  const before = tf.memory().numTensors;
  const result = module.predict(w, given);
  expect(tf.memory().numTensors - before, 'tensors left behind').toBe(Object.keys(result).length);
  for (const expected of outputs) {
    const actual = result[expected.name] as Tensor;
    expect(excess(actual, expected, modelTolerance(expected)), `${expected.name} beyond tolerance by`).toBeLessThanOrEqual(0);
  }
  if (module.prefix !== undefined && module.suffix !== undefined) {
    const features = module.prefix(w, given);
    const again = module.suffix(w, features);
    for (const [key, tensor] of Object.entries(again)) expect(tensor.dataSync()).toEqual((result[key] as Tensor).dataSync());
    tf.dispose([features, again]);
  }
  module.dispose(w);
  tf.dispose([given, result]);
}

describe.each(backends)('on %s', (backend) => {
  // The plain JavaScript backend takes minutes for the large ones.
  const names = chosen ?? (backend === 'cpu' && process.env['SKIPC_MATRIX'] === undefined ? SMALL : [...SMALL, ...LARGE]);
  for (const name of names) {
    const golden = modelCase(name);
    for (const query of golden.queries) {
      const selection = JSON.stringify(query.query);
      const forms = [
        ['Keras 3', golden.keras3],
        ['Keras 2', golden.keras2],
      ] as const;
      for (const [form, model] of forms) {
        if (model === null) continue;
        for (const skipPasses of leftOut) {
          const without = skipPasses.length > 0 ? ` without ${skipPasses.join(', ')}` : '';
          it(`${name} ${selection} as ${form}${without}`, { timeout: 600_000 }, async () => {
            await useBackend(backend);
            const before = tf.memory().numTensors;
            await run(model, golden, query, skipPasses);
            expect(tf.memory().numTensors, 'tensors left in the end').toBe(before);
          });
        }
      }
    }
  }
});
