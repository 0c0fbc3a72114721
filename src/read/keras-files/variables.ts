import { isObject } from '../spec.ts';
import type { SavedLayer } from './layers.ts';

type Config = Readonly<Record<string, unknown>>;
type Names = readonly string[];

const when = (condition: boolean, ...names: Names): Names => (condition ? names : []);
const hasBias = (config: Config): boolean => config['use_bias'] !== false;
/** A matrix and a bias, and of a layer that Keras has quantised also the scale of the matrix. */
const kernel = (config: Config): Names => ['kernel', ...when(hasBias(config), 'bias'), ...when(isInt8(config), 'kernel_scale')];
const cell = (config: Config): Names => ['kernel', 'recurrent_kernel', ...when(hasBias(config), 'bias')];
const depthwise = (config: Config): Names => ['depthwise_kernel', ...when(hasBias(config), 'bias')];
const separable = (config: Config): Names => ['depthwise_kernel', 'pointwise_kernel', ...when(hasBias(config), 'bias')];
const gammaBeta = (config: Config): Names => [...when(config['scale'] !== false, 'gamma'), ...when(config['center'] !== false, 'beta')];

/** Variables by their place in Keras's weight files: the trainable ones first, each in the order in which `build` adds them. */
const VARIABLES: ReadonlyMap<string, (config: Config) => Names> = new Map<string, (config: Config) => Names>([
  ['Dense', kernel],
  ['EinsumDense', kernel],
  ['Embedding', (config) => ['embeddings', ...when(isInt8(config), 'embeddings_scale')]],
  ['ReversibleEmbedding', (config) => ['embeddings', ...when(config['tie_weights'] === false, 'reverse_embeddings')]],
  ...['Conv1D', 'Conv2D', 'Conv3D', 'Conv1DTranspose', 'Conv2DTranspose', 'Conv3DTranspose'].map((name) => [name, kernel] as const),
  ...['DepthwiseConv1D', 'DepthwiseConv2D'].map((name) => [name, depthwise] as const),
  ...['SeparableConv1D', 'SeparableConv2D'].map((name) => [name, separable] as const),
  ...['SimpleRNNCell', 'GRUCell', 'LSTMCell', 'ConvLSTMCell'].map((name) => [name, cell] as const),
  ['BatchNormalization', batchNormalization],
  ['SyncBatchNormalization', batchNormalization],
  ['LayerNormalization', layerNormalization],
  ['GroupNormalization', gammaBeta],
  ['RMSNormalization', () => ['scale']],
  // The wrapped layer's kernel is a variable of the wrapper as well.
  ['SpectralNormalization', () => ['kernel', 'vector_u']],
  ['PReLU', () => ['alpha']],
  ['LayerScale', () => ['gamma']],
  ['Attention', attention],
  ['AdditiveAttention', (config) => when(config['use_scale'] !== false, 'scale')],
  ['Normalization', () => ['mean', 'variance', 'count']],
  ['STFTSpectrogram', () => ['real_kernel', 'imag_kernel']],
]);

/** The names of a layer's own variables, in the order in which Keras's weight files number them; empty where that is not known. */
export function variablesOf({ className, builtIn, config }: SavedLayer): Names {
  return (builtIn ? VARIABLES.get(className)?.(config) : undefined) ?? [];
}

function batchNormalization(config: Config): Names {
  const renorm = when(config['renorm'] === true, 'moving_stddev', 'renorm_mean', 'renorm_stddev');
  return [...gammaBeta(config), 'moving_mean', 'moving_variance', ...renorm];
}

function layerNormalization(config: Config): Names {
  const rms = config['rms_scaling'] === true;
  return [...when(rms || config['scale'] !== false, 'gamma'), ...when(!rms && config['center'] !== false, 'beta')];
}

function attention(config: Config): Names {
  return [...when(config['use_scale'] === true, 'scale'), ...when(config['score_mode'] === 'concat', 'concat_score_weight')];
}

/** True where the layer's dtype policy quantises it to int8. */
function isInt8({ dtype }: Config): boolean {
  if (typeof dtype === 'string') return dtype.startsWith('int8_from_');
  return isObject(dtype) && isObject(dtype['config']) && dtype['config']['mode'] === 'int8';
}
