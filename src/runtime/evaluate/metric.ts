import type { NDArray } from './ndarray.ts';
import { broadcast, type Grid, gridOf, sameRank } from './shapes.ts';
import type { Sums } from './sums.ts';

/** Losses of a batch, one for each sample or position. */
export interface Losses {
  readonly shape: readonly number[];
  readonly values: Float64Array;
  /** Positions that count, 1 or 0 each; null where all do. */
  readonly mask: Uint8Array | null;
}

export type LossFunction = (yTrue: NDArray, yPred: NDArray) => Losses;

/** How the losses of a batch become one number, as Keras calls it; `none` keeps them apart, and their mean is reported. */
export type LossReduction = 'sum_over_batch_size' | 'sum' | 'mean_with_sample_weight' | 'none';

/** What a metric gathers is in sums alone: those over parts of the data, added up, give what all of it would. */
export interface Metric {
  /**
   * Adds a batch.
   * @param weights of samples, or of positions
   * @param mask of what was predicted; metrics of which Keras says so weigh by it
   * @throws Error where shapes or labels do not fit
   */
  update(sums: Sums, yTrue: NDArray, yPred: NDArray, weights: NDArray | null, mask: NDArray | null): void;
  result(sums: Sums): number | readonly number[];
}

/**
 * One number for a batch: `reduce_weighted_values` of Keras.
 * @param mask of what was predicted
 * @throws Error where weights or mask do not fit the losses
 */
export function reduceLosses(losses: Losses, weights: NDArray | null, mask: NDArray | null, reduction: LossReduction): number {
  const own: Grid | null = losses.mask === null ? null : { shape: losses.shape, values: losses.mask };
  const given = mask === null ? null : gridOf(mask);
  const both = own !== null && given !== null ? broadcast(own, given, isBoth, 'mask') : (own ?? given);
  const weighed = maskedWeights(weights === null ? null : gridOf(weights), both, reduction === 'sum_over_batch_size');
  if (weighed === null) return sumOfAll(losses.values) / (reduction === 'sum' ? 1 : Math.max(1, losses.values.length));
  const [values, factors] = sameRank<Grid, Grid>(losses, weighed);
  const products = broadcast(values, factors, times, 'sample weights');
  const sum = sumOfAll(products.values);
  if (reduction === 'sum') return sum;
  const divisor = reduction === 'mean_with_sample_weight' && products.shape.length > 0 ? sumOfAll(factors.values) : products.values.length;
  return divisor === 0 ? 0 : sum / divisor;
}

/**
 * Sample weights that are zero where a mask is: `apply_mask` of Keras.
 * @param scaled true where those that count make up for the others: the mean over all is then that over them
 */
export function maskedWeights(weights: Grid | null, mask: Grid | null, scaled: boolean): Grid | null {
  if (mask === null) return weights;
  const valid = sumOfAll(mask.values);
  const factor = scaled ? (valid === 0 ? 0 : mask.values.length / valid) : 1;
  const factors: Grid = { shape: mask.shape, values: Float64Array.from(mask.values, (counts) => (counts === 0 ? 0 : factor)) };
  if (weights === null) return factors;
  const [ours, theirs] = sameRank(factors, weights);
  return broadcast(theirs, ours, times, 'sample weights');
}

const times = (a: number, b: number): number => a * b;
const isBoth = (a: number, b: number): number => (a !== 0 && b !== 0 ? 1 : 0);

function sumOfAll(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum;
}
