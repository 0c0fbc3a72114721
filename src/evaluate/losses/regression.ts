import {
  huber,
  klDivergence,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
} from '../../runtime/evaluate/regression.ts';
import { cosineSimilarity } from '../../runtime/evaluate/similarities.ts';
import { number, object, withDefault } from '../../schema/build.ts';
import { lastAxis, loss, type Meaning } from '../row.ts';

const plain = { config: object({}), options: () => ({}) } as const;

/** What a vector is at least divided by to have length 1. */
export const SMALLEST_NORM: Readonly<Record<Meaning, number>> = { keras3: 1e-7, keras2: 1e-6, tfjs: Math.sqrt(1e-7) };

export const regressionLosses = [
  loss({ className: 'MeanSquaredError', names: ['mse', 'MSE'], doc: 'mean((y - x)^2)', ...plain, make: meanSquaredError }),
  loss({ className: 'MeanAbsoluteError', names: ['mae', 'MAE'], doc: 'mean(|y - x|)', ...plain, make: meanAbsoluteError }),
  loss({
    className: 'MeanAbsolutePercentageError',
    names: ['mape', 'MAPE'],
    doc: '100 mean(|y - x| / |y|)',
    ...plain,
    make: meanAbsolutePercentageError,
  }),
  loss({
    className: 'MeanSquaredLogarithmicError',
    names: ['msle', 'MSLE'],
    doc: 'mean((log(1 + y) - log(1 + x))^2)',
    ...plain,
    make: meanSquaredLogarithmicError,
  }),
  loss({
    className: 'Huber',
    names: ['huber_loss'],
    doc: 'half the square of errors up to delta, a straight line beyond',
    config: object({ delta: withDefault(number(), 1) }),
    make: huber,
    options: ({ delta }) => ({ delta }),
  }),
  loss({ className: 'LogCosh', names: ['logcosh'], doc: 'mean(log(cosh(x - y)))', ...plain, make: logCosh }),
  loss({
    className: 'KLDivergence',
    names: ['kld', 'KLD', 'kullback_leibler_divergence', 'KullbackLeiblerDivergence'],
    doc: 'sum(y log(y / x))',
    config: object({}),
    make: klDivergence,
    options: (_, meaning) => ({ unclipped: meaning === 'tfjs' }),
  }),
  loss({ className: 'Poisson', doc: 'mean(x - y log x)', ...plain, make: poisson }),
  loss({
    className: 'CosineSimilarity',
    names: ['cosine_proximity', 'CosineProximity', 'cosine'],
    doc: '-sum(y x) / (|y| |x|)',
    config: object({ axis: lastAxis }),
    make: cosineSimilarity,
    options: ({ axis }, meaning) => ({ negative: true, axis, smallestNorm: SMALLEST_NORM[meaning] }),
    keeps: ['negative'],
  }),
];
