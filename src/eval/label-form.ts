import type { LabelForm } from '../data/dataset.ts';
import type { FactoryCall, HeadPlan } from '../evaluate/plan.ts';
import * as accuracies from '../runtime/evaluate/accuracies.ts';
import { auc } from '../runtime/evaluate/auc.ts';
import { precisionOfBatches, recallOfBatches } from '../runtime/evaluate/batch-metrics.ts';
import * as counts from '../runtime/evaluate/counts.ts';
import * as crossentropies from '../runtime/evaluate/crossentropies.ts';
import { fBetaScore } from '../runtime/evaluate/f-score.ts';
import * as focal from '../runtime/evaluate/focal.ts';
import { categoricalHinge, hinge, squaredHinge } from '../runtime/evaluate/hinges.ts';
import { iou } from '../runtime/evaluate/iou.ts';
import { dice, tversky } from '../runtime/evaluate/overlaps.ts';
import { klDivergence } from '../runtime/evaluate/regression.ts';

/** Functions of the runtime by what labels they take; the others take values of the output's shape. */
const TAKERS: readonly (readonly [form: LabelForm | 'classes', factories: readonly { readonly name: string }[]])[] = [
  [
    'sparse',
    [crossentropies.sparseCategoricalCrossentropy, accuracies.sparseCategoricalAccuracy, accuracies.sparseTopKCategoricalAccuracy],
  ],
  ['categorical', [crossentropies.categoricalCrossentropy, focal.categoricalFocalCrossentropy, focal.categoricalGeneralizedCrossEntropy]],
  ['categorical', [categoricalHinge, klDivergence, accuracies.categoricalAccuracy, accuracies.topKCategoricalAccuracy]],
  ['binary', [crossentropies.binaryCrossentropy, focal.binaryFocalCrossentropy, hinge, squaredHinge, accuracies.binaryAccuracy]],
  // These look at shapes, or count one class after the other.
  ['classes', [crossentropies.crossentropyOf, accuracies.accuracyOf, dice, tversky, auc, fBetaScore]],
  ['classes', [counts.precision, counts.recall, precisionOfBatches, recallOfBatches]],
  ['classes', [counts.truePositives, counts.trueNegatives, counts.falsePositives, counts.falseNegatives]],
  ['classes', [counts.sensitivityAtSpecificity, counts.specificityAtSensitivity, counts.precisionAtRecall, counts.recallAtPrecision]],
];

const FORMS = new Map(TAKERS.flatMap(([form, factories]) => factories.map(({ name }) => [name, form] as const)));

/**
 * The form of the labels of an output: as its loss takes them; without a loss, as the first metric that says so does.
 * @param units the size of its last axis, null where that is known only when it runs
 */
export function labelForm({ loss, metrics, weightedMetrics }: HeadPlan, units: number | null): LabelForm {
  const measured = loss === null ? [...metrics, ...weightedMetrics] : [loss];
  const form = measured.map(({ call }) => formFor(innermost(call))).find((found) => found !== undefined) ?? 'values';
  return form === 'classes' ? (units === 1 ? 'binary' : 'categorical') : form;
}

function formFor({ factory, options }: FactoryCall): LabelForm | 'classes' | undefined {
  if (factory !== iou.name) return FORMS.get(factory);
  if (options['sparseYTrue'] === false) return 'categorical';
  return options['sparseYPred'] === false ? 'sparse' : 'values';
}

function innermost(call: FactoryCall): FactoryCall {
  let inner = call;
  while (inner.inner !== undefined) inner = inner.inner;
  return inner;
}
