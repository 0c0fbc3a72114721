import { identity } from '../layers/core/identity.ts';
import { augmentationLayers } from '../layers/preprocessing/augmentation.ts';
import { regularizationLayers } from '../layers/regularization/inactive.ts';
import type { LayerRow } from '../layers/row.ts';

/**
 * The layers that tfjs-layers 4.22 has and a model made of calls can hold, each with the keys of its config that it reads. What only
 * training reads is left out: initialisers, regularizers, constraints, the behaviour of dropout. Some that it has are not among them.
 * `MultiHeadAttention` takes two arguments, and a call in a model has one. `Resizing` fails on the list of tensors that it is given there.
 * `CategoryEncoding` and `CenterCrop` write the shape of their result into that of their input, which the model then asks for.
 */

const CONV = ['kernel_size', 'strides', 'padding', 'data_format', 'dilation_rate', 'activation', 'use_bias'];
const POOL = ['pool_size', 'strides', 'padding', 'data_format'];
const LOOP = ['return_sequences', 'return_state', 'go_backwards'];
const SIMPLE_CELL = ['units', 'activation', 'use_bias'];
const GATED_CELL = [...SIMPLE_CELL, 'recurrent_activation', 'implementation'];

export const PEER_CLASSES: ReadonlyMap<string, readonly string[]> = new Map([
  ['Activation', ['activation']],
  ['ReLU', ['max_value']],
  ['LeakyReLU', ['alpha']],
  ['PReLU', ['shared_axes']],
  ['ELU', ['alpha']],
  ['ThresholdedReLU', ['theta']],
  ['Softmax', ['axis']],
  ['Dense', ['units', 'activation', 'use_bias']],
  ['Embedding', ['input_dim', 'output_dim', 'mask_zero']],
  ['Masking', ['mask_value']],
  ['Conv1D', ['filters', ...CONV]],
  ['Conv2D', ['filters', ...CONV]],
  ['Conv3D', ['filters', ...CONV]],
  ['Conv2DTranspose', ['filters', ...CONV]],
  ['Conv3DTranspose', ['filters', ...CONV]],
  ['SeparableConv2D', ['filters', 'depth_multiplier', ...CONV]],
  ['DepthwiseConv2D', ['depth_multiplier', ...CONV]],
  ['BatchNormalization', ['axis', 'epsilon', 'center', 'scale']],
  ['LayerNormalization', ['axis', 'epsilon', 'center', 'scale']],
  ['Add', []],
  ['Multiply', []],
  ['Average', []],
  ['Maximum', []],
  ['Minimum', []],
  ['Concatenate', ['axis']],
  ['Dot', ['axes', 'normalize']],
  ['MaxPooling1D', ['pool_size', 'strides', 'padding']],
  ['AveragePooling1D', ['pool_size', 'strides', 'padding']],
  ['MaxPooling2D', POOL],
  ['AveragePooling2D', POOL],
  ['MaxPooling3D', POOL],
  ['AveragePooling3D', POOL],
  ['GlobalMaxPooling1D', []],
  ['GlobalAveragePooling1D', []],
  ['GlobalMaxPooling2D', ['data_format']],
  ['GlobalAveragePooling2D', ['data_format']],
  ['Flatten', ['data_format']],
  ['Reshape', ['target_shape']],
  ['Permute', ['dims']],
  ['RepeatVector', ['n']],
  ['Cropping2D', ['cropping', 'data_format']],
  ['UpSampling2D', ['size', 'data_format', 'interpolation']],
  ['ZeroPadding2D', ['padding', 'data_format']],
  ['Dropout', ['rate']],
  ['SpatialDropout1D', ['rate']],
  ['GaussianDropout', ['rate']],
  ['GaussianNoise', ['stddev']],
  ['AlphaDropout', ['rate']],
  ['SimpleRNN', [...SIMPLE_CELL, ...LOOP]],
  ['GRU', [...GATED_CELL, 'reset_after', ...LOOP]],
  ['LSTM', [...GATED_CELL, ...LOOP]],
  ['ConvLSTM2D', ['filters', ...CONV, 'recurrent_activation', ...LOOP]],
  ['RNN', ['cell', ...LOOP]],
  ['SimpleRNNCell', SIMPLE_CELL],
  ['GRUCell', [...GATED_CELL, 'reset_after']],
  ['LSTMCell', GATED_CELL],
  ['StackedRNNCells', ['cells']],
  ['TimeDistributed', ['layer']],
  ['Bidirectional', ['layer', 'merge_mode']],
  ['Rescaling', ['scale', 'offset']],
]);

interface Idle {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
}

const PASSES_ON: Idle = { className: 'Activation', config: { activation: 'linear' } };
const TO_FLOATS: Idle = { className: 'Rescaling', config: { scale: 1, offset: 0 } };
const idle = (rows: readonly LayerRow<object>[], as: Idle) => rows.map(({ className }): readonly [string, Idle] => [className, as]);

/**
 * What stands for layers that tfjs-layers lacks and that do nothing in evaluation: they pass masks on, or, those that augment images, do
 * not take any and give floats.
 */
export const PEER_IDLE: ReadonlyMap<string, Idle> = new Map(
  [...idle([identity, ...regularizationLayers], PASSES_ON), ...idle(augmentationLayers, TO_FLOATS)].filter(
    ([name]) => !PEER_CLASSES.has(name),
  ),
);

/** Activations, as Keras names them, by what tfjs-layers calls them. */
export const PEER_ACTIVATIONS: ReadonlyMap<string, string> = new Map([
  ...['elu', 'selu', 'relu', 'relu6', 'linear', 'sigmoid', 'softplus', 'softsign', 'tanh', 'softmax', 'gelu', 'mish', 'swish'].map(
    (name) => [name, name] as const,
  ),
  ['silu', 'swish'],
  ['hard_sigmoid', 'hardSigmoid'],
  ['log_softmax', 'logSoftmax'],
]);
