import { largestAt } from './accuracies.ts';
import type { Metric } from './metric.ts';
import type { NDArray } from './ndarray.ts';
import { checkLabels, linesAlong, misfit, shapeText } from './shapes.ts';
import { addTo, type Sums, sumAt } from './sums.ts';

export interface IoUOptions {
  readonly numClasses: number;
  /** The classes whose mean is taken; null for all. */
  readonly targetClassIds?: readonly number[] | null;
  /** Samples of this class do not count. */
  readonly ignoreClass?: number | null;
  /** False where labels, or predictions, are one-hot along the axis. */
  readonly sparseYTrue?: boolean;
  readonly sparseYPred?: boolean;
  readonly axis?: number;
  /** False where sample weights count as they are; as integers, what comes after the point is cut off. */
  readonly integers?: boolean;
}

/**
 * Intersection over union: what both say over what either says, for each class, and the mean of those that occur. Labels and predictions
 * that are no class do not count, as in Keras.
 */
export function iou(options: IoUOptions): Metric {
  const { numClasses, targetClassIds = null, axis = -1, integers = true, sparseYTrue = true, sparseYPred = true } = options;
  const classes = targetClassIds ?? Array.from({ length: numClasses }, (_, i) => i);
  return {
    update(sums, yTrue, yPred, weights) {
      checkLabels(yTrue);
      const trues = sparseYTrue ? yTrue.data : largestAlong(yTrue, axis);
      const preds = sparseYPred ? yPred.data : largestAlong(yPred, axis);
      if (trues.length !== preds.length) misfit(yTrue, yPred);
      if (weights !== null && weights.data.length !== trues.length && weights.data.length !== 1)
        throw new Error(`sample weights of shape ${shapeText(weights.shape)} do not fit labels of shape ${shapeText(yTrue.shape)}`);
      addIntersections(sums, { ...options, integers }, trues, preds, weights);
    },
    result: (sums) => meanOverlap(sums, numClasses, classes),
  };
}

export interface BinaryIoUOptions {
  readonly targetClassIds?: readonly number[];
  /** From it on, a prediction is of class 1. */
  readonly threshold?: number;
  readonly integers?: boolean;
}

/** Intersection over union of the classes 0 and 1. */
export function binaryIoU({ targetClassIds = [0, 1], threshold = 0.5, integers = true }: BinaryIoUOptions = {}): Metric {
  const bound = Math.fround(threshold);
  const metric = iou({ numClasses: 2, targetClassIds, integers });
  return {
    update(sums, yTrue, yPred, weights, mask) {
      metric.update(
        sums,
        yTrue,
        { ...yPred, dtype: 'int32', data: Int32Array.from(yPred.data, (x) => (x >= bound ? 1 : 0)) },
        weights,
        mask,
      );
    },
    result: (sums) => metric.result(sums),
  };
}

function largestAlong(x: NDArray, axis: number): Int32Array {
  const { data, count, length } = linesAlong(x, axis);
  return Int32Array.from({ length: count }, (_, line) => largestAt(data, line * length, (line + 1) * length));
}

/** Adds, for each class: what both say, what was predicted, what is true. */
function addIntersections(
  sums: Sums,
  { numClasses, ignoreClass = null, integers }: IoUOptions,
  trues: NDArray['data'],
  preds: NDArray['data'],
  weights: NDArray | null,
): void {
  const isClass = (x: number): boolean => x >= 0 && x < numClasses;
  for (let i = 0; i < trues.length; i++) {
    const label = integers ? Math.trunc(trues[i] as number) : (trues[i] as number);
    const predicted = integers ? Math.trunc(preds[i] as number) : (preds[i] as number);
    if (!isClass(label) || !isClass(predicted) || label === ignoreClass) continue;
    const weight = weights === null ? 1 : (weights.data[weights.data.length === 1 ? 0 : i] as number);
    const counts = integers ? Math.trunc(weight) : weight;
    const [row, column] = [Math.trunc(label), Math.trunc(predicted)];
    if (row === column) addTo(sums, 3 * row, counts);
    addTo(sums, 3 * column + 1, counts);
    addTo(sums, 3 * row + 2, counts);
  }
}

function meanOverlap(sums: Sums, numClasses: number, classes: readonly number[]): number {
  let [sum, occurring] = [0, 0];
  for (const given of classes) {
    const place = 3 * (given < 0 ? given + numClasses : given);
    const both = sumAt(sums, place);
    const either = sumAt(sums, place + 1) + sumAt(sums, place + 2) - both;
    if (!(either > 1e-9)) continue;
    sum += both / (either + 1e-7);
    occurring++;
  }
  return sum / (occurring + 1e-7);
}
