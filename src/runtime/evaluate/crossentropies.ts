import { outputKind } from './accuracies.ts';
import { averaged, byLine, EPSILON, type OfLine, offTheEnds } from './elementwise.ts';
import { classAt, labelsFor } from './labels.ts';
import type { LossFunction } from './metric.ts';
import type { NDArray } from './ndarray.ts';
import { type Axis, linesAlong } from './shapes.ts';

export interface BinaryCrossentropyOptions {
  readonly fromLogits?: boolean;
  readonly labelSmoothing?: number;
  readonly axis?: Axis;
  /** True as in Keras 2, which adds 1e-7 to what it takes the logarithm of. */
  readonly plusEpsilon?: boolean;
}

/** -(y log p + (1 - y) log(1 - p)), its mean over an axis. Smoothed labels are nearer to 1/2. */
export function binaryCrossentropy({
  fromLogits = false,
  labelSmoothing = 0,
  axis = -1,
  plusEpsilon = false,
}: BinaryCrossentropyOptions = {}): LossFunction {
  const entropy = fromLogits ? entropyOfLogit : plusEpsilon ? entropyPlusEpsilon : entropyOfProbability;
  if (labelSmoothing === 0) return (yTrue, yPred) => averaged(yTrue, yPred, axis, entropy);
  return (yTrue, yPred) => averaged(yTrue, yPred, axis, (y, x) => entropy(smoothed(y, labelSmoothing, 2), x));
}

/** A label of so many classes, moved towards all of them alike. */
export const smoothed = (label: number, smoothing: number, classes: number): number => label * (1 - smoothing) + smoothing / classes;

/** y log(1 + e^-x) + (1 - y) log(1 + e^x), in a form that does not overflow. */
export const entropyOfLogit = (y: number, x: number): number => (x < 0 ? 0 : x) - x * y + Math.log1p(Math.exp(-Math.abs(x)));

export function entropyOfProbability(y: number, x: number): number {
  const p = offTheEnds(x);
  return -(y * Math.log(p) + (1 - y) * Math.log(1 - p));
}

export function entropyPlusEpsilon(y: number, x: number): number {
  const p = offTheEnds(x);
  return -(y * Math.log(p + EPSILON) + (1 - y) * Math.log(1 - p + EPSILON));
}

export interface CategoricalCrossentropyOptions {
  readonly fromLogits?: boolean;
  readonly labelSmoothing?: number;
  readonly axis?: number;
}

/** -sum(y log p) over the classes, with probabilities scaled to sum to 1. */
export function categoricalCrossentropy({
  fromLogits = false,
  labelSmoothing = 0,
  axis = -1,
}: CategoricalCrossentropyOptions = {}): LossFunction {
  const entropy = fromLogits ? entropyOfLogits : entropyOfProbabilities;
  return (yTrue, yPred) => byLine(smoothedLabels(yTrue, labelSmoothing), yPred, axis, entropy);
}

/** Labels that are one-hot along their last axis, smoothed. */
export function smoothedLabels(labels: NDArray, smoothing: number): NDArray {
  if (smoothing === 0) return labels;
  const classes = labels.shape.at(-1) ?? 1;
  return { ...labels, dtype: 'float32', data: Float32Array.from(labels.data, (label) => smoothed(label, smoothing, classes)) };
}

const entropyOfProbabilities: OfLine = (trues, preds, from, to) => {
  let sum = 0;
  for (let i = from; i < to; i++) sum += preds[i] as number;
  let entropy = Number.isNaN(sum) ? Number.NaN : 0;
  for (let i = from; i < to; i++) {
    const y = trues[i] as number;
    if (y !== 0) entropy -= y * Math.log(offTheEnds((preds[i] as number) / sum));
  }
  return entropy;
};

const entropyOfLogits: OfLine = (trues, preds, from, to) => {
  const most = largestBetween(preds, from, to);
  const scale = Math.log(exponentialsBetween(preds, from, to, most));
  let entropy = 0;
  for (let i = from; i < to; i++) entropy += (trues[i] as number) * (scale - ((preds[i] as number) - most));
  return entropy;
};

/** The largest, or NaN where one is. */
export function largestBetween(values: ArrayLike<number>, from: number, to: number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = from; i < to; i++) {
    const value = values[i] as number;
    if (!(value <= most)) most = value;
    if (Number.isNaN(most)) return most;
  }
  return most;
}

/** sum(e^(x - most)) */
export function exponentialsBetween(values: ArrayLike<number>, from: number, to: number, most: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += Math.exp((values[i] as number) - most);
  return sum;
}

export interface SparseCategoricalCrossentropyOptions {
  readonly fromLogits?: boolean;
  /** Samples of this class have no loss. */
  readonly ignoreClass?: number | null;
  readonly axis?: number;
}

/** -log p of the class that is the label. Probabilities are clipped and then scaled, as Keras takes their logarithms for logits. */
export function sparseCategoricalCrossentropy({
  fromLogits = false,
  ignoreClass = null,
  axis = -1,
}: SparseCategoricalCrossentropyOptions = {}): LossFunction {
  const ignored = ignoreClass === null ? Number.NaN : Math.fround(ignoreClass);
  return (yTrue, yPred) => {
    const labels = labelsFor(yTrue, yPred, axis);
    const { data, count, length, shape } = linesAlong(yPred, axis);
    const values = new Float64Array(count);
    const mask = ignoreClass === null ? null : new Uint8Array(count).fill(1);
    for (let line = 0; line < count; line++) {
      if (mask !== null && labels.data[line] === ignored) mask[line] = 0;
      else values[line] = (fromLogits ? lossOfLogits : lossOfProbabilities)(data, line * length, length, classAt(labels, line, length));
    }
    return { shape, values, mask };
  };
}

function lossOfLogits(logits: ArrayLike<number>, from: number, length: number, label: number): number {
  const most = largestBetween(logits, from, from + length);
  return Math.log(exponentialsBetween(logits, from, from + length, most)) - ((logits[from + label] as number) - most);
}

function lossOfProbabilities(probabilities: ArrayLike<number>, from: number, length: number, label: number): number {
  let sum = 0;
  for (let i = from; i < from + length; i++) sum += offTheEnds(probabilities[i] as number);
  return Math.log(sum) - Math.log(offTheEnds(probabilities[from + label] as number));
}

export interface CrossentropyOptions {
  readonly fromLogits?: boolean;
  /** True as in Keras 2, which adds 1e-7 to what it takes the logarithm of. */
  readonly plusEpsilon?: boolean;
}

/** `crossentropy` as Keras decides it from the shapes of labels and output. */
export function crossentropyOf({ fromLogits = false, plusEpsilon = false }: CrossentropyOptions = {}): LossFunction {
  const kinds = {
    binary: binaryCrossentropy({ fromLogits, plusEpsilon }),
    sparse: sparseCategoricalCrossentropy({ fromLogits }),
    categorical: categoricalCrossentropy({ fromLogits }),
  };
  return (yTrue, yPred) => kinds[outputKind(yTrue, yPred)](yTrue, yPred);
}
