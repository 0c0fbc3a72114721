import { type Losses, type LossFunction, type Metric, maskedWeights } from './metric.ts';
import type { NDArray } from './ndarray.ts';
import { broadcast, countIn, fitted, type Grid, gridOf, repeatedTo, sameRank } from './shapes.ts';
import { addTo, type Sums, sumAt } from './sums.ts';

/** The mean over samples, weighed by sample weights and by the mask: `MeanMetricWrapper` of Keras. */
export function meanMetric(values: LossFunction): Metric {
  return {
    update(sums, yTrue, yPred, weights, mask) {
      const weighed = maskedWeights(weights === null ? null : gridOf(weights), mask === null ? null : gridOf(mask), false);
      addToMean(sums, values(yTrue, yPred), weighed);
    },
    result: meanOf,
  };
}

/** The root of the mean of squares. It weighs by sample weights; masks are nothing to it, as in Keras. */
export function rootMeanSquaredError(): Metric {
  return {
    update(sums, yTrue, yPred, weights) {
      const [{ data: trues, shape }, { data: preds }] = fitted(yTrue, yPred);
      const values = new Float64Array(trues.length);
      for (let i = 0; i < values.length; i++) values[i] = ((preds[i] as number) - (trues[i] as number)) ** 2;
      addToMean(sums, { shape, values, mask: null }, weights === null ? null : gridOf(weights));
    },
    result: (sums) => Math.sqrt(meanOf(sums)),
  };
}

/** The metric with the mask among its sample weights, as Keras 2 hands it to every metric. */
export function weighedByMask(metric: Metric): Metric {
  return {
    update(sums, yTrue, yPred, weights, mask) {
      const weighed = maskedWeights(weights === null ? null : gridOf(weights), mask === null ? null : gridOf(mask), false);
      const array: NDArray | null =
        weighed === null ? null : { dtype: 'float32', shape: weighed.shape, data: Float32Array.from(weighed.values) };
      metric.update(sums, yTrue, yPred, array, null);
    },
    result: (sums) => metric.result(sums),
  };
}

export function meanOf(sums: Sums): number {
  const count = sumAt(sums, 1);
  return count === 0 ? 0 : sumAt(sums, 0) / count;
}

/**
 * Adds values and their weights: `reduce_to_samplewise_values` of Keras. Each sample is added by itself, so that it does not matter
 * which batch it is in.
 */
function addToMean(sums: Sums, losses: Losses, given: Grid | null): void {
  if (given === null) {
    const [samples = 1] = losses.shape;
    const size = losses.values.length / samples;
    for (let i = 0; i < samples; i++) addTo(sums, 0, meanBetween(losses.values, i * size, (i + 1) * size));
    addTo(sums, 1, samples);
    return;
  }
  // What a loss leaves out has no weight, but only where there are weights.
  const own = losses.mask === null ? given : maskedWeights(given, { shape: losses.shape, values: losses.mask }, false);
  const [values, weights] = sameRank<Grid, Grid>(losses, own as Grid);
  const reduced = meanOverLast(values, weights.shape.length);
  const { shape } = reduced;
  const factors = repeatedTo(weights, shape, 'sample weights');
  const products = broadcast(reduced, { shape, values: factors }, (value, weight) => value * weight, 'sample weights').values;
  const [samples = 1] = shape;
  const size = products.length / samples;
  for (let i = 0; i < samples; i++) {
    addTo(sums, 0, meanBetween(products, i * size, (i + 1) * size));
    addTo(sums, 1, meanBetween(factors, i * size, (i + 1) * size));
  }
}

/** The means over all axes from one on. */
function meanOverLast({ shape, values }: Grid, rank: number): Grid {
  if (shape.length <= rank) return { shape, values };
  const size = countIn(shape.slice(rank));
  const means = new Float64Array(values.length / size);
  for (let i = 0; i < means.length; i++) means[i] = meanBetween(values, i * size, (i + 1) * size);
  return { shape: shape.slice(0, rank), values: means };
}

function meanBetween(values: ArrayLike<number>, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i] as number;
  return sum / (to - from);
}
