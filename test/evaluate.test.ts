import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { io, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';
import {
  type LayersModel,
  layers,
  loadLayersModel,
  model as makeModel,
  type SymbolicTensor,
  input as symbolicInput,
} from '@tensorflow/tfjs-layers';
import { describe, expect, it, vi } from 'vitest';
import { compile } from '../src/compile.ts';
import { FeatureCache } from '../src/evaluate/feature-cache.ts';
import type { Instance } from '../src/instantiate.ts';
import type { EvaluationData } from '../src/runtime/evaluate/data.ts';
import type { EvaluateOptions } from '../src/runtime/evaluate/evaluate.ts';
import type { Sums } from '../src/runtime/evaluate/sums.ts';
import { availableBackends, useBackend } from './backends.ts';
import { type StoredArray, tensorOf, tensorsOf } from './golden.ts';
import { expectKeras, type KerasRun } from './keras-runs.ts';
import { imageTensor } from './models/digits/accuracy.ts';
import { loadDigits } from './models/digits/load.ts';
import { readSaved } from './models/digits/saved.ts';
import { typeErrors } from './type-check.ts';

interface Run extends KerasRun {
  readonly keras3: object & { readonly config: { readonly name: string } };
}

const runs = JSON.parse(readFileSync(new URL('fixtures/goldens/evaluate/evaluate.json', import.meta.url), 'utf8')) as readonly Run[];
const tensors = (arrays: readonly StoredArray[]): Tensor[] => arrays.map(tensorOf);
const backends = await availableBackends();

type Evaluate = (data: EvaluationData, options?: EvaluateOptions) => Promise<Record<string, number | readonly number[]>>;

/** Loads a program that has an `evaluate`, and frees what it made. */
async function evaluating<T>(
  module: Instance,
  weights: NamedTensorMap | undefined,
  work: (evaluate: Evaluate, w: NamedTensorMap) => Promise<T>,
): Promise<T> {
  const { evaluate } = module;
  if (evaluate === undefined) throw new Error('there is no evaluate');
  const w = await module.load(weights);
  try {
    return await work((data, options) => evaluate(w, data, options), w);
  } finally {
    module.dispose(w);
  }
}

describe.each(backends)('Keras evaluate on %s', (backend) => {
  describe.each(runs.map((run) => [run.keras3.config.name, run] as const))(
    '%s',
    (_, { keras3, weights, x, y, sample_weight: sampleWeight, batch_size: batchSize, result }) => {
      async function evaluated(
        data: (xs: Tensor[], ys: Tensor[], weights: Tensor[] | undefined) => EvaluationData,
      ): Promise<Record<string, number | readonly number[]>> {
        await useBackend(backend);
        const module = await (await compile(keras3)).instantiate();
        const variables = tensorsOf(weights);
        const [xs, ys, given] = [tensors(x), tensors(y), sampleWeight === null ? undefined : tensors(sampleWeight)];
        try {
          return await evaluating(module, variables, async (evaluate) => {
            const before = tf.memory().numTensors;
            const found = await evaluate(data(xs, ys, given), { batchSize });
            expect(tf.memory().numTensors - before, 'tensors left behind').toBe(0);
            return found;
          });
        } finally {
          tf.dispose([variables, xs, ys, given ?? []]);
        }
      }

      it('gives what Keras gives, of tensors', async () => {
        expectKeras(await evaluated((xs, ys, given) => (given === undefined ? [xs, ys] : [xs, ys, given])), result);
      });

      it('gives the same of batches that are made one by one', async () => {
        const found = await evaluated((xs, ys, given) => batches(xs, ys, given, batchSize));
        expectKeras(found, result);
      });

      it('gives the same of a tf.data.Dataset', async () => {
        const found = await evaluated((xs, ys, given) => ({
          async iterator() {
            const iterator = batches(xs, ys, given, batchSize);
            return { next: () => iterator.next() };
          },
        }));
        expectKeras(found, result);
      });
    },
  );
});

/** Batches as dictionaries of one tensor each, or lists. The tensors are the reader's to free where a data set gives them. */
async function* batches(xs: readonly Tensor[], ys: readonly Tensor[], weights: readonly Tensor[] | undefined, size: number) {
  const count = xs[0]?.shape[0] ?? 0;
  for (let from = 0; from < count; from += size) {
    const rows = Math.min(size, count - from);
    const cut = (list: readonly Tensor[]): Tensor[] => list.map((tensor) => tf.slice(tensor, [from], [rows]));
    const made = { xs: cut(xs), ys: cut(ys), ...(weights === undefined ? {} : { sampleWeight: cut(weights) }) };
    yield made;
    tf.dispose(Object.values(made));
  }
}

describe('modules with evaluate', () => {
  it('type-check under strict, with masks, logits, penalties and every factory that is called with options', async () => {
    await useBackend(backends[0] as 'wasm');
    const files: [string, { readonly code: string }][] = [];
    for (const [i, { keras3 }] of runs.entries()) {
      files.push([`run-${i}.ts`, await compile(keras3)]);
    }
    files.push(['hoisted.ts', await compile((runs[2] as Run).keras3, { hoist: 'l' })]);
    files.push(['stateful.ts', await compile(recurrentModel(), { loss: 'mse', hoist: 'memory' })]);
    const metrics = [
      'AUC',
      { class_name: 'Precision', config: { thresholds: [0.2, 0.7] } },
      'F1Score',
      'RootMeanSquaredError',
      'MeanSquaredError',
    ];
    files.push([
      'metrics.ts',
      await compile('test/models/digits/model.json', {
        outputs: ['aux'],
        metrics,
        loss: { class_name: 'CategoricalCrossentropy', config: { label_smoothing: 0.1 } },
      }),
    ]);
    expect(typeErrors(new Map(files.map(([name, { code }]) => [name, code])))).toEqual([]);
  });
});

describe('the digit model against tfjs-layers', () => {
  const { test } = loadDigits();
  const count = 250;

  async function digits(): Promise<readonly [Tensor, Tensor]> {
    const labels = tf.tensor1d(Int32Array.from(test.labels.subarray(0, count)), 'int32');
    const ys = tf.oneHot(labels, 10);
    labels.dispose();
    return [imageTensor(test, 0, count), ys];
  }

  it.each(backends)('gives the losses and accuracies of both heads, cached and not, on %s', async (backend) => {
    await useBackend(backend);
    const module = await (await compile('test/models/digits/model.json', { hoist: 'block1_pool' })).instantiate();
    const [x, y] = await digits();
    const model = await loadLayersModel(io.fromMemory(readSaved('test/models/digits')));
    model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
    const scalars = model.evaluate(x, [y, y], { batchSize: 64 }) as tf.Scalar[];
    // tfjs-layers gives the loss of the first output, then the sum with the second, before it comes to what it has names for.
    const [, loss, mainLoss, auxLoss, mainAccuracy, auxAccuracy] = scalars.map((scalar) => scalar.dataSync()[0] as number);
    await evaluating(module, undefined, async (evaluate) => {
      const plain = await evaluate([x, { main: y, aux: y }], { batchSize: 64 });
      expect(Object.keys(plain)).toEqual(['loss', 'main_loss', 'aux_loss', 'main_accuracy', 'aux_accuracy']);
      [loss, mainLoss, auxLoss, mainAccuracy, auxAccuracy].forEach((wanted, i) => {
        expect(Object.values(plain)[i]).toBeCloseTo(wanted as number, 5);
      });
      const cache = new FeatureCache({ maxBytes: 2 ** 30 });
      const ways: EvaluateOptions[] = [{ cache: true }, { cache: true, id: 'digits' }, { cache }, { cache, id: 'digits' }];
      for (const way of ways) {
        for (const time of ['first', 'second']) expect(await evaluate([x, [y, y]], { batchSize: 64, ...way }), time).toEqual(plain);
      }
      expect(cache.size).toBe(2 * Math.ceil(count / 64));
    });
    tf.dispose([x, y, scalars]);
    model.dispose();
  });

  it('gives the same numbers of parts, to the last bit', async () => {
    await useBackend(backends[0] as 'wasm');
    const module = await (
      await compile('test/models/digits/model.json', { outputs: ['aux'], metrics: ['accuracy', 'AUC', 'F1Score'] })
    ).instantiate();
    const [x, y] = await digits();
    await evaluating(module, undefined, async (evaluate) => {
      const whole = await evaluate([x, y]);
      for (const parts of [2, 3, 7]) {
        const sums: Record<string, Sums> = {};
        let found: unknown;
        for (let part = parts - 1; part >= 0; part--) {
          const numbers = Array.from({ length: Math.ceil(count / 32) }, (_, i) => i).filter((i) => i % parts === part);
          const cut = (tensor: Tensor, from: number): Tensor => tf.slice(tensor, [from], [Math.min(32, count - from)]);
          found = await evaluate(
            numbers.map((i) => ({ xs: () => cut(x, 32 * i), ys: cut(y, 32 * i) })),
            { sums },
          );
        }
        expect(found, `${parts} parts`).toEqual(whole);
      }
    });
    tf.dispose([x, y]);
  });

  it('tells what is wrong with data', async () => {
    await useBackend(backends[0] as 'wasm');
    const module = await (await compile('test/models/digits/model.json', { hoist: 'block1_pool' })).instantiate();
    const [x, y] = await digits();
    const short = tf.slice(y, [0], [7]);
    const wide = tf.zeros([count, 12]);
    const nan = tf.fill([count, 10], Number.NaN);
    const [noImages, noLabels] = [tf.slice(x, [0], [0]), tf.slice(y, [0], [0])];
    await evaluating(module, undefined, async (evaluate) => {
      const before = tf.memory().numTensors;
      const refused = (data: unknown, message: string, options?: EvaluateOptions) =>
        expect(evaluate(data as EvaluationData, options), message).rejects.toThrow(message);
      await refused([x, y], 'labels: one tensor, expected "main", "aux"');
      await refused([x, { main: y }], 'labels of "aux" are missing');
      await refused([x, [y, y, y]], 'a list of 3');
      await refused([x, [short, short]], 'the inputs have 250 samples, the labels 7');
      await refused([x, [y, short]], '7 samples');
      await refused([x, [wide, wide]], '12');
      await refused([x, [nan, nan]], 'NaN');
      await refused([y, [y, y]], 'input "image"');
      await refused([], 'data');
      await refused([noImages, [noLabels, noLabels]], 'there are no samples');
      await refused(undefined, 'data');
      await refused([x, [y, y]], 'batchSize', { batchSize: 0 });
      await refused([{ xs: () => tf.slice(x, [0], [9]), ys: [short, short] }], '7 samples, where the inputs have 9');
      await refused([{ xs: () => tf.clone(x), ys: [y, y] }], 'give the data an id', { cache: true });
      expect(tf.memory().numTensors - before, 'tensors left behind').toBe(0);
    });
    tf.dispose([x, y, short, wide, nan, noImages, noLabels]);
  });
});

function recurrentModel(): LayersModel {
  const steps = symbolicInput({ batchShape: [4, 3, 2], name: 'steps' });
  const memory = layers
    .lstm({ name: 'memory', units: 3, stateful: true, recurrentInitializer: 'glorotUniform' })
    .apply(steps) as SymbolicTensor;
  return makeModel({ inputs: steps, outputs: layers.dense({ name: 'out', units: 1 }).apply(memory) as SymbolicTensor });
}

describe('a stateful layer', () => {
  const wanted = { loss: 'mse', metrics: ['mae'] };

  it('carries its states from batch to batch', async () => {
    await useBackend(backends[0] as 'wasm');
    const model = recurrentModel();
    const module = await (await compile(model, wanted)).instantiate();
    const [x, y] = [tf.randomNormal([12, 3, 2], 0, 1, 'float32', 5), tf.zeros([12, 1])];
    await evaluating(module, undefined, async (evaluate) => {
      model.resetStates();
      const predicted = [0, 4, 8].flatMap((from) => [...(model.predictOnBatch(tf.slice(x, [from], [4])) as Tensor).dataSync()]);
      const before = tf.memory().numTensors;
      const { mae } = await evaluate([x, y], { batchSize: 4 });
      expect(tf.memory().numTensors).toBe(before);
      expect(mae).toBeCloseTo(predicted.reduce((sum, each) => sum + Math.abs(each), 0) / 12, 5);
    });
  });

  it('in the prefix cannot be cached', async () => {
    const module = await (await compile(recurrentModel(), { ...wanted, hoist: 'memory' })).instantiate();
    const [x, y] = [tf.zeros([4, 3, 2]), tf.zeros([4, 1])];
    await evaluating(module, undefined, async (evaluate) => {
      await expect(evaluate([x, y], { cache: true, batchSize: 4 })).rejects.toThrow(
        'the prefix carries "memory:state0", "memory:state1" from batch to batch',
      );
    });
  });

  it('behind the cut is carried on cached features too', async () => {
    await useBackend(backends[0] as 'wasm');
    const steps = symbolicInput({ batchShape: [4, 3, 2], name: 'steps' });
    const embedded = layers.dense({ name: 'embedded', units: 2 }).apply(steps) as SymbolicTensor;
    const settings = { units: 3, stateful: true, recurrentInitializer: 'glorotUniform' } as const;
    const memory = layers.lstm({ name: 'memory', ...settings }).apply(embedded) as SymbolicTensor;
    const model = makeModel({ inputs: steps, outputs: layers.dense({ name: 'out', units: 1 }).apply(memory) as SymbolicTensor });
    const module = await (await compile(model, { ...wanted, hoist: 'embedded' })).instantiate();
    const [x, y] = [tf.randomNormal([12, 3, 2], 0, 1, 'float32', 5), tf.zeros([12, 1])];
    const cache = new FeatureCache();
    const ways: EvaluateOptions[] = [{ cache: true }, { cache }, { cache, id: 'steps' }];
    const w = await module.load(model);
    const before = tf.memory().numTensors;
    for (const change of [0, 1, 2]) {
      model.getLayer('memory').weights[1]?.write(tf.fill([3, 12], change));
      await module.refresh?.(w, model);
      const plain = await module.evaluate?.(w, [x, y], { batchSize: 4 });
      for (const way of ways) expect(await module.evaluate?.(w, [x, y], { batchSize: 4, ...way })).toEqual(plain);
    }
    expect(cache.size).toBe(6);
    expect(tf.memory().numTensors - before, 'but for the filled ones').toBe(3);
    const state = { 'memory:state0': tf.zeros([4, 3]) };
    const given = [{ xs: { steps: tf.zeros([4, 3, 2]), ...state }, ys: tf.zeros([4, 1]) }];
    await expect(module.evaluate?.(w, given, { cache })).rejects.toThrow('the data gives the state "memory:state0"');
    module.dispose(w);
  });
});

/** Two frozen layers of one shape, each with an input of its own, and a head. */
function pair(): LayersModel {
  const inputs = ['a', 'b'].map((name) => symbolicInput({ shape: [3], name }));
  const embedded = inputs.map(
    (each, i) => layers.dense({ name: `embedded${i}`, units: 4, trainable: false }).apply(each) as SymbolicTensor,
  );
  const both = layers.concatenate({ name: 'both' }).apply(embedded) as SymbolicTensor;
  return makeModel({ inputs, outputs: layers.dense({ name: 'out', units: 1 }).apply(both) as SymbolicTensor });
}

describe('evaluate on a cut model', () => {
  async function cut() {
    const model = pair();
    const module = await (await compile(model, { loss: 'mse' })).instantiate();
    if (module.evaluate === undefined || module.refresh === undefined) throw new Error('there is no evaluate');
    return { ...module, evaluate: module.evaluate, refresh: module.refresh, model, w: await module.load(model) };
  }
  const random = (rows: number, seed: number): Tensor => tf.randomNormal([rows, 3], 0, 1, 'float32', seed);

  it('tells apart the inputs that the same tensors are given as, and backends', async () => {
    await useBackend('cpu');
    const { evaluate, w } = await cut();
    const [one, other, y] = [random(8, 1), random(8, 2), tf.zeros([8, 1])];
    const straight: EvaluationData = [{ a: one, b: other }, y];
    const swapped: EvaluationData = [{ b: one, a: other }, y];
    const found = await evaluate(w, straight, { cache: true });
    expect(await evaluate(w, swapped)).not.toEqual(found);
    expect(await evaluate(w, swapped, { cache: true })).toEqual(await evaluate(w, swapped));
    await useBackend('wasm');
    for (const data of [straight, swapped]) expect(await evaluate(w, data, { cache: true })).toEqual(await evaluate(w, data));
  });

  it('stops where its weights are refreshed or disposed of meanwhile, and caches nothing wrong', async () => {
    await useBackend('cpu');
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const { evaluate, refresh, load, dispose, model, w } = await cut();
    const data: EvaluationData = [[random(32, 1), random(32, 2)], tf.zeros([32, 1])];
    const before = await load(model);
    const wanted = await evaluate(before, data, { batchSize: 8 });
    model.getLayer('embedded0').weights[0]?.write(tf.ones([3, 4]));
    const cache = new FeatureCache();
    const refreshing = { batchSize: 8, cache, onBatch: () => void refresh(w, model) };
    await expect(evaluate(w, data, refreshing)).rejects.toThrow('the weights were refreshed while evaluate ran');
    expect(await evaluate(before, data, { batchSize: 8, cache })).toEqual(wanted);
    expect(await evaluate(w, data, { batchSize: 8, cache })).not.toEqual(wanted);
    await expect(evaluate(w, data, { batchSize: 8, onBatch: () => dispose(w) })).rejects.toThrow('disposed while evaluate ran');
    expect(warn.mock.calls.flat().join()).toMatch(/^weights of the prefix changed[^,]*, or cut elsewhere.$/);
    warn.mockRestore();
  });

  it('leaves nothing of data that fails', async () => {
    await useBackend('cpu');
    const { evaluate, w } = await cut();
    const [x, y] = [random(8, 1), tf.zeros([8, 1])];
    const xs = () => [x.clone(), x.clone()];
    const short = { data: new Float32Array(3), shape: [3, 1], dtype: 'float32' };
    const dataset = (make: (step: number) => object) => {
      let step = 0;
      return { iterator: async () => ({ next: async () => ({ done: false, value: make(step++) }) }) };
    };
    const failing: readonly (readonly [message: string, data: unknown, options?: EvaluateOptions])[] = [
      ['the labels 3', [xs, short]],
      ['of type string', [xs, 'labels']],
      ['8 numbers in an array of shape [9,1]', [xs, { ...short, data: new Float32Array(8), shape: [9, 1] }]],
      ['of type number, expected a tensor', [{ xs, ys: [0, 1] }]],
      ['sample weights of "out" are missing', [xs, y, { stray: y }]],
      ['expected [xs, ys]', dataset(() => ({ x: x.clone(), y: [{ deep: y.clone() }] }))],
      ['aborted', dataset(() => ({ xs: xs(), ys: y.clone() })), { signal: AbortSignal.abort() }],
      ['3 samples, where the inputs have 8', dataset((step) => ({ xs: xs(), ys: step < 2 ? y.clone() : short, more: y.clone() }))],
    ];
    const before = tf.memory().numTensors;
    for (const [message, data, options] of failing) {
      await expect(evaluate(w, data as EvaluationData, options), message).rejects.toThrow(message);
      expect(tf.memory().numTensors - before, message).toBe(0);
    }
    const gone = x.clone();
    gone.dispose();
    await expect(evaluate(w, [[x, gone], y], { batchSize: 4 })).rejects.toThrow('an input is disposed');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('counts an empty batch as nothing', async () => {
    const { evaluate, w } = await cut();
    const [x, y] = [random(8, 1), tf.zeros([8, 1])];
    const none = { xs: [tf.zeros([0, 3]), tf.zeros([0, 3])], ys: tf.zeros([0, 1]) };
    expect(await evaluate(w, [none, { xs: [x, x], ys: y }, none])).toEqual(await evaluate(w, [[x, x], y]));
  });
});

describe('names of outputs and metrics', () => {
  function classes(names: readonly string[]) {
    const x = symbolicInput({ shape: [3], name: 'in' });
    const outputs = names.map((name) => layers.dense({ name, units: 2, activation: 'softmax' }).apply(x) as SymbolicTensor);
    return makeModel({ inputs: x, outputs });
  }
  const named = (name: string) => ({ class_name: 'MeanSquaredError', config: { name } });

  it('may be those of methods, of the prototype, of the module, and of losses', async () => {
    await useBackend('cpu');
    for (const names of [['constructor'], ['toString', 'loss', 'heads', 'keep', 'evaluate', 'Evaluation']]) {
      const metrics = ['constructor', '__proto__', 'loss', 'x', 'x', 'x_1'].map(named);
      const { code, instantiate } = await compile(classes(names), { loss: 'categorical_crossentropy', metrics: names.map(() => metrics) });
      expect(typeErrors(new Map([['named.ts', code]]))).toEqual([]);
      await evaluating(await instantiate(), undefined, async (evaluate) => {
        const [x, y] = [random(), tf.oneHot(tf.tensor1d([0, 1, 0, 1, 1], 'int32'), 2)];
        const found = await evaluate([x, names.map(() => y)], { batchSize: 2 });
        expect(Object.keys(found).length).toBe(names.length * 6 + (names.length === 1 ? 1 : names.length + 1));
        const prefix = names.length === 1 ? '' : `${names[0]}_`;
        const same = ['constructor', '__proto__', 'loss_1', 'x', 'x_1', 'x_1_1'].map(
          (name) => Object.getOwnPropertyDescriptor(found, prefix + name)?.value,
        );
        expect(new Set(same).size).toBe(1);
        expect(same[0]).toBeGreaterThan(0);
        expect(Object.entries(await evaluate([x, names.map(() => y), tf.ones([5])], { batchSize: 2 }))).toEqual(Object.entries(found));
      });
    }
  });
  const random = (): Tensor => tf.randomNormal([5, 3], 0, 1, 'float32', 7);

  it('are not those of what only evaluate reads', async () => {
    const dense = (name: string) => ({
      class_name: 'Dense',
      name,
      config: { name, units: 2, activation: 'softmax', kernel_regularizer: { class_name: 'L2', config: { l2: 0.1 } } },
      inbound_nodes: [[['in', 0, 0, {}]]],
    });
    const keras = (names: readonly string[]) => ({
      class_name: 'Functional',
      keras_version: '2.15.0',
      config: {
        name: 'm',
        layers: [
          { class_name: 'InputLayer', name: 'in', config: { name: 'in', batch_input_shape: [null, 3] }, inbound_nodes: [] },
          ...names.map(dense),
        ],
        input_layers: [['in', 0, 0]],
        output_layers: names.map((name) => [name, 0, 0]),
      },
    });
    const loss = 'categorical_crossentropy';
    for (const names of [['x', 'x:logits'], ['penalty:weights']])
      await expect(compile(keras(names), { loss })).rejects.toMatchObject({ code: 'key-duplicate' });
    const { summary } = await compile(keras(['x', 'x:logits']), { loss, outputs: ['x', 'other=x:logits'] });
    expect(summary.outputs.map(({ key }) => key)).toEqual(['x', 'other']);
  });
});
