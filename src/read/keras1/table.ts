/**
 * What Keras 1 called the layers of Keras 2, and what it called their keys, as Keras 2's own conversion (`keras/legacy/interfaces.py`)
 * has it. Keys that only matter while a model is made or trained (initialisers, regularisers, constraints) are let through unread.
 */
export interface Renaming {
  /** The class in Keras 2. */
  readonly to: string;
  /** New keys by old ones. */
  readonly keys: ReadonlyMap<string, string>;
  /** A new key whose list several old ones make up. */
  readonly joined: readonly [key: string, parts: readonly string[]] | null;
  /** What the class of Keras 2 has to be told besides. */
  readonly also: Readonly<Record<string, unknown>>;
  /** True where the channels may stand first: an old file that does not say so itself follows its other layers. */
  readonly ordered: boolean;
  /** True where the layer has a kernel, which Keras 1 kept in another order. */
  readonly kernel: boolean;
}

type Given = Partial<Omit<Renaming, 'keys' | 'to'>>;

const row = (from: string, to: string, keys: Readonly<Record<string, string>>, more: Given = {}): readonly [string, Renaming] => [
  from,
  { to, joined: null, also: {}, ordered: false, kernel: false, ...more, keys: new Map(Object.entries(keys)) },
];

const DENSE = { output_dim: 'units', bias: 'use_bias' };
const LINE = { nb_filter: 'filters', filter_length: 'kernel_size', subsample_length: 'strides', border_mode: 'padding', bias: 'use_bias' };
const ORDER = { dim_ordering: 'data_format' };
const IMAGE = { nb_filter: 'filters', subsample: 'strides', border_mode: 'padding', bias: 'use_bias', ...ORDER };
const RATE = { atrous_rate: 'dilation_rate' };
const ROWS: Given = { joined: ['kernel_size', ['nb_row', 'nb_col']], ordered: true };
const BOX: Given = { joined: ['kernel_size', ['kernel_dim1', 'kernel_dim2', 'kernel_dim3']], ordered: true };
const POOL_LINE = { pool_length: 'pool_size', stride: 'strides', border_mode: 'padding' };
const POOL = { border_mode: 'padding', ...ORDER };
const RECURRENT = {
  output_dim: 'units',
  inner_activation: 'recurrent_activation',
  inner_init: 'recurrent_initializer',
  dropout_W: 'dropout',
  dropout_U: 'recurrent_dropout',
};
const ORDERED: Given = { ordered: true };
const KERNEL: Given = { kernel: true };

const numbered = (ranks: readonly number[], name: string, keys: Readonly<Record<string, string>>, more: Given = {}) =>
  ranks.map((rank) => row(`${name}${rank}D`, `${name}${rank}D`, keys, more));

/** By the class's name in Keras 1. */
export const renamings: ReadonlyMap<string, Renaming> = new Map([
  row('Dense', 'Dense', DENSE),
  // Dense itself takes sequences since Keras 2.
  row('TimeDistributedDense', 'Dense', DENSE),
  row('Dropout', 'Dropout', { p: 'rate' }),
  row('GaussianDropout', 'GaussianDropout', { p: 'rate' }),
  row('GaussianNoise', 'GaussianNoise', { sigma: 'stddev' }),
  ...numbered([1, 2, 3], 'SpatialDropout', { p: 'rate', ...ORDER }),
  row('PReLU', 'PReLU', { init: 'alpha_initializer' }),
  row('Convolution1D', 'Conv1D', LINE, KERNEL),
  row('AtrousConvolution1D', 'Conv1D', { ...LINE, ...RATE }, KERNEL),
  row('Convolution2D', 'Conv2D', IMAGE, { ...ROWS, ...KERNEL }),
  row('AtrousConvolution2D', 'Conv2D', { ...IMAGE, ...RATE }, { ...ROWS, ...KERNEL }),
  row('Deconvolution2D', 'Conv2DTranspose', IMAGE, { ...ROWS, ...KERNEL }),
  row('SeparableConvolution2D', 'SeparableConv2D', IMAGE, ROWS),
  row('Convolution3D', 'Conv3D', IMAGE, { ...BOX, ...KERNEL }),
  ...numbered([1], 'MaxPooling', POOL_LINE),
  ...numbered([1], 'AveragePooling', POOL_LINE),
  ...numbered([2, 3], 'MaxPooling', POOL, ORDERED),
  ...numbered([2, 3], 'AveragePooling', POOL, ORDERED),
  ...numbered([2, 3], 'GlobalMaxPooling', ORDER, ORDERED),
  ...numbered([2, 3], 'GlobalAveragePooling', ORDER, ORDERED),
  ...numbered([1], 'UpSampling', { length: 'size' }),
  ...numbered([2, 3], 'UpSampling', ORDER, ORDERED),
  ...numbered([2, 3], 'ZeroPadding', ORDER, ORDERED),
  ...numbered([2, 3], 'Cropping', ORDER, ORDERED),
  row('SimpleRNN', 'SimpleRNN', RECURRENT),
  row('LSTM', 'LSTM', RECURRENT),
  // The other way round came with Keras 2.1.3.
  row('GRU', 'GRU', RECURRENT, { also: { reset_after: false } }),
]);
