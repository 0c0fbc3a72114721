import type { Metric } from './metric.ts';
import { fitted, gridOf, misfit, repeatedTo } from './shapes.ts';
import { addTo, type Sums, sumAt } from './sums.ts';

export interface R2Options {
  /** Null for a score of each place on the last axis. */
  readonly classAggregation?: 'uniform_average' | 'variance_weighted_average' | null;
  /** How many variables the model explains it by: the score is adjusted for them. */
  readonly numRegressors?: number;
}

/** The sum over all places comes first: how many numbers there were. Then for each place: y, y^2, (y - x)^2, weight. */
const PER_PLACE = 4;

/** 1 - sum((y - x)^2) / sum((y - mean(y))^2), over samples. */
export function r2Score({ classAggregation = 'uniform_average', numRegressors = 0 }: R2Options = {}): Metric {
  return {
    update(sums, yTrue, yPred, weights) {
      const [{ data: trues }, { data: preds, shape }] = fitted(yTrue, yPred);
      if (shape.length !== 2) misfit(yTrue, yPred);
      const places = shape[1] as number;
      const given = weights === null ? null : gridOf(weights);
      const column = given?.shape.length === 1 ? { ...given, shape: [...given.shape, 1] } : given;
      const factors = column === null ? null : repeatedTo(column, shape, 'sample weights');
      addTo(sums, 0, trues.length);
      for (let i = 0; i < trues.length; i++) {
        const [y, x] = [trues[i] as number, preds[i] as number];
        const weight = factors === null ? 1 : (factors[i] as number);
        const from = 1 + (i % places) * PER_PLACE;
        addTo(sums, from, y * weight);
        addTo(sums, from + 1, y * y * weight);
        addTo(sums, from + 2, (y - x) ** 2 * weight);
        addTo(sums, from + 3, weight);
      }
    },
    result(sums) {
      const places = Array.from({ length: (sums.high.length - 1) / PER_PLACE }, (_, k) => scoredPlace(sums, 1 + k * PER_PLACE));
      const scores = places.map(({ score }) => score);
      const adjusted = (score: number): number => adjustedFor(numRegressors, sumAt(sums, 0), score);
      if (classAggregation === null) return scores.map(adjusted);
      if (classAggregation === 'uniform_average') return adjusted(scores.reduce((sum, score) => sum + score, 0) / scores.length);
      const sum = places.reduce((all, { variation, score }) => all + variation * score, 0);
      return adjusted(sum / places.reduce((all, { variation }) => all + variation, 0));
    },
  };
}

interface ScoredPlace {
  /** sum((y - mean(y))^2) */
  readonly variation: number;
  readonly score: number;
}

function scoredPlace(sums: Sums, from: number): ScoredPlace {
  const sum = sumAt(sums, from);
  const variation = sumAt(sums, from + 1) - (sum * sum) / sumAt(sums, from + 3);
  const score = 1 - sumAt(sums, from + 2) / variation;
  return { variation, score: Math.abs(score) === Number.POSITIVE_INFINITY ? 0 : score };
}

/** As it is where there are too few numbers to adjust by. */
function adjustedFor(regressors: number, numbers: number, score: number): number {
  if (regressors === 0 || regressors >= numbers - 1) return score;
  return 1 - ((1 - score) * (numbers - 1)) / (numbers - regressors - 1);
}
