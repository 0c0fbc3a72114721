import {
  accuracy,
  accuracyOf,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  topKCategoricalAccuracy,
} from '../../runtime/evaluate/accuracies.ts';
import { boolean, integer, number, object, withDefault } from '../../schema/build.ts';
import { metric } from '../row.ts';

const k = withDefault(integer({ minimum: 1 }), 5);

export const accuracies = [
  metric({
    className: 'Accuracy',
    doc: 'how many predictions are equal to their labels',
    config: object({}),
    values: accuracy,
    options: () => ({}),
  }),
  metric({
    className: 'BinaryAccuracy',
    doc: 'how many are right by a threshold',
    config: object({ threshold: withDefault(number(), 0.5) }),
    values: binaryAccuracy,
    options: ({ threshold }) => ({ threshold }),
  }),
  metric({
    className: 'CategoricalAccuracy',
    doc: 'how many are largest at the class that is one in the label',
    config: object({}),
    values: categoricalAccuracy,
    options: () => ({}),
  }),
  metric({
    className: 'SparseCategoricalAccuracy',
    doc: 'how many are largest at the class that is the label',
    config: object({}),
    values: sparseCategoricalAccuracy,
    options: () => ({}),
  }),
  metric({
    className: 'TopKCategoricalAccuracy',
    doc: 'how often the class that is one in the label is among the k largest',
    config: object({ k }),
    values: topKCategoricalAccuracy,
    options: ({ k }) => ({ k }),
  }),
  metric({
    className: 'SparseTopKCategoricalAccuracy',
    doc: 'how often the class that is the label is among the k largest',
    config: object({ k, from_sorted_ids: withDefault(boolean, false) }),
    values: sparseTopKCategoricalAccuracy,
    options: ({ k, from_sorted_ids }) => ({ k, fromSortedIds: from_sorted_ids }),
  }),
];

/** What `accuracy` and `acc` are as names: not the class Accuracy. */
export const decidedAccuracy = metric({
  className: 'accuracy',
  names: ['acc'],
  doc: 'binary, categorical or sparse categorical, as the shapes of labels and output say',
  config: object({}),
  values: accuracyOf,
  options: () => ({}),
});
