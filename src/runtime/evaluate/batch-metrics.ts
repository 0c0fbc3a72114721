import { meanOf } from './mean-metric.ts';
import type { Metric } from './metric.ts';
import type { NDArray } from './ndarray.ts';
import { fitted } from './shapes.ts';
import { addTo } from './sums.ts';

/** True positives among all that were predicted positive, labels and predictions being 0 or 1; the mean over batches, as in tfjs. */
export const precisionOfBatches = (): Metric => meanOfBatches((trues, preds) => shareOfOnes(trues, preds, preds));

/** True positives among all that are positive, labels and predictions being 0 or 1; the mean over batches, as in tfjs. */
export const recallOfBatches = (): Metric => meanOfBatches((trues, preds) => shareOfOnes(trues, preds, trues));

/** 1 - sum((y - x)^2) / sum((y - mean(y))^2) over all numbers of a batch; the mean over batches, as in tfjs. */
export const r2OfBatches = (): Metric =>
  meanOfBatches((trues, preds) => {
    let sum = 0;
    for (const y of trues) sum += y;
    const middle = sum / trues.length;
    let [residuals, squares] = [0, 0];
    for (let i = 0; i < trues.length; i++) {
      const y = trues[i] as number;
      residuals += (y - (preds[i] as number)) ** 2;
      squares += (y - middle) ** 2;
    }
    return 1 - residuals / squares;
  });

/** Each batch counts by its samples. */
function meanOfBatches(of: (trues: NDArray['data'], preds: NDArray['data']) => number): Metric {
  return {
    update(sums, yTrue, yPred) {
      const [labels, predicted] = fitted(yTrue, yPred);
      const [samples = 1] = labels.shape;
      addTo(sums, 0, of(labels.data, predicted.data) * samples);
      addTo(sums, 1, samples);
    },
    result: meanOf,
  };
}

/** Ones of both among ones of one of them; what is neither 0 nor 1 counts nowhere. */
function shareOfOnes(trues: NDArray['data'], preds: NDArray['data'], of: NDArray['data']): number {
  let [both, all] = [0, 0];
  for (let i = 0; i < of.length; i++) {
    const [y, x] = [trues[i] as number, preds[i] as number];
    if (of[i] !== 1 || (y !== 0 && y !== 1) || (x !== 0 && x !== 1)) continue;
    all++;
    if (y === 1 && x === 1) both++;
  }
  return all === 0 ? 0 : both / all;
}
