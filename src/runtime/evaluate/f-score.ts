import type { Metric } from './metric.ts';
import type { NDArray } from './ndarray.ts';
import { fitted, misfit, shapeText } from './shapes.ts';
import { addTo, type Sums, sumAt } from './sums.ts';

export type Averaging = 'micro' | 'macro' | 'weighted' | null;

export interface FScoreOptions {
  /** Null for a score of each class. */
  readonly average?: Averaging;
  /** How much more recall counts than precision. */
  readonly beta?: number;
  /** Above it a class is predicted; null for the largest alone. */
  readonly threshold?: number | null;
}

/** For each class, or all together: true positives, false positives, false negatives, weight. */
const PER_CLASS = 4;

/** (1 + beta^2) p r / (beta^2 p + r) of precision p and recall r (van Rijsbergen 1979). */
export function fBetaScore({ average = null, beta = 1, threshold = null }: FScoreOptions = {}): Metric {
  return {
    update(sums, yTrue, yPred, weights) {
      const [{ data: trues }, { data: preds, shape }] = fitted(yTrue, yPred);
      if (shape.length !== 2) misfit(yTrue, yPred);
      const [samples, classes] = shape as readonly [number, number];
      if (weights !== null && (weights.data.length !== samples || weights.shape.length > 2))
        throw new Error(`sample weights of shape ${shapeText(weights.shape)} do not fit ${shapeText(shape)}: expected one for each sample`);
      for (let i = 0; i < samples; i++) {
        const bound = threshold === null ? largestIn(preds, i * classes, classes) : Math.fround(threshold);
        const weight = weights === null ? 1 : (weights.data[i] as number);
        for (let k = 0; k < classes; k++) {
          const y = trues[i * classes + k] as number;
          const x = preds[i * classes + k] as number;
          const isPredicted = threshold === null ? x >= bound && Math.abs(x) > 1e-9 : x > bound;
          const from = average === 'micro' ? 0 : k * PER_CLASS;
          addTo(sums, from, isPredicted ? y * weight : 0);
          addTo(sums, from + 1, isPredicted ? (1 - y) * weight : 0);
          addTo(sums, from + 2, isPredicted ? 0 : y * weight);
          addTo(sums, from + 3, y * weight);
        }
      }
    },
    result(sums) {
      const scores = Array.from({ length: sums.high.length / PER_CLASS }, (_, k) => scoreOf(sums, k * PER_CLASS, beta));
      if (average === null) return scores;
      if (average !== 'weighted') return scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length);
      const all = scores.reduce((sum, _, k) => sum + sumAt(sums, k * PER_CLASS + 3), 0);
      return scores.reduce((sum, score, k) => sum + (score * sumAt(sums, k * PER_CLASS + 3)) / (all + 1e-7), 0);
    },
  };
}

function largestIn(preds: NDArray['data'], from: number, classes: number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = from; i < from + classes; i++) most = Math.max(most, preds[i] as number);
  return most;
}

function scoreOf(sums: Sums, from: number, beta: number): number {
  const hits = sumAt(sums, from);
  const right = hits / (hits + sumAt(sums, from + 1) + 1e-7);
  const found = hits / (hits + sumAt(sums, from + 2) + 1e-7);
  return ((right * found) / (beta ** 2 * right + found + 1e-7)) * (1 + beta ** 2);
}
