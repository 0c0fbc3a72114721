import { type Averaging, fBetaScore } from '../../runtime/evaluate/f-score.ts';
import { binaryIoU, iou } from '../../runtime/evaluate/iou.ts';
import { r2Score } from '../../runtime/evaluate/r2-score.ts';
import { anything, array, boolean, integer, nullable, number, object, type Schema, withDefault } from '../../schema/build.ts';
import { dtypeIn, INTEGERS } from '../registry.ts';
import { type Meaning, MOST_CLASSES, metric, noNumber, oneAxis } from '../row.ts';

const average = withDefault(
  { anyOf: [{ enum: ['micro', 'macro', 'weighted'] }, { type: 'null' }] } as Schema<Averaging>,
  null as Averaging,
);
const threshold = withDefault(nullable(number({ exclusiveMinimum: 0, maximum: 1 })), null);
const isList = ({ average }: { readonly average: unknown }): boolean => average === null;

export const fScores = [
  metric({
    className: 'F1Score',
    doc: 'the harmonic mean of precision and recall, for each class or averaged',
    config: object({ average, threshold }),
    make: fBetaScore,
    options: ({ average, threshold }) => ({ average, threshold }),
    isList,
  }),
  metric({
    className: 'FBetaScore',
    names: ['fbeta_score'],
    doc: 'the harmonic mean of precision and recall, which counts beta times as much',
    config: object({ average, beta: withDefault(number({ exclusiveMinimum: 0 }), 1), threshold }),
    make: fBetaScore,
    options: ({ average, beta, threshold }) => ({ average, beta, threshold }),
    isList,
  }),
];

type Aggregation = 'uniform_average' | 'variance_weighted_average' | null;

export const coefficients = [
  metric({
    className: 'R2Score',
    doc: 'the coefficient of determination, for each number of the output or averaged',
    config: object({
      class_aggregation: withDefault(
        { anyOf: [{ enum: ['uniform_average', 'variance_weighted_average'] }, { type: 'null' }] } as Schema<Aggregation>,
        'uniform_average' as Aggregation,
      ),
      num_regressors: withDefault(integer({ minimum: 0 }), 0),
    }),
    make: r2Score,
    options: ({ class_aggregation, num_regressors }) => ({ classAggregation: class_aggregation, numRegressors: num_regressors }),
    isList: ({ class_aggregation }) => class_aggregation === null,
  }),
];

const classes = {
  num_classes: integer({ minimum: 1, maximum: MOST_CLASSES }),
  ignore_class: noNumber,
  axis: oneAxis,
  dtype: withDefault(anything, null),
};
const target_class_ids = array(integer(), { minItems: 1, maxItems: MOST_CLASSES });
const sparse = withDefault(boolean, true);
const dense = withDefault(boolean, false);

/** Keras 2 counts in floats, Keras 3 in integers where nothing is said. */
const integers = (dtype: unknown, meaning: Meaning): boolean =>
  INTEGERS.includes(dtypeIn(dtype) ?? (meaning === 'keras2' ? 'float32' : 'int'));

const strayTarget = ({
  num_classes = 2,
  target_class_ids,
}: {
  num_classes?: number;
  target_class_ids: readonly number[];
}): string | null =>
  target_class_ids.every((id) => id >= -num_classes && id < num_classes) ? null : `target_class_ids below ${num_classes}`;

interface ClassConfig {
  readonly num_classes: number;
  readonly ignore_class: number | null;
  readonly axis: number;
  readonly dtype: unknown;
}

const common = ({ num_classes, ignore_class, axis, dtype }: ClassConfig, meaning: Meaning) => ({
  numClasses: num_classes,
  ignoreClass: ignore_class,
  axis,
  integers: integers(dtype, meaning),
});

export const overUnions = [
  metric({
    className: 'IoU',
    doc: 'intersection over union of some classes, labels and predictions being classes',
    config: object({ ...classes, target_class_ids, sparse_y_true: sparse, sparse_y_pred: sparse }),
    fault: strayTarget,
    make: iou,
    options: ({ target_class_ids, sparse_y_true, sparse_y_pred, ...config }, meaning) => ({
      ...common(config, meaning),
      targetClassIds: target_class_ids,
      sparseYTrue: sparse_y_true,
      sparseYPred: sparse_y_pred,
    }),
  }),
  metric({
    className: 'MeanIoU',
    doc: 'intersection over union, the mean over the classes',
    config: object({ ...classes, sparse_y_true: sparse, sparse_y_pred: sparse }),
    make: iou,
    options: ({ sparse_y_true, sparse_y_pred, ...config }, meaning) => ({
      ...common(config, meaning),
      sparseYTrue: sparse_y_true,
      sparseYPred: sparse_y_pred,
    }),
  }),
  metric({
    className: 'OneHotIoU',
    doc: 'intersection over union of some classes, labels being one-hot',
    config: object({ ...classes, target_class_ids, sparse_y_pred: dense }),
    fault: strayTarget,
    make: iou,
    options: ({ target_class_ids, sparse_y_pred, ...config }, meaning) => ({
      ...common(config, meaning),
      targetClassIds: target_class_ids,
      sparseYTrue: false,
      sparseYPred: sparse_y_pred,
    }),
    keeps: ['sparseYTrue', 'sparseYPred'],
  }),
  metric({
    className: 'OneHotMeanIoU',
    doc: 'intersection over union, the mean over the classes, labels being one-hot',
    config: object({ ...classes, sparse_y_pred: dense }),
    make: iou,
    options: ({ sparse_y_pred, ...config }, meaning) => ({
      ...common(config, meaning),
      sparseYTrue: false,
      sparseYPred: sparse_y_pred,
    }),
    keeps: ['sparseYTrue', 'sparseYPred'],
  }),
  metric({
    className: 'BinaryIoU',
    doc: 'intersection over union of what is above a threshold, and of what is not',
    config: object({
      target_class_ids: withDefault(target_class_ids, [0, 1]),
      threshold: withDefault(number(), 0.5),
      dtype: withDefault(anything, null),
    }),
    fault: strayTarget,
    make: binaryIoU,
    options: ({ target_class_ids, threshold, dtype }, meaning) => ({
      targetClassIds: target_class_ids,
      threshold,
      integers: integers(dtype, meaning),
    }),
  }),
];
