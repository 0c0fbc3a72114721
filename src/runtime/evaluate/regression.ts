import { averaged, EPSILON, summed } from './elementwise.ts';
import { meanMetric } from './mean-metric.ts';
import type { LossFunction, Metric } from './metric.ts';
import { fitted, misfit } from './shapes.ts';

/** mean((y - x)^2) over the last axis. */
export const meanSquaredError = (): LossFunction => (yTrue, yPred) => averaged(yTrue, yPred, -1, (y, x) => (y - x) * (y - x));

/** mean(|y - x|) over the last axis. */
export const meanAbsoluteError = (): LossFunction => (yTrue, yPred) => averaged(yTrue, yPred, -1, (y, x) => Math.abs(y - x));

/** 100 mean(|y - x| / |y|) over the last axis. */
export const meanAbsolutePercentageError = (): LossFunction => (yTrue, yPred) =>
  averaged(yTrue, yPred, -1, (y, x) => (100 * Math.abs(y - x)) / Math.max(Math.abs(y), EPSILON));

/** mean((log(1 + y) - log(1 + x))^2) over the last axis; what is below 1e-7 counts as that. */
export const meanSquaredLogarithmicError = (): LossFunction => (yTrue, yPred) =>
  averaged(yTrue, yPred, -1, (y, x) => (Math.log1p(Math.max(x, EPSILON)) - Math.log1p(Math.max(y, EPSILON))) ** 2);

/** Half the square of small errors, a straight line beyond delta (Huber 1964); the mean over the last axis. */
export function huber({ delta = 1 }: { readonly delta?: number } = {}): LossFunction {
  const each = (y: number, x: number): number => {
    const error = Math.abs(x - y);
    return error <= delta ? 0.5 * error * error : delta * error - 0.5 * delta * delta;
  };
  return (yTrue, yPred) => averaged(yTrue, yPred, -1, each);
}

/** mean(log(cosh(x - y))) over the last axis. */
export const logCosh = (): LossFunction => (yTrue, yPred) =>
  averaged(yTrue, yPred, -1, (y, x) => {
    const error = Math.abs(x - y);
    return error + Math.log1p(Math.exp(-2 * error)) - Math.LN2;
  });

export interface KLDivergenceOptions {
  /** True as in tfjs, which multiplies by labels as they are. */
  readonly unclipped?: boolean;
}

/** sum(y log(y / x)) over the last axis, both between 1e-7 and 1 (Kullback and Leibler 1951). */
export function klDivergence({ unclipped = false }: KLDivergenceOptions = {}): LossFunction {
  const each = (y: number, x: number): number => {
    const clipped = betweenEpsilonAndOne(y);
    return (unclipped ? y : clipped) * Math.log(clipped / betweenEpsilonAndOne(x));
  };
  return (yTrue, yPred) => summed(yTrue, yPred, -1, each);
}

const betweenEpsilonAndOne = (x: number): number => (x < EPSILON ? EPSILON : x > 1 ? 1 : x);

/** mean(x - y log x) over the last axis. */
export const poisson = (): LossFunction => (yTrue, yPred) => averaged(yTrue, yPred, -1, (y, x) => x - y * Math.log(x + EPSILON));

/** |y - x| divided by a number for each place on the last axis, its mean; zero where that number is. */
export function meanRelativeError({ normalizer }: { readonly normalizer: readonly number[] }): Metric {
  return meanMetric((yTrue, yPred) => {
    const [{ data: trues, shape }, { data: preds }] = fitted(yTrue, yPred);
    const places = normalizer.length;
    if (places !== 1 && shape.at(-1) !== places) misfit({ ...yTrue, shape: [places] }, yPred);
    const values = Float64Array.from(preds, (x, i) => {
      const divisor = Math.fround(normalizer[i % places] as number);
      return divisor === 0 ? 0 : Math.abs((trues[i] as number) - x) / divisor;
    });
    return { shape, values, mask: null };
  });
}
