import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SkipcError } from '../src/diagnostics/error.ts';
import { lossOf, lossTable } from '../src/evaluate/losses/index.ts';
import { metricOf, metricTable } from '../src/evaluate/metrics/index.ts';
import type { Origin } from '../src/model/graph.ts';
import { type Metric, reduceLosses } from '../src/runtime/evaluate/metric.ts';
import type { NDArray } from '../src/runtime/evaluate/ndarray.ts';
import { addSums, noSums, type Sums } from '../src/runtime/evaluate/sums.ts';
import { LAYER_TOLERANCE, type StoredArray, valuesOf } from './golden.ts';

type Stored = Omit<StoredArray, 'name'>;

interface LossCase {
  readonly loss: { readonly class_name: string; readonly config: object };
  readonly y_true: Stored;
  readonly y_pred: Stored;
  readonly sample_weight: Stored;
  readonly value: number;
  /** Null for losses over all samples together. */
  readonly weighted: number | null;
}

interface MetricCase {
  readonly metric: { readonly class_name: string; readonly config: object };
  readonly batches: readonly { readonly y_true: Stored; readonly y_pred: Stored; readonly sample_weight?: Stored }[];
  readonly value: number | readonly number[];
}

const GOLDENS = new URL('fixtures/goldens/evaluate/metrics.json', import.meta.url);
const { losses, metrics } = JSON.parse(readFileSync(GOLDENS, 'utf8')) as {
  losses: readonly LossCase[];
  metrics: readonly MetricCase[];
};

const KERAS3: Origin = { keras: 3, writer: 'keras', version: '3.15.1' };
const KERAS2: Origin = { keras: 2, writer: 'keras', version: '2.15.0' };
const TFJS: Origin = { keras: 2, writer: 'tfjs-layers', version: 'tfjs-layers 4.22.0' };

const arrayOf = (stored: Stored): NDArray => ({ dtype: stored.dtype, shape: stored.shape, data: valuesOf({ name: '', ...stored }) });
const given = (stored: Stored | undefined): NDArray | null => (stored === undefined ? null : arrayOf(stored));

function floats(rows: readonly (number | readonly number[])[]): NDArray {
  const [first] = rows;
  const shape = Array.isArray(first) ? [rows.length, first.length] : [rows.length];
  return { dtype: 'float32', shape, data: Float32Array.from(rows.flat()) };
}

function expectNear(found: number | readonly number[], wanted: number | readonly number[]): void {
  const [values, expected] = [[found].flat(), [wanted].flat()];
  expect(values).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs((values[i] ?? Number.NaN) - value), `${values[i]} instead of ${value}`).toBeLessThanOrEqual(LAYER_TOLERANCE(value));
  }
}

/** Keras does not write the delta of its Huber loss: this one was made with 0.8. */
const complete = (spec: LossCase['loss']): LossCase['loss'] =>
  spec.class_name === 'Huber' ? { ...spec, config: { ...spec.config, delta: 0.8 } } : spec;

describe('losses of Keras', () => {
  it.each(losses.map((each, i) => [i, each.loss.class_name, each] as const))('%i %s', (_, __, each) => {
    const { make, reduction } = lossOf(complete(each.loss), {}, KERAS3);
    const values = make()(arrayOf(each.y_true), arrayOf(each.y_pred));
    expectNear(reduceLosses(values, null, null, reduction), each.value);
    if (each.weighted !== null) expectNear(reduceLosses(values, arrayOf(each.sample_weight), null, reduction), each.weighted);
  });
});

function sumsOf(metric: Metric, batches: MetricCase['batches']): Sums {
  const sums = noSums();
  for (const batch of batches) metric.update(sums, arrayOf(batch.y_true), arrayOf(batch.y_pred), given(batch.sample_weight), null);
  return sums;
}

/** A batch as two: its first sample, and the others. */
function split(batch: MetricCase['batches'][number]): MetricCase['batches'] {
  const cut = (stored: Stored, first: boolean): Stored => {
    const [samples = 0, ...rest] = stored.shape;
    const bytes = Buffer.from(stored.data ?? '', 'base64');
    const part = first ? bytes.subarray(0, bytes.length / samples) : bytes.subarray(bytes.length / samples);
    return { ...stored, shape: [first ? 1 : samples - 1, ...rest], data: part.toString('base64') };
  };
  return [true, false].map((first) => ({
    y_true: cut(batch.y_true, first),
    y_pred: cut(batch.y_pred, first),
    ...(batch.sample_weight === undefined ? {} : { sample_weight: cut(batch.sample_weight, first) }),
  }));
}

describe('metrics of Keras', () => {
  it.each(metrics.map((each, i) => [i, each.metric.class_name, each] as const))('%i %s', (_, __, { metric: spec, batches, value }) => {
    const named = metricOf(spec, {}, KERAS3);
    const metric = named.make();
    const result = metric.result(sumsOf(metric, batches));
    expectNear(result, value);
    expect(Array.isArray(result)).toBe(named.isList);

    const parts = batches.map((batch) => sumsOf(metric, [batch])).reverse();
    const all = noSums();
    for (const part of parts) addSums(all, part);
    expect(metric.result(all)).toEqual(result);
    // Hinges look at all labels of a batch.
    if (!spec.class_name.endsWith('Hinge')) expect(metric.result(sumsOf(metric, batches.flatMap(split)))).toEqual(result);
  });
});

describe('labels', () => {
  const scores = floats(Array.from({ length: 4 }, () => [0.1, 0.2, 0.7]));
  const loss = (name: string) => lossOf(name, {}, KERAS3).make();

  it('says which label is no class', () => {
    const labels: NDArray = { dtype: 'int32', shape: [4], data: Int32Array.of(0, 1, 2, 12) };
    const message = 'label 12 of sample 3: the output has 3 classes';
    expect(() => loss('sparse_categorical_crossentropy')(labels, scores)).toThrow(message);
    expect(() => loss('CategoricalGeneralizedCrossEntropy')(labels, scores)).toThrow(message);
    for (const name of ['accuracy', 'sparse_top_k_categorical_accuracy']) {
      expect(() => metricOf(name, {}, KERAS3).make().update(noSums(), labels, scores, null, null)).toThrow(message);
    }
    const negative = { ...labels, data: Int32Array.of(0, -1, 2, 1) };
    expect(() => loss('sparse_categorical_crossentropy')(negative, scores)).toThrow('label -1 of sample 1: the output has 3 classes');
  });

  it('lets a class be ignored, by the accuracy as a wrong one', () => {
    const labels: NDArray = { dtype: 'int32', shape: [4], data: Int32Array.of(-1, 2, -1, 2) };
    const ignoring = lossOf({ class_name: 'SparseCategoricalCrossentropy', config: { ignore_class: -1 } }, {}, KERAS3);
    expectNear(reduceLosses(ignoring.make()(labels, scores), null, null, ignoring.reduction), -Math.log(0.7));
    const accuracy = metricOf('accuracy', {}, KERAS3, { loss: ignoring });
    expect(accuracy.call.inner?.options).toEqual({ ignoreClass: -1 });
    const sums = noSums();
    accuracy.make().update(sums, labels, scores, null, null);
    expect(accuracy.make().result(sums)).toBe(0.5);
  });

  it('says which label is not a number', () => {
    const labels = floats([[0], [Number.NaN]]);
    const message = 'a label of sample 1 is not a number (NaN)';
    expect(() => loss('mse')(labels, floats([[0], [0]]))).toThrow(message);
    expect(() =>
      metricOf('AUC', {}, KERAS3)
        .make()
        .update(noSums(), labels, floats([[0], [0]]), null, null),
    ).toThrow(message);
    expect(() => loss('sparse_categorical_crossentropy')(labels, floats([[1], [1]]))).toThrow(message);
  });

  it('says which shapes do not fit', () => {
    expect(() => loss('mse')(floats([[1, 2]]), floats([[1, 2, 3]]))).toThrow('labels of shape [1, 2] do not fit an output of shape [1, 3]');
    const losses = loss('mse')(floats([[1], [2]]), floats([[1], [2]]));
    expect(() => reduceLosses(losses, floats([1, 2, 3]), null, 'sum_over_batch_size')).toThrow(
      'sample weights of shape [3] do not fit [2]',
    );
  });

  it('gives what is not a number for predictions that are not', () => {
    const labels = floats([[1], [0]]);
    const nans = floats([[Number.NaN], [0.5]]);
    for (const name of ['mse', 'binary_crossentropy', 'hinge', 'poisson']) {
      expect(reduceLosses(loss(name)(labels, nans), null, null, 'sum_over_batch_size')).toBeNaN();
    }
  });
});

describe('masks', () => {
  const labels = floats([[1], [1], [0]]);
  const predictions = floats([[1], [0.2], [0.2]]);
  const mask: NDArray = { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) };

  it('weigh losses so that the mean is over what counts', () => {
    const { make } = lossOf('mae', {}, KERAS3);
    expectNear(reduceLosses(make()(labels, predictions), null, mask, 'sum_over_batch_size'), 0.1);
    expectNear(reduceLosses(make()(labels, predictions), null, mask, 'sum'), 0.2);
    expectNear(reduceLosses(make()(labels, predictions), null, mask, 'none'), 0.2 / 3);
  });

  it.each([
    ['binary_accuracy', KERAS3, 1],
    ['Recall', KERAS3, 0.5],
    ['Recall', KERAS2, 1],
  ] as const)('%s of %o', (name, origin, value) => {
    const metric = metricOf(name, {}, origin, { isMasked: true }).make();
    const sums = noSums();
    metric.update(sums, labels, predictions, null, mask);
    expect(metric.result(sums)).toBe(value);
  });
});

describe('identifiers', () => {
  it.each([
    ['mse', 'meanSquaredError'],
    ['MSE', 'meanSquaredError'],
    ['MeanSquaredError', 'meanSquaredError'],
    ['meanSquaredError', 'meanSquaredError'],
    ['mean_squared_error', 'meanSquaredError'],
    [{ class_name: 'function', config: 'mean_squared_error', module: 'builtins', registered_name: 'function' }, 'meanSquaredError'],
    [{ class_name: 'LossFunctionWrapper', config: { fn: 'mean_squared_error', name: 'x', reduction: 'auto' } }, 'meanSquaredError'],
    ['kullbackLeiblerDivergence', 'klDivergence'],
    ['ce', 'crossentropyOf'],
  ] as const)('%j', (identifier, factory) => {
    expect(lossOf(identifier, {}, KERAS3).call).toEqual({ factory, options: {} });
  });

  it('keeps the options that are not the usual ones', () => {
    const fn = { module: 'builtins', class_name: 'function', config: 'huber', registered_name: 'function' };
    expect(lossOf({ class_name: 'LossFunctionWrapper', config: { fn, delta: 2, reduction: 'sum' } }, {}, KERAS3)).toMatchObject({
      name: 'huber',
      call: { factory: 'huber', options: { delta: 2 } },
      reduction: 'sum',
      logits: null,
    });
    const wrapper = { class_name: 'MeanMetricWrapper', config: { name: 'acc', dtype: 'float32', fn: 'binary_accuracy', threshold: 0.3 } };
    expect(metricOf(wrapper, {}, KERAS2)).toMatchObject({
      name: 'acc',
      call: { factory: 'meanMetric', options: {}, inner: { factory: 'binaryAccuracy', options: { threshold: 0.3 } } },
    });
    const tensor = { class_name: '__tensor__', config: { value: [1, 2], dtype: 'float32' } };
    expect(metricOf({ class_name: 'AUC', config: { multi_label: true, label_weights: tensor } }, {}, KERAS3).call).toEqual({
      factory: 'auc',
      options: { multiLabel: true, labelWeights: [1, 2] },
    });
  });

  it('reads logits where Keras does', () => {
    expect(lossOf('binary_crossentropy', {}, KERAS3).logits).toEqual({ factory: 'binaryCrossentropy', options: { fromLogits: true } });
    expect(lossOf('binary_crossentropy', {}, TFJS).logits).toBeNull();
    expect(lossOf({ class_name: 'SparseCategoricalCrossentropy', config: { ignore_class: 0 } }, {}, KERAS3).logits).toBeNull();
    expect(lossOf('mse', {}, KERAS3).logits).toBeNull();
    expect(metricOf('CategoricalCrossentropy', {}, KERAS3).logits?.inner?.options).toEqual({ fromLogits: true });
  });

  it('means by a name what its writer means', () => {
    expect(lossOf('hinge', {}, TFJS).call.options).toEqual({ signed: true });
    expect(metricOf('cosine_proximity', {}, TFJS).call.inner?.options).toMatchObject({ negative: true });
    expect(metricOf('cosine_proximity', {}, KERAS2).call.inner?.options).toEqual({ smallestNorm: 1e-6 });
    expect(metricOf('cosine_similarity', {}, KERAS3).call.inner?.options).toEqual({});
    expect(metricOf({ class_name: 'function', config: 'cosine_similarity' }, {}, KERAS3).call.inner?.options).toEqual({ negative: true });
    expect(metricOf('precision', {}, TFJS).call.factory).toBe('precisionOfBatches');
    expect(metricOf('acc', {}, TFJS, { loss: lossOf('binary_crossentropy', {}, TFJS) }).call.inner?.factory).toBe('binaryAccuracy');
  });

  const codeOf = (work: () => unknown): unknown => {
    try {
      work();
    } catch (error) {
      return error instanceof SkipcError ? [error.code, error.message, error.hint] : error;
    }
    return null;
  };

  it.each([
    ['mean_sqared_error', 'loss-unknown', 'mean_squared_error'],
    ['constructor', 'loss-unknown', 'constructor'],
    [{ class_name: '__proto__', config: {} }, 'loss-unknown', '__proto__'],
    [{ class_name: 'MeanSquaredError', config: {}, registered_name: 'mine>MeanSquaredError' }, 'loss-unknown', 'mine>MeanSquaredError'],
    [{ class_name: '__lambda__', config: { value: 'x' } }, 'loss-unknown', 'lambda'],
    [{ class_name: 'function', config: 'my_loss' }, 'loss-unknown', 'my_loss'],
    [null, 'loss-unknown', 'null'],
    [['mse'], 'loss-unknown', 'mse'],
    ['ctc', 'evaluation-unsupported', 'CTC'],
    [{ class_name: 'MeanSquaredError', config: { dtype: 'float16' } }, 'evaluation-unsupported', 'float16'],
    [{ class_name: 'Huber', config: { detla: 2 } }, 'config-invalid', 'detla'],
    [{ class_name: 'Huber', config: { delta: 'much' } }, 'config-invalid', 'much'],
    [{ class_name: 'Huber', config: { reduction: 'avg' } }, 'config-invalid', 'avg'],
    [{ class_name: 'CategoricalGeneralizedCrossEntropy', config: { q: 1 } }, 'config-invalid', 'between 0 and 1'],
  ])('refuses the loss %j', (identifier, code, text) => {
    const found = codeOf(() => lossOf(identifier, {}, KERAS3));
    expect(found).toMatchObject([code, expect.anything(), expect.anything()]);
    expect(String(found)).toContain(text);
  });

  it.each([
    ['acuracy', 'metric-unknown', 'accuracy'],
    [{ class_name: 'Mean', config: {} }, 'evaluation-unsupported', 'Mean'],
    [{ class_name: 'MeanIoU', config: {} }, 'config-invalid', 'num_classes'],
    [{ class_name: 'IoU', config: { num_classes: 2, target_class_ids: [2] } }, 'config-invalid', 'below 2'],
    [{ class_name: 'Precision', config: { thresholds: [0.5, 2] } }, 'config-invalid', '1'],
    [{ class_name: 'AUC', config: { num_labels: 3 } }, 'config-invalid', 'multi_label'],
    [{ class_name: 'MeanIoU', config: { num_classes: 1e12 } }, 'config-invalid', '1000000'],
  ])('refuses the metric %j', (identifier, code, text) => {
    const found = codeOf(() => metricOf(identifier, {}, KERAS3));
    expect(found).toMatchObject([code, expect.anything(), expect.anything()]);
    expect(String(found)).toContain(text);
  });

  it('has a line for each in its table, and knows it by all its names', () => {
    for (const [name, names, doc] of lossTable().filter(([, , text]) => !text.endsWith('(refused)'))) {
      expect(doc).toMatch(/^.{5,}[^.]$/);
      for (const alias of [name, ...names]) expect(lossOf(alias, {}, KERAS3).className).toBe(name);
    }
    for (const [, , doc] of metricTable()) expect(doc).toMatch(/^.{5,}[^.]$/);
  });
});
