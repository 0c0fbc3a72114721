import { readFileSync } from 'node:fs';
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { type CompileOptions, compile } from '../src/compile.ts';
import { FeatureCache } from '../src/evaluate/feature-cache.ts';
import type { EvaluateOptions } from '../src/runtime/evaluate/evaluate.ts';
import { availableBackends, useBackend } from './backends.ts';
import { type StoredArray, tensorOf, tensorsOf } from './golden.ts';
import { expectKeras, expectNear, type KerasRun, type Results } from './keras-runs.ts';

/**
 * What `evaluate` of Keras 3.15 gave. It ran on JAX, with two changes that make it what it is on TensorFlow: the loss of each output
 * counts every batch alike, and losses that a layer's first call adds are not cleared by its second.
 */
interface Run extends KerasRun {
  readonly name: string;
  readonly keras3: object;
  /** The outputs to choose; without it, all. The result is then that of a model which has these alone. */
  readonly outputs?: readonly string[];
}

const runs = JSON.parse(readFileSync(new URL('fixtures/goldens/evaluate/runs.json', import.meta.url), 'utf8')) as readonly Run[];
const backends = await availableBackends();

const runOf = (name: string): Run => {
  const run = runs.find((each) => each.name === name);
  if (run === undefined) throw new Error(`there is no run of ${name}`);
  return run;
};

const isNamed = (list: readonly { readonly name?: string }[]): boolean => list[0]?.name !== undefined;
const given = (list: readonly StoredArray[]): Tensor[] | NamedTensorMap => (isNamed(list) ? tensorsOf(list) : list.map(tensorOf));

/** @param each evaluates again with other options */
async function evaluated(run: Run, options: CompileOptions = {}, each: readonly EvaluateOptions[] = [{}]): Promise<readonly Results[]> {
  const compiled = await compile(run.keras3, { ...(run.outputs === undefined ? {} : { outputs: run.outputs }), ...options });
  expect(compiled.analysis.evaluation.omitted).toEqual([]);
  const module = await compiled.instantiate();
  const { evaluate } = module;
  if (evaluate === undefined) throw new Error('there is no evaluate');
  const variables = tensorsOf(run.weights);
  const w = await module.load(variables);
  const [xs, ys] = [given(run.x), given(run.y)];
  const weights = run.sample_weight === null ? undefined : given(run.sample_weight);
  const before = tf.memory().numTensors;
  const found: Results[] = [];
  for (const one of each) found.push(await evaluate(w, [xs, ys, weights], { batchSize: run.batch_size, ...one }));
  expect(tf.memory().numTensors - before, 'tensors left behind').toBe(0);
  module.dispose(w);
  tf.dispose([variables, xs, ys, weights ?? []]);
  return found;
}

const TWICE = 'one tensor as two outputs';

describe.each(backends)('runs of Keras on %s', (backend) => {
  it.each(runs.filter(({ name }) => name !== TWICE).map((run) => [run.name, run] as const))('%s', async (_, run) => {
    await useBackend(backend);
    const [found] = await evaluated(run);
    expectKeras(found, run.result);
  });

  it('gives each of two outputs that are one tensor its own loss and metrics', async () => {
    await useBackend(backend);
    const run = runOf(TWICE);
    const [found = {}] = await evaluated(run);
    // Keras calls both `p`, and reports the last of them.
    expect(Object.keys(found)).toEqual(['loss', 'p_loss', 'p_1_loss', 'p_mae', 'p_1_mse']);
    for (const [own, keras] of [
      ['loss', 'loss'],
      ['p_1_loss', 'p_loss'],
      ['p_mae', 'p_mae'],
      ['p_1_mse', 'p_mse'],
    ] as const) {
      expectNear(Number(found[own]), run.result[keras] as number, own);
    }
  });
});

describe('cached features', () => {
  // A mask, penalties of weights and of activities of the prefix are features, or are computed when loading.
  it.each([
    ['a masked sequence and a head behind it', 'e'],
    ['a masked sequence and a head behind it', 'h'],
    ['activities of a model on each step', 'time_distributed'],
    ['a nested model that is called twice', 'inner'],
    ['activities of an attention layer', 'att'],
  ])('give the same of %s behind %s, to the last bit', async (name, cut) => {
    await useBackend(backends[0] as 'wasm');
    const run = runOf(name);
    const cache = new FeatureCache({ maxBytes: 2 ** 20 });
    const [plain, first, second] = await evaluated(run, { hoist: cut }, [{}, { cache, id: 'run' }, { cache, id: 'run' }]);
    expectKeras(plain, run.result);
    expect(first).toEqual(plain);
    expect(second).toEqual(plain);
    expect(cache.size).toBeGreaterThan(0);
  });
});

describe('regularizers that are not known', () => {
  const model = (...hidden: readonly object[]): object => ({
    module: 'keras',
    class_name: 'Sequential',
    config: {
      name: 'small',
      layers: [
        { module: 'keras.layers', class_name: 'InputLayer', config: { name: 'steps', batch_shape: [null, 3], dtype: 'int32' } },
        ...hidden.map((layer) => ({ module: 'keras.layers', ...layer })),
      ],
    },
  });
  const embedding = { name: 'embedding', input_dim: 4, output_dim: 2 };

  it.each([
    ['of another name', 'embedding', model({ class_name: 'Embedding', config: { ...embedding, embeddings_regularizer: 'nuclear' } })],
    // Keras on TensorFlow fails there.
    [
      'of integers',
      'sum',
      model(
        { class_name: 'ActivityRegularization', config: { name: 'sum', l1: 0.1, l2: 0 } },
        { class_name: 'Embedding', config: embedding },
      ),
    ],
  ])('leave the loss of the model open: %s', async (_, layer, source) => {
    const { evaluation } = (await compile(source, { loss: 'mse' })).analysis;
    expect(evaluation.isTotal).toBe(false);
    expect(evaluation.heads.map(({ loss }) => loss?.name)).toEqual(['embedding_loss']);
    expect(evaluation.omitted.map(({ code, message }) => [code, message.includes(layer)])).toEqual([['regularizer-unknown', true]]);
  });
});
