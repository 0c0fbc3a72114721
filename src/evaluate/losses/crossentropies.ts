import {
  binaryCrossentropy,
  categoricalCrossentropy,
  crossentropyOf,
  sparseCategoricalCrossentropy,
} from '../../runtime/evaluate/crossentropies.ts';
import { binaryFocalCrossentropy, categoricalFocalCrossentropy, categoricalGeneralizedCrossEntropy } from '../../runtime/evaluate/focal.ts';
import { array, boolean, number, object, type Schema, withDefault } from '../../schema/build.ts';
import { lastAxis, loss, MOST_CLASSES, noNumber, oneAxis } from '../row.ts';

const fromLogits = withDefault(boolean, false);
const labelSmoothing = withDefault(number({ minimum: 0, maximum: 1 }), 0);

export const crossentropies = [
  loss({
    className: 'BinaryCrossentropy',
    names: ['bce', 'BCE'],
    doc: '-(y log p + (1 - y) log(1 - p)), the mean over the last axis',
    config: object({ from_logits: fromLogits, label_smoothing: labelSmoothing, axis: lastAxis }),
    make: binaryCrossentropy,
    options: ({ from_logits, label_smoothing, axis }, meaning) => ({
      fromLogits: from_logits,
      labelSmoothing: label_smoothing,
      axis,
      plusEpsilon: meaning === 'keras2',
    }),
    readsLogits: () => true,
  }),
  loss({
    className: 'CategoricalCrossentropy',
    doc: '-sum(y log p) over the classes, labels being one-hot',
    config: object({ from_logits: fromLogits, label_smoothing: labelSmoothing, axis: oneAxis }),
    make: categoricalCrossentropy,
    options: ({ from_logits, label_smoothing, axis }) => ({ fromLogits: from_logits, labelSmoothing: label_smoothing, axis }),
    readsLogits: () => true,
  }),
  loss({
    className: 'SparseCategoricalCrossentropy',
    doc: '-log p of the class that is the label',
    config: object({ from_logits: fromLogits, ignore_class: noNumber, axis: oneAxis }),
    make: sparseCategoricalCrossentropy,
    options: ({ from_logits, ignore_class, axis }) => ({ fromLogits: from_logits, ignoreClass: ignore_class, axis }),
    // Leaving a class out makes probabilities of which Keras does not know the logits.
    readsLogits: ({ ignore_class }) => ignore_class === null,
  }),
  loss({
    className: 'BinaryFocalCrossentropy',
    doc: '(1 - p_t)^gamma times the binary cross-entropy',
    config: object({
      apply_class_balancing: withDefault(boolean, false),
      alpha: withDefault(number(), 0.25),
      gamma: withDefault(number(), 2),
      from_logits: fromLogits,
      label_smoothing: labelSmoothing,
      axis: lastAxis,
    }),
    make: binaryFocalCrossentropy,
    options: ({ apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis }, meaning) => ({
      applyClassBalancing: apply_class_balancing,
      alpha,
      gamma,
      fromLogits: from_logits,
      labelSmoothing: label_smoothing,
      axis,
      plusEpsilon: meaning === 'keras2',
    }),
    readsLogits: ({ from_logits }) => !from_logits,
  }),
  loss({
    className: 'CategoricalFocalCrossentropy',
    doc: '-sum(alpha (1 - p)^gamma y log p) over the classes',
    config: object({
      alpha: withDefault(
        { anyOf: [number(), array(number(), { minItems: 1, maxItems: MOST_CLASSES })] } as Schema<number | number[]>,
        0.25,
      ),
      gamma: withDefault(number(), 2),
      from_logits: fromLogits,
      label_smoothing: labelSmoothing,
      axis: oneAxis,
    }),
    make: categoricalFocalCrossentropy,
    options: ({ alpha, gamma, from_logits, label_smoothing, axis }) => ({
      alpha,
      gamma,
      fromLogits: from_logits,
      labelSmoothing: label_smoothing,
      axis,
    }),
  }),
  loss({
    className: 'CategoricalGeneralizedCrossEntropy',
    doc: '(1 - p^q) / q, p being the probability of the class that is the label',
    config: object({ q: withDefault(number({ exclusiveMinimum: 0 }), 0.5) }),
    fault: ({ q }) => (q < 1 ? null : 'a q between 0 and 1'),
    make: categoricalGeneralizedCrossEntropy,
    options: ({ q }) => ({ q }),
  }),
  loss({
    className: 'Crossentropy',
    names: ['ce', 'CE'],
    doc: 'binary, categorical or sparse, as the shapes of labels and output say',
    config: object({}),
    make: crossentropyOf,
    options: (_, meaning) => ({ fromLogits: false, plusEpsilon: meaning === 'keras2' }),
    readsLogits: () => true,
  }),
];
