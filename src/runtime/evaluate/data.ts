import { engine, Tensor } from '@tensorflow/tfjs-core';
import { type NDArray, numbersIn } from './ndarray.ts';

/** Something for each input or output: alone where there is one, in their order, or by name. */
export type Each<T> = T | readonly T[] | Readonly<Record<string, T>>;

export interface LabelledBatch {
  /** Inputs, or what makes them when they are needed: tensors that it returns are disposed of. */
  readonly xs: Each<Tensor> | (() => Each<Tensor> | Promise<Each<Tensor>>);
  /** What the outputs should be. */
  readonly ys: Each<Tensor | NDArray>;
  /** How much each sample counts, [batch], or each position of it. */
  readonly sampleWeight?: Each<Tensor | NDArray> | undefined;
  /** What a cache calls the batch, by letters, digits and dashes; else it is called by its place in the data, `0-32`. */
  readonly name?: string;
}

export type LabelledTensors = readonly [xs: LabelledBatch['xs'], ys: LabelledBatch['ys'], sampleWeight?: LabelledBatch['sampleWeight']];

/** `tf.data.Dataset`, whose tensors are disposed of. */
export interface LabelledDataset {
  iterator(): Promise<{ next(): Promise<IteratorResult<unknown, unknown>> }>;
}

/** All data as tensors, `[xs, ys]` or `[xs, ys, sampleWeight]`, or its batches. */
export type EvaluationData = LabelledTensors | Iterable<LabelledBatch> | AsyncIterable<LabelledBatch | LabelledTensors> | LabelledDataset;

/** A batch as evaluation goes over it. */
export interface TakenBatch {
  readonly batch: LabelledBatch;
  /** Where it begins in all data. */
  readonly from: number;
  /** The tensors that it is a part of, by whose identity memory knows it; null where they are made anew each time. */
  readonly inputs: readonly KnownInput[] | null;
}

/** A tensor with its name, or its place in a list. */
export type KnownInput = readonly [name: string, tensor: Tensor];

/** The batches of any data, one after the other. What was made for one is disposed of as the next is asked for, or at the end. */
export async function* batchesOf(data: EvaluationData, batchSize: number): AsyncGenerator<TakenBatch> {
  if (Array.isArray(data) && !isBatch(data[0])) {
    yield* slices(batchFrom(data), batchSize);
    return;
  }
  const { [Symbol.iterator]: isIterable, [Symbol.asyncIterator]: isAsync, iterator } = Object(data) as Record<symbol | string, unknown>;
  if (isIterable === undefined && isAsync === undefined && iterator === undefined) throw noBatch();
  const dataset = typeof (data as Partial<LabelledDataset>)?.iterator === 'function' ? await (data as LabelledDataset).iterator() : null;
  const batches = dataset === null ? (data as Iterable<unknown> | AsyncIterable<unknown>) : iterable(dataset);
  let from = 0;
  for await (const given of batches) {
    try {
      const batch = batchFrom(given);
      yield { batch, from, inputs: typeof batch.xs === 'function' || dataset !== null ? null : knownIn(batch.xs) };
      from += samplesIn(batch);
    } finally {
      // What a data set makes is nobody else's.
      if (dataset !== null) for (const tensor of tensorsUnder(given)) tensor.dispose();
    }
  }
}

/** All tensors of what a data set gave, however deep. */
function tensorsUnder(given: unknown): Tensor[] {
  const found = new Set([given]);
  for (const item of found) {
    if (typeof item !== 'object' || item === null || item instanceof Tensor || ArrayBuffer.isView(item)) continue;
    for (const each of Object.values(item)) found.add(each);
  }
  return [...found].filter((item) => item instanceof Tensor);
}

async function* iterable(iterator: Awaited<ReturnType<LabelledDataset['iterator']>>): AsyncGenerator<unknown> {
  for (let step = await iterator.next(); !step.done; step = await iterator.next()) yield step.value;
}

const isBatch = (value: unknown): value is LabelledBatch =>
  typeof value === 'object' && value !== null && !(value instanceof Tensor) && 'xs' in value && 'ys' in value;

const noBatch = (): Error => new Error('data: expected [xs, ys], [xs, ys, sampleWeight], or batches { xs, ys }, one after the other');

/** @throws Error where there is no batch in it */
function batchFrom(given: unknown): LabelledBatch {
  if (isBatch(given)) return given;
  if (!Array.isArray(given) || given.length < 2 || given.length > 3) {
    throw noBatch();
  }
  const [xs, ys, sampleWeight] = given as unknown as LabelledTensors;
  return { xs, ys, sampleWeight };
}

/** Batches of tensors that hold all samples. Labels are read once, inputs are cut when they are needed. */
async function* slices({ xs, ys, sampleWeight }: LabelledBatch, batchSize: number): AsyncGenerator<TakenBatch> {
  const inputs = typeof xs === 'function' ? null : knownIn(xs);
  const all = typeof xs === 'function' ? await xs() : xs;
  try {
    const labels = await readEach(ys);
    const weights = sampleWeight === undefined ? undefined : await readEach(sampleWeight);
    const count = samplesIn({ ys: labels });
    for (const x of tensorsIn(all))
      if (x.shape[0] !== count) throw new Error(`data: the inputs have ${x.shape[0]} samples, the labels ${count}`);
    for (let from = 0; from < count; from += batchSize) {
      const to = Math.min(from + batchSize, count);
      const batch: LabelledBatch = {
        xs: from === 0 && to === count ? all : () => slicesOf(all, from, to),
        ys: mapEach(labels, (y) => samplesBetween(y, from, to, count)),
        sampleWeight: weights === undefined ? undefined : mapEach(weights, (weight) => samplesBetween(weight, from, to, count)),
      };
      yield { batch, from, inputs };
    }
  } finally {
    if (inputs === null) for (const x of tensorsIn(all)) x.dispose();
  }
}

function slicesOf(xs: Each<Tensor>, from: number, to: number): Each<Tensor> {
  // One that is disposed would leave behind the slices of those before it.
  if (tensorsIn(xs).some(({ isDisposed }) => isDisposed)) throw new Error('data: an input is disposed');
  return mapEach(xs, (x) => sliceOf(x, from, to));
}

function sliceOf(x: Tensor, from: number, to: number): Tensor {
  const begin = x.shape.map((_, axis) => (axis === 0 ? from : 0));
  return engine().runKernel('Slice', { x }, { begin, size: [to - from, ...x.shape.slice(1)] });
}

function samplesBetween({ dtype, shape, data }: NDArray, from: number, to: number, count: number): NDArray {
  if (shape[0] !== count) throw new Error(`data: ${shape[0]} samples of labels or weights, where others have ${count}`);
  const row = data.length / count;
  return { dtype, shape: [to - from, ...shape.slice(1)], data: data.subarray(from * row, to * row) };
}

/** How many samples a batch has: its labels say it, as its inputs may not be made yet. */
export function samplesIn({ ys }: Pick<LabelledBatch, 'ys'>): number {
  const [first]: unknown[] = Object.values(isAlone(ys) ? [ys] : Object(ys));
  if (first !== undefined && !(first instanceof Tensor) && !isNDArray(first)) throw noTensor(first);
  const size = first?.shape[0];
  if (size === undefined) throw new Error('data: the labels hold no samples');
  return size;
}

export const isAlone = <T>(given: Each<T>): given is T => given instanceof Tensor || isNDArray(given);

function isNDArray(given: unknown): given is NDArray {
  const { data, shape } = Object(given) as Partial<NDArray>;
  return ArrayBuffer.isView(data) && Array.isArray(shape);
}

const noTensor = (found: unknown): Error => new Error(`data: found a value of type ${typeof found}, expected a tensor`);

function mapEach<T, U>(given: Each<T>, change: (item: T) => U): Each<U> {
  if (isAlone(given)) return change(given);
  if (Array.isArray(given)) return given.map(change);
  return Object.fromEntries(Object.entries(given as Readonly<Record<string, T>>).map(([name, item]) => [name, change(item)]));
}

const knownIn = (given: unknown): KnownInput[] =>
  Object.entries(given instanceof Tensor ? [given] : Object(given)).filter(
    (entry): entry is [string, Tensor] => entry[1] instanceof Tensor,
  );

export const tensorsIn = (given: unknown): Tensor[] => knownIn(given).map(([, tensor]) => tensor);

/** @throws Error where it holds no numbers, or not as many as its shape says */
async function numbersOf(given: unknown): Promise<NDArray> {
  if (given instanceof Tensor) return numbersIn(given);
  if (!isNDArray(given)) throw noTensor(given);
  const { data, shape } = given;
  if (shape.reduce((size, n) => size * n, 1) !== data.length)
    throw new Error(`data: ${data.length} numbers in an array of shape [${shape}]`);
  return given;
}

/** Numbers for each; tensors among them are read. */
export async function readEach(given: Each<Tensor | NDArray>): Promise<Each<NDArray>> {
  if (isAlone(given)) return numbersOf(given);
  if (typeof given !== 'object' || given === null) throw new Error(`data: found a value of type ${typeof given}, expected tensors`);
  const read = await Promise.all(Object.entries(given).map(async ([name, item]) => [name, await numbersOf(item)] as const));
  return Array.isArray(given) ? read.map(([, item]) => item) : Object.fromEntries(read);
}
