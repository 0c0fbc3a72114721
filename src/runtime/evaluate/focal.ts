import {
  entropyOfLogit,
  entropyOfProbability,
  entropyPlusEpsilon,
  exponentialsBetween,
  largestBetween,
  smoothed,
  smoothedLabels,
} from './crossentropies.ts';
import { averaged, offTheEnds } from './elementwise.ts';
import { classAt, labelsFor } from './labels.ts';
import type { LossFunction } from './metric.ts';
import type { NDArray } from './ndarray.ts';
import { type Axis, fitted, linesAlong, repeatedTo } from './shapes.ts';

export interface BinaryFocalCrossentropyOptions {
  readonly applyClassBalancing?: boolean;
  readonly alpha?: number;
  readonly gamma?: number;
  readonly fromLogits?: boolean;
  readonly labelSmoothing?: number;
  readonly axis?: Axis;
  /** True as in Keras 2, which adds 1e-7 to what it takes the logarithm of. */
  readonly plusEpsilon?: boolean;
}

/** (1 - p_t)^gamma times the binary cross-entropy, p_t being the probability of what is true (Lin et al. 2017, arXiv 1708.02002). */
export function binaryFocalCrossentropy({
  applyClassBalancing = false,
  alpha = 0.25,
  gamma = 2,
  fromLogits = false,
  labelSmoothing = 0,
  axis = -1,
  plusEpsilon = false,
}: BinaryFocalCrossentropyOptions = {}): LossFunction {
  const entropy = fromLogits ? entropyOfLogit : plusEpsilon ? entropyPlusEpsilon : entropyOfProbability;
  const each = (label: number, predicted: number): number => {
    const y = smoothed(label, labelSmoothing, 2);
    const p = fromLogits ? 1 / (1 + Math.exp(-predicted)) : predicted;
    const focus = (1 - (y * p + (1 - y) * (1 - p))) ** gamma;
    const balance = applyClassBalancing ? y * alpha + (1 - y) * (1 - alpha) : 1;
    return balance * focus * entropy(y, predicted);
  };
  return (yTrue, yPred) => averaged(yTrue, yPred, axis, each);
}

export interface CategoricalFocalCrossentropyOptions {
  /** One for all, or one for each place on the last axis. */
  readonly alpha?: number | readonly number[];
  readonly gamma?: number;
  readonly fromLogits?: boolean;
  readonly labelSmoothing?: number;
  readonly axis?: number;
}

/** -sum(alpha (1 - p)^gamma y log p) over the classes. */
export function categoricalFocalCrossentropy({
  alpha = 0.25,
  gamma = 2,
  fromLogits = false,
  labelSmoothing = 0,
  axis = -1,
}: CategoricalFocalCrossentropyOptions = {}): LossFunction {
  return (yTrue, yPred) => {
    const [labels, predicted] = fitted(smoothedLabels(yTrue, labelSmoothing), yPred);
    const { data: trues } = linesAlong(labels, axis);
    const { data: preds, count, length, shape } = linesAlong(predicted, axis);
    const { data: weights } = linesAlong(weightsFor(alpha, predicted), axis);
    const values = new Float64Array(count);
    for (let line = 0, from = 0; line < count; line++, from += length) {
      const most = fromLogits ? largestBetween(preds, from, from + length) : 0;
      const scale = fromLogits ? exponentialsBetween(preds, from, from + length, most) : sumBetween(preds, from, from + length);
      let sum = 0;
      for (let i = from; i < from + length; i++) {
        const x = preds[i] as number;
        const p = offTheEnds((fromLogits ? Math.exp(x - most) : x) / scale);
        sum -= (weights[i] as number) * (1 - p) ** gamma * (trues[i] as number) * Math.log(p);
      }
      values[line] = sum;
    }
    return { shape, values, mask: null };
  };
}

/** @throws Error where there is not one for each place on the last axis */
function weightsFor(alpha: number | readonly number[], { shape }: NDArray): NDArray {
  const given = typeof alpha === 'number' ? [alpha] : alpha;
  return { dtype: 'float32', shape, data: Float32Array.from(repeatedTo({ shape: [given.length], values: given }, shape, 'alpha')) };
}

function sumBetween(values: ArrayLike<number>, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i] as number;
  return sum;
}

/** (1 - p^q) / q, p being the probability of the class that is the label (Zhang and Sabuncu 2018, arXiv 1805.07836). */
export function categoricalGeneralizedCrossEntropy({ q = 0.5 }: { readonly q?: number } = {}): LossFunction {
  return (yTrue, yPred) => {
    const labels = labelsFor(yTrue, yPred, -1);
    const { data, count, length, shape } = linesAlong(yPred, -1);
    const values = new Float64Array(count);
    for (let line = 0; line < count; line++) {
      values[line] = (1 - (data[line * length + classAt(labels, line, length)] as number) ** q) / q;
    }
    return { shape, values, mask: null };
  };
}
