import {
  addConfusion,
  areEvenlySpaced,
  type Confusion,
  confusionOf,
  countedIn,
  evenThresholds,
  ratio,
  ratios,
  sumsPerLabel,
  thresholdsFrom,
} from './confusion.ts';
import type { Metric } from './metric.ts';
import { shapeText } from './shapes.ts';

export type Curve = 'ROC' | 'PR' | 'PRGAIN';
export type Summation = 'interpolation' | 'minoring' | 'majoring';

export interface AUCOptions {
  readonly numThresholds?: number;
  readonly curve?: Curve;
  readonly summationMethod?: Summation;
  /** Between 0 and 1, in place of evenly spaced ones. */
  readonly thresholds?: readonly number[] | null;
  /** An area for each place on the last axis, and their mean. */
  readonly multiLabel?: boolean;
  readonly numLabels?: number | null;
  /** Weights of the labels: of their areas, or of their samples without multiLabel. */
  readonly labelWeights?: readonly number[] | null;
  readonly fromLogits?: boolean;
}

/** The area under a curve over thresholds, as Keras sums it up. */
export function auc(options: AUCOptions = {}): Metric {
  const { numThresholds = 200, curve = 'ROC', summationMethod = 'interpolation', multiLabel = false, fromLogits = false } = options;
  const { thresholds = null, numLabels = null, labelWeights = null } = options;
  const inner = thresholds === null ? evenThresholds(numThresholds).slice(1, -1) : [...thresholds].sort((a, b) => a - b);
  const areEven = thresholds === null || areEvenlySpaced([0, ...inner, 1]);
  const bounds = thresholdsFrom([-1e-7, ...inner, 1 + 1e-7], areEven);
  const isInterpolated = curve === 'PR' && summationMethod === 'interpolation';
  const areaOf = (counts: Confusion): number =>
    isInterpolated ? interpolatedArea(counts) : areaUnder(POINTS[curve](counts), summationMethod);
  return {
    update(sums, yTrue, yPred, weights) {
      if (multiLabel) {
        const labels = yPred.shape.length === 2 ? yPred.shape[1] : null;
        if (labels === null || (numLabels !== null && numLabels !== labels))
          throw new Error(`AUC of ${numLabels ?? 'several'} labels: found an output of shape ${shapeText(yPred.shape)}`);
      }
      const predicted = fromLogits ? { ...yPred, data: Float32Array.from(yPred.data, (x) => 1 / (1 + Math.exp(-x))) } : yPred;
      const batch = countedIn(yTrue, predicted, weights, {});
      const isWeighed = labelWeights !== null && !multiLabel;
      addConfusion(sums, bounds, isWeighed ? { ...batch, weights: weighLabels(batch, labelWeights) } : batch, multiLabel);
    },
    result(sums) {
      if (!multiLabel) return areaOf(confusionOf(sums, bounds));
      const labels = Math.ceil(sums.high.length / sumsPerLabel(bounds)) || (numLabels ?? 1);
      const areas = Array.from({ length: labels }, (_, label) => areaOf(confusionOf(sums, bounds, label)));
      const factors = labelWeights ?? areas.map(() => 1);
      if (factors.length !== labels) throw new Error(`AUC: ${factors.length} label weights for ${labels} labels`);
      return ratio(
        areas.reduce((sum, area, i) => sum + area * (factors[i] as number), 0),
        factors.reduce((sum, factor) => sum + factor, 0),
      );
    },
  };
}

/** @throws Error where there is not one weight for each label */
function weighLabels({ shape, preds, weights }: ReturnType<typeof countedIn>, factors: readonly number[]): Float64Array {
  const labels = shape.at(-1) as number;
  if (factors.length !== 1 && factors.length !== labels) throw new Error(`AUC: ${factors.length} label weights for ${labels} labels`);
  return Float64Array.from(
    preds,
    (_, i) => (weights === null ? 1 : (weights[i] as number)) * Math.fround(factors[i % factors.length] as number),
  );
}

interface Points {
  readonly xs: Float64Array;
  readonly ys: Float64Array;
}

const POINTS: Readonly<Record<Curve, (counts: Confusion) => Points>> = {
  ROC: ({ tp, fp, tn, fn }) => ({ xs: ratios(fp, tn), ys: ratios(tp, fn) }),
  PR: ({ tp, fp, fn }) => ({ xs: ratios(tp, fn), ys: ratios(tp, fp) }),
  PRGAIN: gains,
};

/** Recall gain and precision gain (Flach and Kull 2015). */
function gains({ tp, fp, tn, fn }: Confusion): Points {
  const gain = (wrong: Float64Array, without: number): Float64Array =>
    tp.map((hits, i) => {
      const scale = ratio(hits + (fn[i] as number), (tn[i] as number) + (fp[i] as number));
      return hits === 0 ? without : 1 - (scale * (wrong[i] as number)) / hits;
    });
  return { xs: gain(fn, 0).map((x) => Math.max(x, 0)), ys: gain(fp, 1) };
}

function areaUnder({ xs, ys }: Points, summation: Summation): number {
  let area = 0;
  for (let i = 0; i + 1 < xs.length; i++) {
    const [y, next] = [ys[i] as number, ys[i + 1] as number];
    const height = summation === 'interpolation' ? (y + next) / 2 : summation === 'minoring' ? Math.min(y, next) : Math.max(y, next);
    area += ((xs[i] as number) - (xs[i + 1] as number)) * height;
  }
  return area;
}

/** The area under precision over recall, with the true positives between two thresholds in a line (Davis and Goadrich 2006). */
function interpolatedArea({ tp, fp, fn }: Confusion): number {
  let area = 0;
  for (let i = 0; i + 1 < tp.length; i++) {
    const [hits, next] = [tp[i] as number, tp[i + 1] as number];
    const [all, allNext] = [hits + (fp[i] as number), next + (fp[i + 1] as number)];
    const slope = ratio(hits - next, Math.max(all - allNext, 0));
    const intercept = next - slope * allNext;
    const quotient = all > 0 && allNext > 0 ? all / allNext : 1;
    area += ratio(slope * (hits - next + intercept * Math.log(quotient)), Math.max(next + (fn[i + 1] as number), 0));
  }
  return area;
}
