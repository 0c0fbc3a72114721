import type { NDArray } from './ndarray.ts';
import { countIn, fitted, type Grid, gridOf, repeatedTo, sameRank, shapeText } from './shapes.ts';
import { addTo, type Sums, sumAt } from './sums.ts';

/** Bounds above which a prediction counts as positive. */
export interface Thresholds {
  /** As float32, from the smallest to the largest. */
  readonly sorted: Float32Array;
  /** Where each of them stands in the list that was given. */
  readonly places: readonly number[];
  /** Evenly spaced between 0 and 1: Keras then computes how many a prediction exceeds. */
  readonly areEven: boolean;
  /** The first is below 0, so that a prediction of 0 exceeds it. */
  readonly areWide: boolean;
}

export function thresholdsFrom(given: readonly number[], areEven: boolean): Thresholds {
  const places = given.map((_, i) => i).sort((i, j) => (given[i] as number) - (given[j] as number));
  const areWide = (given[0] as number) < 0 || (given.at(-1) as number) > 1;
  return { sorted: Float32Array.from(places, (i) => given[i] as number), places, areEven, areWide };
}

/** `is_evenly_distributed_thresholds` of Keras: `numpy.allclose` to steps of 1 / (n - 1). */
export const areEvenlySpaced = (given: readonly number[]): boolean =>
  given.length >= 3 &&
  given.every((threshold, i) => {
    const even = Math.fround(i / (given.length - 1));
    return Math.abs(threshold - even) <= 1e-7 + 1e-5 * even;
  });

/** So many thresholds from 0 to 1; 0.5 where it is one. */
export const evenThresholds = (count: number): number[] =>
  count === 1 ? [0.5] : Array.from({ length: count }, (_, i) => (i === count - 1 ? 1 : i / (count - 1)));

/** How many thresholds a prediction exceeds: the first so many. None, where it is not a number. */
export function exceededBy(x: number, { sorted, areEven, areWide }: Thresholds): number {
  if (Number.isNaN(x)) return 0;
  if (areEven) {
    const bucket = Math.ceil(Math.fround(Math.min(Math.max(x, 0), 1) * (sorted.length - 1))) - 1;
    return (areWide ? Math.max(bucket, 0) : bucket) + 1;
  }
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x > (sorted[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface Choice {
  /** Only the k largest of each line count as positive. */
  readonly topK?: number | null;
  /** Only this class counts. */
  readonly classId?: number | null;
}

/** Labels, predictions and weights as confusion metrics count them; weights in the order of predictions, or null. */
export interface Counted {
  readonly shape: readonly number[];
  readonly trues: ArrayLike<number>;
  readonly preds: ArrayLike<number>;
  readonly weights: ArrayLike<number> | null;
}

/** @throws Error where shapes do not fit, or there is no such class */
export function countedIn(yTrue: NDArray, yPred: NDArray, given: NDArray | null, { topK = null, classId = null }: Choice): Counted {
  const [labels, predicted] = fitted(yTrue, yPred);
  const preds = topK === null ? predicted.data : topKIn(predicted, topK);
  const rank = labels.shape.length;
  const isOneClass = classId !== null;
  if (isOneClass && rank < 2) throw new Error(`class ${classId}: an output of shape ${shapeText(yPred.shape)} has no classes`);
  const shape = isOneClass ? [...labels.shape.slice(0, -1), 1] : labels.shape;
  // A weight of a sample is one for all its numbers.
  const weights = given === null ? null : sameRank<Grid, Grid>(gridOf(labels), { ...gridOf(given), shape: [...given.shape, 1] }, false)[1];
  return {
    shape,
    trues: isOneClass ? classIn(labels.data, labels.shape, classId) : labels.data,
    preds: isOneClass ? classIn(preds, labels.shape, classId) : preds,
    weights: weights === null ? null : repeatedTo(weights, shape, 'sample weights'),
  };
}

function classIn(data: ArrayLike<number>, shape: readonly number[], classId: number): Float32Array {
  const classes = shape.at(-1) as number;
  const place = classId < 0 ? classId + classes : classId;
  if (place < 0 || place >= classes) throw new Error(`class ${classId}: the output has ${classes} classes`);
  return Float32Array.from({ length: data.length / classes }, (_, i) => data[i * classes + place] as number);
}

/** What Keras puts in place of predictions that are not among the k largest. */
export const FAR_BELOW = -1e10;

/** The k largest of each line; of equal ones the first. */
function topKIn({ data, shape }: NDArray, k: number): Float32Array {
  const classes = shape.at(-1) as number;
  if (k > classes) throw new Error(`the ${k} largest: an output of shape ${shapeText(shape)} has ${classes} classes`);
  const result = new Float32Array(data.length).fill(FAR_BELOW);
  for (let from = 0; from < data.length; from += classes) {
    const order = Array.from({ length: classes }, (_, i) => i).sort(
      (i, j) => (data[from + j] as number) - (data[from + i] as number) || i - j,
    );
    for (const i of order.slice(0, k)) result[from + i] = data[from + i] as number;
  }
  return result;
}

/** How many sums the predictions of one label take: positives and negatives by how many thresholds they exceed. */
export const sumsPerLabel = ({ sorted }: Thresholds): number => 2 * (sorted.length + 1);

/** Adds predictions to the sums of one label, or of each place on the last axis. */
export function addConfusion(sums: Sums, thresholds: Thresholds, { shape, trues, preds, weights }: Counted, perLabel = false): void {
  const labels = perLabel ? (shape.at(-1) as number) : 1;
  const width = sumsPerLabel(thresholds);
  const count = countIn(shape);
  for (let i = 0; i < count; i++) {
    const kind = trues[i] === 0 ? thresholds.sorted.length + 1 : 0;
    const place = (i % labels) * width + kind + exceededBy(preds[i] as number, thresholds);
    addTo(sums, place, weights === null ? 1 : (weights[i] as number));
  }
}

/** Counts for each threshold, in the order in which they were given: true and false positives and negatives. */
export interface Confusion {
  readonly tp: Float64Array;
  readonly fp: Float64Array;
  readonly tn: Float64Array;
  readonly fn: Float64Array;
}

export function confusionOf(sums: Sums, { sorted, places }: Thresholds, label = 0): Confusion {
  const size = sorted.length;
  const from = label * 2 * (size + 1);
  const [tp, fn] = aboveAndBelow(sums, from, places);
  const [fp, tn] = aboveAndBelow(sums, from + size + 1, places);
  return { tp, fp, tn, fn };
}

/** What exceeds each threshold, and what does not. */
function aboveAndBelow(sums: Sums, from: number, places: readonly number[]): readonly [Float64Array, Float64Array] {
  const above = new Float64Array(places.length);
  const below = new Float64Array(places.length);
  let more = 0;
  for (let i = places.length - 1; i >= 0; i--) above[places[i] as number] = more += sumAt(sums, from + i + 1);
  let less = 0;
  for (let i = 0; i < places.length; i++) below[places[i] as number] = less += sumAt(sums, from + i);
  return [above, below];
}

/** Zero where it is divided by zero. */
export const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b);

export const ratios = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => ratio(x, x + (b[i] as number)));
