import { clone, engine, type NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
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
  /** What `load` gave; absent where the program has none. */
  readonly weights?: Readonly<Record<string, Tensor>>;
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
  const checkUnchanged = unchanged(program.weights ?? {});
  const features = program.prefix === undefined ? null : await featureReader(checkedBy(checkUnchanged, program.prefix), options);
  const { states: keys = [], prefix } = program;
  let states: NamedTensorMap = {};
  const carried = (some: readonly string[]): NamedTensorMap =>
    Object.fromEntries(Object.entries(states).filter(([key]) => some.includes(key)));
  let samples = 0;
  try {
    for await (const taken of batchesOf(data, batchSize)) {
      signal?.throwIfAborted();
      const made: Tensor[] = [];
      try {
        const inputs = async (): Promise<NamedTensorMap> => ({
          ...(await inputsOf(taken.batch.xs, program, made)),
          ...carried(prefix?.states ?? keys),
        });
        const count = samplesIn(taken.batch);
        if (count === 0 && tensorsIn(taken.batch.xs).every(({ shape }) => shape[0] === 0)) continue;
        const name = taken.batch.name ?? `${taken.from}-${taken.from + count}`;
        const given = features === null ? await inputs() : await features({ name, samples: count, known: taken.inputs, inputs });
        if (features !== null) made.push(...Object.values(given));
        checkUnchanged();
        const outputs = program.run({ ...given, ...carried(prefix?.passed ?? []) });
        made.push(...Object.values(outputs));
        await addBatch(program, taken.batch, count, outputs, sums);
        for (const state of Object.values(states)) state.dispose();
        states = Object.fromEntries(keys.map((key) => [key, outputs[key] as Tensor]));
        samples += count;
      } finally {
        const kept = new Set(Object.values(states));
        for (const tensor of made) if (!kept.has(tensor)) tensor.dispose();
      }
      onBatch?.(samples);
    }
  } finally {
    for (const state of Object.values(states)) state.dispose();
  }
  if (samples === 0 && Object.keys(sums).length === 0) throw new Error('data: there are no samples');
  return resultsOf(program.heads, sums);
}

/** Refuses to go on where batches would be computed with other weights than those before, or be kept under the key of those. */
function unchanged(weights: Readonly<Record<string, Tensor>>): () => void {
  const before = Object.values(weights);
  const backend = engine().backendName;
  return () => {
    const now = Object.values(weights);
    if (now.some((tensor, i) => tensor !== before[i])) throw new Error('the weights were refreshed while evaluate ran: call it again');
    if (now.some(({ isDisposed }) => isDisposed)) throw new Error('the weights were disposed while evaluate ran');
    if (engine().backendName !== backend) throw new Error('the backend was changed while evaluate ran: call it again');
  };
}

const checkedBy = (check: () => void, prefix: EvaluatedPrefix): EvaluatedPrefix => ({
  ...prefix,
  run(inputs) {
    check();
    return prefix.run(inputs);
  },
});

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
  const weights = sampleWeight === undefined ? null : forHeads(await readEach(sampleWeight), names, keys, 'sample weights', true);
  const numbers = new Map<string, Promise<NDArray>>();
  const read = (key: string): Promise<NDArray> => {
    const known = numbers.get(key) ?? numbersIn(outputs[key] as Tensor);
    numbers.set(key, known);
    return known;
  };
  const sumsOf = (name: string): Sums => ownSums(sums, name);
  const addMean = (name: string, value: number, of: number): void => {
    addTo(sumsOf(name), 0, value * of);
    addTo(sumsOf(name), 1, of);
  };

  let total = 0;
  for (const [key, { loss, metrics = {}, weightedMetrics = {}, mask: maskKey }] of Object.entries(heads)) {
    const label = labels.get(key) as NDArray;
    const weight = weights?.get(key) ?? null;
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
  const results = new Map<string, number | readonly number[]>();
  const found = (name: string): Sums | undefined => (Object.hasOwn(sums, name) ? sums[name] : undefined);
  const mean = (name: string): void => {
    const of = found(name);
    if (of !== undefined) results.set(name, sumAt(of, 0) / sumAt(of, 1));
  };
  mean('loss');
  for (const { loss } of Object.values(heads)) if (loss?.name !== undefined) mean(loss.name);
  for (const { metrics, weightedMetrics } of Object.values(heads)) {
    for (const [name, { of }] of Object.entries({ ...metrics, ...weightedMetrics })) results.set(name, of.result(found(name) ?? noSums()));
  }
  return Object.fromEntries(results);
}

/** The sums of this name, which may be that of a method or of the prototype. */
function ownSums(sums: Record<string, Sums>, name: string): Sums {
  if (!Object.hasOwn(sums, name))
    Object.defineProperty(sums, name, { value: noSums(), enumerable: true, writable: true, configurable: true });
  return sums[name] as Sums;
}

/** @param made is given the tensors that were made for this batch alone */
async function inputsOf(xs: TakenBatch['batch']['xs'], { inputs }: EvaluatedProgram, made: Tensor[]): Promise<NamedTensorMap> {
  const given = typeof xs === 'function' ? await xs() : xs;
  if (typeof xs === 'function') made.push(...tensorsIn(given));
  const list = given instanceof Tensor ? [given] : given;
  if (Array.isArray(list) && list.length !== inputs.length)
    throw new Error(`data: ${list.length} inputs, expected ${inputs.map((name) => JSON.stringify(name)).join(', ')}`);
  const named = Object.entries<Tensor>(Array.isArray(list) ? Object.fromEntries(inputs.map((name, i) => [name, list[i]])) : Object(list));
  if (typeof xs === 'function') return Object.fromEntries(named);
  // A variable may be assigned to while a cache looks for its features.
  const held = named.map(([name, x]) => [name, x instanceof Tensor && !x.isDisposed ? clone(x) : x] as const);
  made.push(...held.flatMap(([name, x]) => tensorsIn({ [name]: x })));
  return Object.fromEntries(held);
}

/**
 * Labels or weights by the head that they are for.
 * @param shared true where one is for all of them, and some may have none
 */
function forHeads(
  given: Each<NDArray>,
  heads: readonly string[],
  outputs: readonly string[],
  what: string,
  shared: boolean,
): ReadonlyMap<string, NDArray> {
  const expected = (): string => `expected ${heads.map((name) => JSON.stringify(name)).join(', ')}`;
  if (isAlone(given)) {
    if (heads.length > 1 && !shared) throw new Error(`${what}: one tensor, ${expected()}`);
    return new Map(heads.map((head) => [head, given]));
  }
  if (!Array.isArray(given)) {
    const named = given as Readonly<Record<string, NDArray>>;
    const missing = heads.filter((head) => !Object.hasOwn(named, head));
    if (missing.length > (shared ? heads.length - 1 : 0))
      throw new Error(
        `${what} of ${JSON.stringify(missing[0])} are missing: found ${Object.keys(named)
          .map((name) => JSON.stringify(name))
          .join(', ')}, ${expected()}`,
      );
    return new Map(heads.flatMap((head) => (Object.hasOwn(named, head) ? [[head, named[head] as NDArray] as const] : [])));
  }
  const [only] = given;
  if (shared && given.length === 1 && only !== undefined) return new Map(heads.map((head) => [head, only]));
  const order = given.length === outputs.length ? outputs : heads;
  if (given.length !== order.length) throw new Error(`${what}: a list of ${given.length}, ${expected()}`);
  return new Map(heads.map((head) => [head, given[order.indexOf(head)] as NDArray]));
}

function sumOver(numbers: NDArray['data']): number {
  let sum = 0;
  for (const x of numbers) sum += x;
  return sum;
}
