import { byLine } from './elementwise.ts';
import type { LossFunction } from './metric.ts';
import type { NDArray } from './ndarray.ts';
import { type Axis, checkLabels, misfit } from './shapes.ts';

export interface CosineOptions {
  readonly axis?: Axis;
  /** Norms below it count as it: 1e-7 in Keras 3, 1e-6 in Keras 2, the root of 1e-7 in tfjs. */
  readonly smallestNorm?: number;
  /** True for the loss, which is least where the similarity is most. */
  readonly negative?: boolean;
}

/** sum(y x) / (|y| |x|) along an axis. */
export function cosineSimilarity({ axis = -1, smallestNorm = 1e-7, negative = false }: CosineOptions = {}): LossFunction {
  return (yTrue, yPred) =>
    byLine(yTrue, yPred, axis, (trues, preds, from, to) => {
      let product = 0;
      let trueSquares = 0;
      let predSquares = 0;
      for (let i = from; i < to; i++) {
        const [y, x] = [trues[i] as number, preds[i] as number];
        product += y * x;
        trueSquares += y * y;
        predSquares += x * x;
      }
      const similarity = product / (Math.max(Math.sqrt(trueSquares), smallestNorm) * Math.max(Math.sqrt(predSquares), smallestNorm));
      return negative ? -similarity : similarity;
    });
}

/** Pearson's r along an axis. It is not a number where either does not vary. */
export function pearsonCorrelation({ axis = -1 }: { readonly axis?: Axis } = {}): LossFunction {
  return (yTrue, yPred) =>
    byLine(yTrue, yPred, axis, (trues, preds, from, to) => {
      const [trueMean, trueVariance] = momentsBetween(trues, from, to);
      const [predMean, predVariance] = momentsBetween(preds, from, to);
      let sum = 0;
      for (let i = from; i < to; i++) sum += ((trues[i] as number) - trueMean) * ((preds[i] as number) - predMean);
      return sum / (to - from) / (Math.sqrt(trueVariance) * Math.sqrt(predVariance));
    });
}

/** Lin's concordance along an axis, with the covariance as Keras takes it: both around the mean of what was predicted. */
export function concordanceCorrelation({ axis = -1 }: { readonly axis?: Axis } = {}): LossFunction {
  return (yTrue, yPred) =>
    byLine(yTrue, yPred, axis, (trues, preds, from, to) => {
      const [trueMean, trueVariance] = momentsBetween(trues, from, to);
      const [predMean, predVariance] = momentsBetween(preds, from, to);
      const norm = trueVariance + predVariance + (trueMean - predMean) ** 2;
      let sum = 0;
      for (let i = from; i < to; i++) sum += ((trues[i] as number) - predMean) * ((preds[i] as number) - predMean);
      return (2 * sum) / (to - from) / (norm + 1e-7);
    });
}

/** The mean, and the mean square around it. */
function momentsBetween(values: ArrayLike<number>, from: number, to: number): readonly [middle: number, variance: number] {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i] as number;
  const middle = sum / (to - from);
  let squares = 0;
  for (let i = from; i < to; i++) squares += ((values[i] as number) - middle) ** 2;
  return [middle, squares / (to - from)];
}

export interface CircleOptions {
  readonly gamma?: number;
  readonly margin?: number;
  readonly removeDiagonal?: boolean;
}

/**
 * Circle loss of embeddings [batch, size], whose cosine distances are to be small between samples of one class (Sun et al. 2020, arXiv
 * 2002.10857). Samples without a loss do not count.
 */
export function circle({ gamma = 80, margin = 0.4, removeDiagonal = true }: CircleOptions = {}): LossFunction {
  return (yTrue, yPred) => {
    const [samples = 0, size = 0] = yPred.shape;
    if (yPred.shape.length !== 2 || yTrue.data.length !== samples || yTrue.shape.length > 2) misfit(yTrue, yPred);
    checkLabels(yTrue);
    const labels = Int32Array.from(yTrue.data);
    const values = new Float64Array(samples);
    const near = new Float64Array(samples);
    const far = new Float64Array(samples);
    for (let i = 0; i < samples; i++) {
      for (let j = 0; j < samples; j++) {
        const distance = Math.max(1 - productOfRows(yPred.data, i, j, size), 0);
        const isSame = labels[i] === labels[j];
        const isCounted = isSame && !(removeDiagonal && i === j);
        near[j] = isCounted ? -gamma * Math.max(margin + distance, 0) * (margin - distance) : Number.NEGATIVE_INFINITY;
        far[j] = isSame ? Number.NEGATIVE_INFINITY : gamma * Math.max(1 + margin - distance, 0) * (1 - margin - distance);
      }
      values[i] = softPlus(logOfExponentials(near) + logOfExponentials(far));
    }
    return { shape: [samples], values, mask: Uint8Array.from(values, (value) => (value > 0 ? 1 : 0)) };
  };
}

function productOfRows(data: NDArray['data'], i: number, j: number, size: number): number {
  let sum = 0;
  for (let k = 0; k < size; k++) sum += (data[i * size + k] as number) * (data[j * size + k] as number);
  return sum;
}

function logOfExponentials(values: Float64Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) most = Math.max(most, value);
  if (!Number.isFinite(most)) return most;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - most);
  return most + Math.log(sum);
}

const softPlus = (x: number): number => (Number.isNaN(x) ? x : Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))));
