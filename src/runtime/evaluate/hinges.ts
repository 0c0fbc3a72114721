import { averaged, byLine } from './elementwise.ts';
import type { Losses, LossFunction } from './metric.ts';
import type { NDArray } from './ndarray.ts';

export interface HingeOptions {
  /** True as in tfjs, which takes labels for -1 and 1 as they are. */
  readonly signed?: boolean;
}

/** mean(max(1 - y x, 0)) over the last axis. Labels that are all 0 or 1 stand for -1 and 1. */
export const hinge =
  ({ signed = false }: HingeOptions = {}): LossFunction =>
  (yTrue, yPred) =>
    hinged(yTrue, yPred, signed, (margin) => margin);

/** mean(max(1 - y x, 0)^2) over the last axis. Labels that are all 0 or 1 stand for -1 and 1. */
export const squaredHinge =
  ({ signed = false }: HingeOptions = {}): LossFunction =>
  (yTrue, yPred) =>
    hinged(yTrue, yPred, signed, (margin) => margin * margin);

function hinged(yTrue: NDArray, yPred: NDArray, signed: boolean, of: (margin: number) => number): Losses {
  const isBinary = !signed && yTrue.data.every((y) => y === 0 || y === 1);
  return averaged(yTrue, yPred, -1, (y, x) => {
    const margin = 1 - (isBinary ? 2 * y - 1 : y) * x;
    return margin < 0 ? 0 : of(margin);
  });
}

/** max(1 + max((1 - y) x) - sum(y x), 0) over the last axis. */
export const categoricalHinge = (): LossFunction => (yTrue, yPred) =>
  byLine(yTrue, yPred, -1, (trues, preds, from, to) => {
    let positive = 0;
    let negative = Number.NEGATIVE_INFINITY;
    for (let i = from; i < to; i++) {
      const [y, x] = [trues[i] as number, preds[i] as number];
      positive += y * x;
      negative = Math.max(negative, (1 - y) * x);
    }
    return Math.max(1 + negative - positive, 0);
  });
