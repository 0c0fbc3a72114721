import { byLine } from './elementwise.ts';
import type { LossFunction } from './metric.ts';
import type { Axis } from './shapes.ts';

/** 1 - 2 sum(y x) / (sum(y) + sum(x)), over some axes or all (Dice 1945). */
export function dice({ axis = null }: { readonly axis?: Axis } = {}): LossFunction {
  return (yTrue, yPred) =>
    byLine(yTrue, yPred, axis, (trues, preds, from, to) => {
      let both = 0;
      let either = 0;
      for (let i = from; i < to; i++) {
        const [y, x] = [trues[i] as number, preds[i] as number];
        both += y * x;
        either += y + x;
      }
      return 1 - (2 * both) / (either + 1e-7);
    });
}

export interface TverskyOptions {
  readonly alpha?: number;
  readonly beta?: number;
  readonly axis?: Axis;
}

/** 1 - s / (s + alpha sum((1 - x) y) + beta sum(x (1 - y))) with s = sum(y x), over some axes or all (Salehi et al. 2017, arXiv 1706.05721). */
export function tversky({ alpha = 0.5, beta = 0.5, axis = null }: TverskyOptions = {}): LossFunction {
  return (yTrue, yPred) =>
    byLine(yTrue, yPred, axis, (trues, preds, from, to) => {
      let both = 0;
      let missed = 0;
      let wrong = 0;
      for (let i = from; i < to; i++) {
        const [y, x] = [trues[i] as number, preds[i] as number];
        both += y * x;
        missed += (1 - x) * y;
        wrong += x * (1 - y);
      }
      return 1 - both / (both + alpha * missed + beta * wrong + 1e-7);
    });
}
