import { auc, type Curve, type Summation } from '../../runtime/evaluate/auc.ts';
import {
  falseNegatives,
  falsePositives,
  precision,
  precisionAtRecall,
  recall,
  recallAtPrecision,
  sensitivityAtSpecificity,
  specificityAtSensitivity,
  trueNegatives,
  truePositives,
} from '../../runtime/evaluate/counts.ts';
import { array, boolean, integer, nullable, number, object, oneOf, withDefault } from '../../schema/build.ts';
import { MOST_CLASSES, MOST_THRESHOLDS, metric, noInteger, thresholds } from '../row.ts';

const isList = ({ thresholds }: { readonly thresholds: unknown }): boolean => Array.isArray(thresholds) && thresholds.length > 1;

const counting = {
  config: object({ thresholds }),
  options: ({ thresholds }: { readonly thresholds: number | readonly number[] | null }) => ({ thresholds }),
  isList,
} as const;

const choosing = {
  config: object({ thresholds, top_k: withDefault(nullable(integer({ minimum: 1 })), null), class_id: noInteger }),
  isList,
} as const;

const share = number({ minimum: 0, maximum: 1 });
const atThreshold = { num_thresholds: withDefault(integer({ minimum: 1, maximum: MOST_THRESHOLDS }), 200), class_id: noInteger };

export const counts = [
  metric({ className: 'TruePositives', doc: 'how many are positive and predicted so', ...counting, make: truePositives }),
  metric({ className: 'TrueNegatives', doc: 'how many are negative and predicted so', ...counting, make: trueNegatives }),
  metric({ className: 'FalsePositives', doc: 'how many are negative and predicted positive', ...counting, make: falsePositives }),
  metric({ className: 'FalseNegatives', doc: 'how many are positive and predicted negative', ...counting, make: falseNegatives }),
  metric({
    className: 'Precision',
    doc: 'true positives among what is predicted positive',
    ...choosing,
    make: precision,
    options: ({ thresholds, top_k, class_id }) => ({ thresholds, topK: top_k, classId: class_id }),
  }),
  metric({
    className: 'Recall',
    doc: 'true positives among what is positive',
    ...choosing,
    make: recall,
    options: ({ thresholds, top_k, class_id }) => ({ thresholds, topK: top_k, classId: class_id }),
  }),
  metric({
    className: 'SensitivityAtSpecificity',
    doc: 'the best sensitivity where the specificity is at least so much',
    config: object({ specificity: share, ...atThreshold }),
    make: sensitivityAtSpecificity,
    options: ({ specificity, num_thresholds, class_id }) => ({ specificity, numThresholds: num_thresholds, classId: class_id }),
  }),
  metric({
    className: 'SpecificityAtSensitivity',
    doc: 'the best specificity where the sensitivity is at least so much',
    config: object({ sensitivity: share, ...atThreshold }),
    make: specificityAtSensitivity,
    options: ({ sensitivity, num_thresholds, class_id }) => ({ sensitivity, numThresholds: num_thresholds, classId: class_id }),
  }),
  metric({
    className: 'PrecisionAtRecall',
    doc: 'the best precision where the recall is at least so much',
    config: object({ recall: share, ...atThreshold }),
    make: precisionAtRecall,
    options: ({ recall, num_thresholds, class_id }) => ({ recall, numThresholds: num_thresholds, classId: class_id }),
  }),
  metric({
    className: 'RecallAtPrecision',
    doc: 'the best recall where the precision is at least so much',
    config: object({ precision: share, ...atThreshold }),
    make: recallAtPrecision,
    options: ({ precision, num_thresholds, class_id }) => ({ precision, numThresholds: num_thresholds, classId: class_id }),
  }),
];

const numbers = array(number(), { maxItems: MOST_THRESHOLDS });

export const areas = [
  metric({
    className: 'AUC',
    doc: 'the area under a curve over thresholds: ROC, PR or PRGAIN',
    config: object({
      num_thresholds: withDefault(integer({ minimum: 2, maximum: MOST_THRESHOLDS }), 200),
      curve: withDefault(oneOf('ROC', 'PR', 'PRGAIN', 'roc', 'pr', 'prgain'), 'ROC'),
      summation_method: withDefault(
        oneOf('interpolation', 'minoring', 'majoring', 'Interpolation', 'Minoring', 'Majoring'),
        'interpolation',
      ),
      thresholds: withDefault(nullable(numbers), null),
      multi_label: withDefault(boolean, false),
      num_labels: withDefault(nullable(integer({ minimum: 1, maximum: MOST_CLASSES })), null),
      label_weights: withDefault(nullable(numbers), null),
      from_logits: withDefault(boolean, false),
    }),
    fault: ({ multi_label, num_labels, label_weights }) => {
      if (num_labels === null) return null;
      if (!multi_label) return 'no num_labels without multi_label';
      return label_weights === null || label_weights.length === num_labels ? null : `${num_labels} label_weights`;
    },
    make: auc,
    options: ({ num_thresholds, curve, summation_method, thresholds, multi_label, num_labels, label_weights, from_logits }) => ({
      // Keras counts those that are given, too.
      numThresholds: thresholds === null ? num_thresholds : 200,
      curve: curve.toUpperCase() as Curve,
      summationMethod: summation_method.toLowerCase() as Summation,
      thresholds,
      multiLabel: multi_label,
      numLabels: num_labels,
      labelWeights: label_weights,
      fromLogits: from_logits,
    }),
  }),
];
