import { byLine } from './elementwise.ts';
import { classAt, labelsFor } from './labels.ts';
import type { Losses, LossFunction } from './metric.ts';
import type { NDArray } from './ndarray.ts';
import { countIn, fitted, linesAlong, misfit, shapeText } from './shapes.ts';

/** 1 where label and prediction are equal. */
export const accuracy = (): LossFunction => (yTrue, yPred) => {
  // Labels become what predictions are.
  const like = yPred.dtype === 'int32' ? Math.trunc : yPred.dtype === 'bool' ? isTrue : Math.fround;
  return matches(yTrue, yPred, (y, x) => like(y) === x);
};

const isTrue = (x: number): number => (x === 0 ? 0 : 1);

/** 1 where the label is what the prediction is by a threshold: 1 above it, else 0. */
export function binaryAccuracy({ threshold = 0.5 }: { readonly threshold?: number } = {}): LossFunction {
  const bound = Math.fround(threshold);
  return (yTrue, yPred) => matches(yTrue, yPred, (y, x) => y === (x > bound ? 1 : 0));
}

function matches(yTrue: NDArray, yPred: NDArray, isMatch: (y: number, x: number) => boolean): Losses {
  const [{ data: trues }, { data: preds, shape }] = fitted(yTrue, yPred);
  const values = new Float64Array(preds.length);
  for (let i = 0; i < values.length; i++) values[i] = isMatch(trues[i] as number, preds[i] as number) ? 1 : 0;
  return { shape, values, mask: null };
}

/** 1 where label and prediction are largest at the same class. */
export const categoricalAccuracy = (): LossFunction => (yTrue, yPred) =>
  byLine(yTrue, yPred, -1, (trues, preds, from, to) => (largestAt(trues, from, to) === largestAt(preds, from, to) ? 1 : 0));

/** The first place of what is largest; -0 is below 0, as Keras has it. */
export function largestAt(values: ArrayLike<number>, from: number, to: number): number {
  let place = 0;
  let most = values[from] as number;
  for (let i = from + 1; i < to; i++) {
    const value = values[i] as number;
    if (value > most || (value === 0 && Object.is(most, -0) && !Object.is(value, -0))) {
      most = value;
      place = i - from;
    }
  }
  return place;
}

export interface SparseAccuracyOptions {
  /** A label that the loss leaves out: here its samples count, as wrong ones. */
  readonly ignoreClass?: number | null;
}

/** 1 where the prediction is largest at the class that is the label. */
export function sparseCategoricalAccuracy({ ignoreClass = null }: SparseAccuracyOptions = {}): LossFunction {
  return (yTrue, yPred) => {
    const labels = labelsFor(yTrue, yPred, -1);
    const { data, count, length, shape } = linesAlong(yPred, -1);
    const values = new Float64Array(count);
    for (let line = 0; line < count; line++) {
      const label = labels.data[line] as number;
      if (label !== ignoreClass) classAt(labels, line, length);
      values[line] = largestAt(data, line * length, (line + 1) * length) === label ? 1 : 0;
    }
    return { shape, values, mask: null };
  };
}

/** 1 where the label's class is among the k largest predictions. */
export function topKCategoricalAccuracy({ k = 5 }: { readonly k?: number } = {}): LossFunction {
  return (yTrue, yPred) =>
    byLine(yTrue, yPred, -1, (trues, preds, from, to) => (isInTopK(preds, from, to, largestAt(trues, from, to), k) ? 1 : 0));
}

export interface SparseTopKOptions extends SparseAccuracyOptions {
  readonly k?: number;
  /** True where predictions are classes, the likeliest first. */
  readonly fromSortedIds?: boolean;
}

/** 1 where the class that is the label is among the k largest predictions. */
export function sparseTopKCategoricalAccuracy({ k = 5, fromSortedIds = false, ignoreClass = null }: SparseTopKOptions = {}): LossFunction {
  return (yTrue, yPred) => {
    const labels = labelsFor(yTrue, yPred, -1);
    const { data, count, length, shape } = linesAlong(yPred, -1);
    const values = new Float64Array(count);
    for (let line = 0; line < count; line++) {
      const from = line * length;
      const label = labels.data[line] as number;
      const isHit = fromSortedIds
        ? data.subarray(from, from + Math.min(k, length)).includes(label)
        : label !== ignoreClass && isInTopK(data, from, from + length, classAt(labels, line, length), k);
      values[line] = isHit ? 1 : 0;
    }
    return { shape, values, mask: null };
  };
}

/** True where fewer than k are larger, and all are finite. */
function isInTopK(values: ArrayLike<number>, from: number, to: number, place: number, k: number): boolean {
  const wanted = values[from + place] as number;
  let larger = 0;
  for (let i = from; i < to; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) return false;
    if (value > wanted) larger++;
  }
  return larger < k;
}

/** What an output is measured by: one number, or classes as labels, or classes one-hot. */
export type OutputKind = 'binary' | 'sparse' | 'categorical';

/**
 * How labels and output say it: `is_binary_or_sparse_categorical` of Keras.
 * @throws Error where an output has no classes
 */
export function outputKind(yTrue: NDArray, yPred: NDArray): OutputKind {
  if (yPred.shape.length === 0 || countIn(yPred.shape) === 0)
    throw new Error(`an output of shape ${shapeText(yPred.shape)} has no classes`);
  if (yPred.shape.at(-1) === 1) return 'binary';
  if (yTrue.shape.length < yPred.shape.length || yTrue.shape.at(-1) === 1) return 'sparse';
  if (yTrue.shape.length > yPred.shape.length) misfit(yTrue, yPred);
  return 'categorical';
}

/** `accuracy` as Keras decides it from the shapes of labels and output. */
export function accuracyOf(options: SparseAccuracyOptions = {}): LossFunction {
  const kinds = { binary: binaryAccuracy(), sparse: sparseCategoricalAccuracy(options), categorical: categoricalAccuracy() };
  return (yTrue, yPred) => kinds[outputKind(yTrue, yPred)](yTrue, yPred);
}
