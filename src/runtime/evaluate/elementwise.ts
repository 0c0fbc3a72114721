import type { Losses } from './metric.ts';
import type { NDArray } from './ndarray.ts';
import { type Axis, fitted, linesAlong } from './shapes.ts';

/** float32's of what Keras divides by and clips to, `backend.epsilon()`: 1e-7. A bundle without losses leaves them out. */
export const EPSILON = /* @__PURE__ */ Math.fround(1e-7);
export const ALMOST_ONE = /* @__PURE__ */ Math.fround(0.9999999);

/** A probability off 0 and 1, so that its logarithm is finite; NaN stays. */
export const offTheEnds = (p: number): number => (p < EPSILON ? EPSILON : p > ALMOST_ONE ? ALMOST_ONE : p);

/** The mean over an axis of something of each label and prediction. */
export function averaged(yTrue: NDArray, yPred: NDArray, axis: Axis, each: (label: number, predicted: number) => number): Losses {
  const losses = summed(yTrue, yPred, axis, each);
  const length = yPred.data.length / losses.values.length;
  for (let i = 0; i < losses.values.length; i++) losses.values[i] = (losses.values[i] as number) / length;
  return losses;
}

/** The sum over an axis of something of each label and prediction. */
export function summed(yTrue: NDArray, yPred: NDArray, axis: Axis, each: (label: number, predicted: number) => number): Losses {
  return byLine(yTrue, yPred, axis, (trues, preds, from, to) => {
    let sum = 0;
    for (let i = from; i < to; i++) sum += each(trues[i] as number, preds[i] as number);
    return sum;
  });
}

/** A number of each line of labels and predictions, which stand between two places. */
export type OfLine = (trues: NDArray['data'], preds: NDArray['data'], from: number, to: number) => number;

/**
 * One number for each line along an axis.
 * @throws Error where labels do not fit the output
 */
export function byLine(yTrue: NDArray, yPred: NDArray, axis: Axis, each: OfLine): Losses {
  const [labels, predicted] = fitted(yTrue, yPred);
  const { data: trues, count, length, shape } = linesAlong(labels, axis);
  const { data: preds } = linesAlong(predicted, axis);
  const values = new Float64Array(count);
  for (let line = 0; line < count; line++) values[line] = each(trues, preds, line * length, (line + 1) * length);
  return { shape, values, mask: null };
}
