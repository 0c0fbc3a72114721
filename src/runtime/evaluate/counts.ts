import {
  addConfusion,
  areEvenlySpaced,
  type Choice,
  type Confusion,
  confusionOf,
  countedIn,
  evenThresholds,
  FAR_BELOW,
  ratios,
  thresholdsFrom,
} from './confusion.ts';
import type { Metric } from './metric.ts';

export interface CountOptions {
  /** One, or several for a list of results; 0.5 without them, and with topK all of the k largest count. */
  readonly thresholds?: number | readonly number[] | null;
}

export interface ChosenCountOptions extends CountOptions, Choice {}

export const truePositives = (options: CountOptions = {}): Metric => counted(options, (counts) => counts.tp);
export const trueNegatives = (options: CountOptions = {}): Metric => counted(options, (counts) => counts.tn);
export const falsePositives = (options: CountOptions = {}): Metric => counted(options, (counts) => counts.fp);
export const falseNegatives = (options: CountOptions = {}): Metric => counted(options, (counts) => counts.fn);

/** True positives among all that were predicted positive. */
export const precision = (options: ChosenCountOptions = {}): Metric => counted(options, (counts) => ratios(counts.tp, counts.fp));

/** True positives among all that are positive. */
export const recall = (options: ChosenCountOptions = {}): Metric => counted(options, (counts) => ratios(counts.tp, counts.fn));

function counted({ thresholds = null, topK = null, classId = null }: ChosenCountOptions, of: (counts: Confusion) => Float64Array): Metric {
  const given = thresholds === null ? [topK === null ? 0.5 : FAR_BELOW] : typeof thresholds === 'number' ? [thresholds] : thresholds;
  const bounds = thresholdsFrom(given, areEvenlySpaced(given));
  return {
    update: (sums, yTrue, yPred, weights) => addConfusion(sums, bounds, countedIn(yTrue, yPred, weights, { topK, classId })),
    result(sums) {
      const values = of(confusionOf(sums, bounds));
      return given.length === 1 ? (values[0] as number) : [...values];
    },
  };
}

export interface AtOptions {
  readonly numThresholds?: number;
  readonly classId?: number | null;
}

/** The best sensitivity at a threshold where the specificity is at least so much. */
export const sensitivityAtSpecificity = (options: AtOptions & { readonly specificity: number }): Metric =>
  bestAt(options.specificity, options, (counts) => [specificities(counts), sensitivities(counts)]);

/** The best specificity at a threshold where the sensitivity is at least so much. */
export const specificityAtSensitivity = (options: AtOptions & { readonly sensitivity: number }): Metric =>
  bestAt(options.sensitivity, options, (counts) => [sensitivities(counts), specificities(counts)]);

/** The best precision at a threshold where the recall is at least so much. */
export const precisionAtRecall = (options: AtOptions & { readonly recall: number }): Metric =>
  bestAt(options.recall, options, (counts) => [sensitivities(counts), precisions(counts)]);

/** The best recall at a threshold where the precision is at least so much. */
export const recallAtPrecision = (options: AtOptions & { readonly precision: number }): Metric =>
  bestAt(options.precision, options, (counts) => [precisions(counts), sensitivities(counts)]);

const sensitivities = (counts: Confusion): Float64Array => ratios(counts.tp, counts.fn);
const specificities = (counts: Confusion): Float64Array => ratios(counts.tn, counts.fp);
const precisions = (counts: Confusion): Float64Array => ratios(counts.tp, counts.fp);

type Curves = (counts: Confusion) => readonly [constrained: Float64Array, wanted: Float64Array];

function bestAt(least: number, { numThresholds = 200, classId = null }: AtOptions, of: Curves): Metric {
  const bounds = thresholdsFrom(evenThresholds(numThresholds), numThresholds > 1);
  const bound = Math.fround(least);
  return {
    update: (sums, yTrue, yPred, weights) => addConfusion(sums, bounds, countedIn(yTrue, yPred, weights, { classId })),
    result(sums) {
      const [constrained, wanted] = of(confusionOf(sums, bounds));
      // Both as float32, as 3 of 5 is to reach 0.6.
      return wanted.reduce((best, value, i) => (Math.fround(constrained[i] as number) >= bound ? Math.max(best, value) : best), 0);
    },
  };
}
