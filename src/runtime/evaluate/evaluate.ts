import { type NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { batchesOf, type Each, type EvaluationData, isAlone, readEach, samplesIn, type TakenBatch, tensorsIn } from './data.ts';
import { type CacheOptions, type EvaluatedPrefix, featureReader } from './features.ts';
import type { Head, HeadMetric } from './heads.ts';
import { reduceLosses } from './metric.ts';
import { type NDArray, numbersIn } from './ndarray.ts';
import { addTo, noSums, type Sums, sumAt } from './sums.ts';

export interface EvaluateOptions extends CacheOptions {
  /** Samples a batch, where the data is not in batches already; 32 as in Keras. */
  readonly batchSize?: number | undefined;
  /** Sums over other parts of the data, by name; those over this part are added to them, and the result is that of all. */
  readonly sums?: Record<string, Sums> | undefined;
  /** Called after each batch with the number of samples so far. */
  readonly onBatch?: ((samples: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A program as evaluation sees it. */
export interface EvaluatedProgram {
  /** Keys of the inputs that must be given. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** What is computed of outputs, by their keys. */
  readonly heads: Readonly<Record<string, Head>>;
  /** False where the sum of the losses is not that of the model, as one of them is not known. */
  readonly isTotal?: boolean;
  /** True where batches count alike in the loss of each output, whatever their sizes. */
  readonly countsBatches?: boolean;
  /** Outputs that regularizers add to the loss: one number for the weights; one for each sample, of which the mean is added. */
  readonly penalties?: { readonly weights?: string; readonly activity?: string };
  /** Keys of inputs and outputs that carry states from batch to batch. */
  readonly states?: readonly string[];
  /** Absent where nothing is hoisted. */
  readonly prefix?: EvaluatedPrefix;
  /** Takes features, or inputs where nothing is hoisted. */
  run(given: NamedTensorMap): NamedTensorMap;
}

const BATCH_SIZE = 32;

/**
 * Losses and metrics over all batches, as Keras's `Model.evaluate` gives them.
 * @throws Error where the data does not fit the program, or there is none
 */
export async function evaluateProgram(
  program: EvaluatedProgram,
  data: EvaluationData,
  options: EvaluateOptions,
): Promise<Record<string, number | readonly number[]>> {
  const { batchSize = BATCH_SIZE, sums = {}, onBatch, signal } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new Error(`batchSize: found ${batchSize}, expected an integer from 1 on`);
  const features = program.prefix === undefined ? null : await featureReader(program.prefix, options);
  let states: NamedTensorMap = {};
  let samples = 0;
  try {
    for await (const taken of batchesOf(data, batchSize)) {
      signal?.throwIfAborted();
      const made: Tensor[] = [];
      try {
        const inputs = async (): Promise<NamedTensorMap> => ({ ...(await inputsOf(taken.batch.xs, program, made)), ...states });
        const count = samplesIn(taken.batch);
        const name = taken.batch.name ?? `${taken.from}-${taken.from + count}`;
        const given = features === null ? await inputs() : await features({ name, samples: count, known: taken.inputs, inputs });
        if (features !== null) made.push(...Object.values(given));
        const outputs = program.run(given);
        made.push(...Object.values(outputs));
        await addBatch(program, taken.batch, count, outputs, sums);
        for (const state of Object.values(states)) state.dispose();
        states = Object.fromEntries((program.states ?? []).map((key) => [key, outputs[key] as Tensor]));
        samples += count;
      } finally {
        const kept = new Set(Object.values(states));
        for (const tensor of made) if (!kept.has(tensor)) tensor.dispose();
        taken.release();
      }
      onBatch?.(samples);
    }
  } finally {
    for (const state of Object.values(states)) state.dispose();
  }
  if (samples === 0 && Object.keys(sums).length === 0) throw new Error('data: there are no samples');
  return resultsOf(program.heads, sums);
}

/** Adds one batch to the sums. */
async function addBatch(
  { heads, outputs: keys, isTotal = true, countsBatches = false, penalties = {} }: EvaluatedProgram,
  { ys, sampleWeight }: TakenBatch['batch'],
  count: number,
  outputs: NamedTensorMap,
  sums: Record<string, Sums>,
): Promise<void> {
  const names = Object.keys(heads);
  const labels = forHeads(await readEach(ys), names, keys, 'labels', false);
  const weights = sampleWeight === undefined ? {} : forHeads(await readEach(sampleWeight), names, keys, 'sample weights', true);
  const numbers = new Map<string, Promise<NDArray>>();
  const read = (key: string): Promise<NDArray> => {
    const known = numbers.get(key) ?? numbersIn(outputs[key] as Tensor);
    numbers.set(key, known);
    return known;
  };
  const sumsOf = (name: string): Sums => (sums[name] ??= noSums());
  const addMean = (name: string, value: number, of: number): void => {
    addTo(sumsOf(name), 0, value * of);
    addTo(sumsOf(name), 1, of);
  };

  let total = 0;
  for (const [key, { loss, metrics = {}, weightedMetrics = {}, mask: maskKey }] of Object.entries(heads)) {
    const label = labels[key] as NDArray;
    const weight = weights[key] ?? null;
    if (label.shape[0] !== count)
      throw new Error(`labels of ${JSON.stringify(key)}: ${label.shape[0]} samples, where others have ${count}`);
    const mask = maskKey === undefined ? null : await read(maskKey);
    if (loss !== undefined) {
      const predicted = await read(loss.reads ?? key);
      if (predicted.shape[0] !== count)
        throw new Error(`labels of ${JSON.stringify(key)}: ${count} samples, where the inputs have ${predicted.shape[0]}`);
      const value = reduceLosses(loss.of(label, predicted), weight, mask, loss.reduction ?? 'sum_over_batch_size');
      if (loss.name !== undefined) addMean(loss.name, value, countsBatches ? 1 : count);
      total += value * (loss.weight ?? 1);
    }
    const update = async (measured: Readonly<Record<string, HeadMetric>>, by: NDArray | null): Promise<void> => {
      for (const [name, { of, reads }] of Object.entries(measured)) of.update(sumsOf(name), label, await read(reads ?? key), by, mask);
    };
    await update(metrics, null);
    await update(weightedMetrics, weight);
  }
  if (!isTotal) return;
  const added = async (key: string | undefined): Promise<number> => (key === undefined ? 0 : sumOver((await read(key)).data));
  total += (await added(penalties.weights)) + (await added(penalties.activity)) / count;
  addMean('loss', total, count);
}

/** What follows from the sums, in the order in which Keras lists it. */
export function resultsOf(
  heads: EvaluatedProgram['heads'],
  sums: Readonly<Record<string, Sums>>,
): Record<string, number | readonly number[]> {
  const results: Record<string, number | readonly number[]> = {};
  const mean = (name: string): void => {
    const found = sums[name];
    if (found !== undefined) results[name] = sumAt(found, 0) / sumAt(found, 1);
  };
  mean('loss');
  for (const { loss } of Object.values(heads)) if (loss?.name !== undefined) mean(loss.name);
  for (const { metrics, weightedMetrics } of Object.values(heads)) {
    for (const [name, { of }] of Object.entries({ ...metrics, ...weightedMetrics })) results[name] = of.result(sums[name] ?? noSums());
  }
  return results;
}

/** @param made is given the tensors that were made for this batch alone */
async function inputsOf(xs: TakenBatch['batch']['xs'], { inputs }: EvaluatedProgram, made: Tensor[]): Promise<NamedTensorMap> {
  const given = typeof xs === 'function' ? await xs() : xs;
  if (typeof xs === 'function') made.push(...tensorsIn(given));
  if (!(given instanceof Tensor) && !Array.isArray(given)) return given as NamedTensorMap;
  const list = given instanceof Tensor ? [given] : given;
  if (list.length !== inputs.length)
    throw new Error(`data: ${list.length} inputs, expected ${inputs.map((name) => JSON.stringify(name)).join(', ')}`);
  return Object.fromEntries(inputs.map((name, i) => [name, list[i] as Tensor]));
}

/**
 * Labels or weights by the head that they are for.
 * @param shared true where one is for all of them
 */
function forHeads(
  given: Each<NDArray>,
  heads: readonly string[],
  outputs: readonly string[],
  what: string,
  shared: boolean,
): Record<string, NDArray> {
  const expected = (): string => `expected ${heads.map((name) => JSON.stringify(name)).join(', ')}`;
  if (isAlone(given)) {
    if (heads.length > 1 && !shared) throw new Error(`${what}: one tensor, ${expected()}`);
    return Object.fromEntries(heads.map((head) => [head, given]));
  }
  if (!Array.isArray(given)) {
    const named = given as Readonly<Record<string, NDArray>>;
    const missing = heads.find((head) => !Object.hasOwn(named, head));
    if (missing !== undefined && !shared)
      throw new Error(
        `${what} of ${JSON.stringify(missing)} are missing: found ${Object.keys(named)
          .map((name) => JSON.stringify(name))
          .join(', ')}, ${expected()}`,
      );
    return Object.fromEntries(heads.flatMap((head) => (Object.hasOwn(named, head) ? [[head, named[head] as NDArray]] : [])));
  }
  const [only] = given;
  if (shared && given.length === 1 && only !== undefined) return Object.fromEntries(heads.map((head) => [head, only]));
  const order = given.length === outputs.length ? outputs : heads;
  if (given.length !== order.length) throw new Error(`${what}: a list of ${given.length}, ${expected()}`);
  return Object.fromEntries(heads.map((head) => [head, given[order.indexOf(head)] as NDArray]));
}

function sumOver(numbers: NDArray['data']): number {
  let sum = 0;
  for (const x of numbers) sum += x;
  return sum;
}
