import { rootMeanSquaredError } from '../../runtime/evaluate/mean-metric.ts';
import { meanRelativeError } from '../../runtime/evaluate/regression.ts';
import { concordanceCorrelation, cosineSimilarity, pearsonCorrelation } from '../../runtime/evaluate/similarities.ts';
import { array, number, object } from '../../schema/build.ts';
import { lossRows } from '../losses/index.ts';
import { SMALLEST_NORM } from '../losses/regression.ts';
import { isRefused } from '../registry.ts';
import { type LossRow, lastAxis, type MetricRow, MOST_CLASSES, metric } from '../row.ts';

/** Metrics that are the mean of a loss function. */
const LOSSES: readonly (readonly [loss: string, metric?: string])[] = [
  ['BinaryCrossentropy'],
  ['CategoricalCrossentropy'],
  ['SparseCategoricalCrossentropy'],
  ['MeanSquaredError'],
  ['MeanAbsoluteError'],
  ['MeanAbsolutePercentageError'],
  ['MeanSquaredLogarithmicError'],
  ['LogCosh', 'LogCoshError'],
  ['KLDivergence'],
  ['Poisson'],
  ['Hinge'],
  ['SquaredHinge'],
  ['CategoricalHinge'],
];

/** A metric that is the mean of a loss. */
export const meanOfLoss = ({ make, ...row }: LossRow): MetricRow => ({ ...row, values: make });

export const lossMeans = LOSSES.flatMap(([className, as = className]): MetricRow[] => {
  const row = lossRows.get(className);
  return row === undefined || isRefused(row) ? [] : [{ ...meanOfLoss(row), className: as }];
});

export const means = [
  metric({
    className: 'RootMeanSquaredError',
    names: ['rmse', 'RMSE'],
    doc: 'the root of the mean of (y - x)^2',
    config: object({}),
    make: rootMeanSquaredError,
    options: () => ({}),
  }),
  metric({
    className: 'CosineSimilarity',
    names: ['cosine_proximity', 'CosineProximity'],
    doc: 'sum(y x) / (|y| |x|)',
    config: object({ axis: lastAxis }),
    values: cosineSimilarity,
    options: ({ axis }, meaning) => ({ axis, smallestNorm: SMALLEST_NORM[meaning] }),
  }),
  metric({
    className: 'PearsonCorrelation',
    doc: "Pearson's r along an axis",
    config: object({ axis: lastAxis }),
    values: pearsonCorrelation,
    options: ({ axis }) => ({ axis }),
  }),
  metric({
    className: 'ConcordanceCorrelation',
    doc: "Lin's concordance along an axis",
    config: object({ axis: lastAxis }),
    values: concordanceCorrelation,
    options: ({ axis }) => ({ axis }),
  }),
  metric({
    className: 'MeanRelativeError',
    doc: '|y - x| divided by given numbers',
    config: object({ normalizer: array(number(), { minItems: 1, maxItems: MOST_CLASSES }) }),
    make: meanRelativeError,
    options: ({ normalizer }) => ({ normalizer }),
  }),
];
