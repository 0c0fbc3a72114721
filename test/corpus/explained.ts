import type { Code } from '../../src/diagnostics/catalogue.ts';
import type { Writer } from './suite.ts';

const HARD_SIGMOID =
  'a model of Keras 2, whose hard_sigmoid is clip(0.2 x + 0.5, 0, 1); the values are of Keras 3, which computes relu6(x + 3) / 6 instead';
const THEANO = 'saved by Keras 2.1.3 with Theano, which turns its kernels over; the values are of Keras 3, which forgets to';
const NO_CELL = 'recorded without the cell, a class of the test: the layer cannot be made from its config';
const NO_LAYER = 'recorded without the layer that it wraps: it cannot be made from its config';

/** Why a case differs, and how: it gives other values, or skipc refuses it with this code. Any other outcome is a failure all the same. */
export interface Explanation {
  readonly why: string;
  readonly how: 'other values' | Code;
  /** The writer whose model it would have to be: as that, the case must pass, or this is no explanation. */
  readonly as?: Writer;
}

const each = (suite: string, explanation: Explanation, names: readonly string[]): readonly (readonly [string, Explanation])[] =>
  names.map((name) => [`${suite}/${name}`, explanation]);

const KERAS_3: Writer = { keras_version: '3.15.1', backend: 'tensorflow' };

/** `test#0`, `test#1`, ... */
const counted = (test: string, count: number): readonly string[] => Array.from({ length: count }, (_, i) => `${test}#${i}`);

/** Cases that are known to differ, as `suite/name`, each with its reason. */
export const explained: ReadonlyMap<string, Explanation> = new Map([
  ...each('weights', { why: HARD_SIGMOID, how: 'other values', as: KERAS_3 }, [
    'keras_bidirectional_seq',
    'keras_hiv_3in_lstm',
    'keras_keras2c_example',
    'keras_masking_lstm',
    'keras_simple_flatten_lstm',
    'keras_simple_lstm',
  ]),
  ...each('weights', { why: THEANO, how: 'other values', as: KERAS_3 }, ['keras_conv2d_theano_channels_first']),
  ...each('keras-cases', { why: NO_LAYER, how: 'config-invalid' }, counted('TimeDistributedTest.test_correctness', 1)),
  ...each('keras-cases', { why: NO_CELL, how: 'config-invalid' }, [
    ...counted('RNNTest.test_forward_pass_single_state', 4),
    ...counted('RNNTest.test_forward_pass_two_states', 3),
    ...counted('RNNTest.test_go_backwards', 2),
    ...counted('RNNTest.test_statefulness_two_states', 3),
    ...counted('StackedRNNTest.test_correctness_single_state_stack', 5),
    ...counted('StackedRNNTest.test_correctness_two_states_stack', 3),
    ...counted('StackedRNNTest.test_statefullness_single_state_stack', 1),
    ...counted('StackedRNNTest.test_statefullness_two_states_stack', 1),
  ]),
]);
