import { activation } from './activations/activation.ts';
import { elu } from './activations/elu.ts';
import { leakyReLU } from './activations/leaky-relu.ts';
import { pReLU } from './activations/prelu.ts';
import { reLU } from './activations/relu.ts';
import { softmaxLayer } from './activations/softmax.ts';
import { thresholdedReLU } from './activations/thresholded-relu.ts';
import { customScaleLayer } from './applications/custom-scale-layer.ts';
import { layerScale } from './applications/layer-scale.ts';
import { stochasticDepth } from './applications/stochastic-depth.ts';
import { additiveAttention, attention } from './attention/attention.ts';
import { groupedQueryAttention } from './attention/grouped-query-attention.ts';
import { multiHeadAttention } from './attention/multi-head-attention.ts';
import { conv1d, conv2d, conv3d } from './convolutional/conv.ts';
import { conv1dTranspose, conv2dTranspose, conv3dTranspose } from './convolutional/conv-transpose.ts';
import { depthwiseConv1d, depthwiseConv2d } from './convolutional/depthwise-conv.ts';
import { separableConv1d, separableConv2d } from './convolutional/separable-conv.ts';
import { dense } from './core/dense.ts';
import { einsumDense } from './core/einsum-dense.ts';
import { embedding } from './core/embedding.ts';
import { foreignLayers } from './core/foreign.ts';
import { identity } from './core/identity.ts';
import { masking } from './core/masking.ts';
import { reversibleEmbedding } from './core/reversible-embedding.ts';
import { locallyConnectedLayers } from './locally_connected/locally-connected.ts';
import { concatenate } from './merging/concatenate.ts';
import { dot } from './merging/dot.ts';
import { elementwiseMerges } from './merging/elementwise.ts';
import { batchNormalization } from './normalization/batch-normalization.ts';
import { groupNormalization } from './normalization/group-normalization.ts';
import { layerNormalization } from './normalization/layer-normalization.ts';
import { rmsNormalization } from './normalization/rms-normalization.ts';
import { spectralNormalization } from './normalization/spectral-normalization.ts';
import { unitNormalization } from './normalization/unit-normalization.ts';
import { operationRows, refusedRows } from './operations/index.ts';
import {
  adaptiveAveragePooling1d,
  adaptiveAveragePooling2d,
  adaptiveAveragePooling3d,
  adaptiveMaxPooling1d,
  adaptiveMaxPooling2d,
  adaptiveMaxPooling3d,
} from './pooling/adaptive-pooling.ts';
import {
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalAveragePooling3d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  globalMaxPooling3d,
} from './pooling/global-pooling.ts';
import { averagePooling1d, averagePooling2d, averagePooling3d, maxPooling1d, maxPooling2d, maxPooling3d } from './pooling/pooling.ts';
import { augmentationLayers } from './preprocessing/augmentation.ts';
import { autoContrast } from './preprocessing/auto-contrast.ts';
import { categoryEncoding } from './preprocessing/category-encoding.ts';
import { centerCrop, randomCrop } from './preprocessing/center-crop.ts';
import { discretization } from './preprocessing/discretization.ts';
import { hashedCrossing, hashing } from './preprocessing/hashing.ts';
import { integerLookup } from './preprocessing/integer-lookup.ts';
import { melSpectrogram } from './preprocessing/mel-spectrogram.ts';
import { normalization } from './preprocessing/normalization.ts';
import { pipeline } from './preprocessing/pipeline.ts';
import { refusedLayers } from './preprocessing/refused.ts';
import { rescaling } from './preprocessing/rescaling.ts';
import { resizing } from './preprocessing/resizing.ts';
import { stftSpectrogram } from './preprocessing/stft-spectrogram.ts';
import { stringLookup } from './preprocessing/string-lookup.ts';
import { textVectorization } from './preprocessing/text-vectorization.ts';
import { regularizationLayers } from './regularization/inactive.ts';
import { cropping1d, cropping2d, cropping3d } from './reshaping/cropping.ts';
import { flatten } from './reshaping/flatten.ts';
import { permute } from './reshaping/permute.ts';
import { repeatVector } from './reshaping/repeat-vector.ts';
import { reshape } from './reshaping/reshape.ts';
import { upSampling1d, upSampling2d, upSampling3d } from './reshaping/up-sampling.ts';
import { zeroPadding1d, zeroPadding2d, zeroPadding3d } from './reshaping/zero-padding.ts';
import { bidirectional } from './rnn/bidirectional.ts';
import { convLSTM1d, convLSTM2d, convLSTM3d } from './rnn/conv-lstm.ts';
import { cuDNNGRU, cuDNNLSTM } from './rnn/cudnn.ts';
import { gru } from './rnn/gru.ts';
import { lstm } from './rnn/lstm.ts';
import { rnn } from './rnn/rnn.ts';
import { simpleRNN } from './rnn/simple-rnn.ts';
import { timeDistributed } from './rnn/time-distributed.ts';
import type { LayerRow } from './row.ts';

/** Every built-in layer. Adding one is its file and a line here. */
export const layerRows = [
  dense,
  einsumDense,
  embedding,
  reversibleEmbedding,
  identity,
  masking,
  activation,
  reLU,
  leakyReLU,
  pReLU,
  elu,
  thresholdedReLU,
  softmaxLayer,
  batchNormalization,
  layerNormalization,
  groupNormalization,
  unitNormalization,
  rmsNormalization,
  spectralNormalization,
  ...regularizationLayers,
  ...elementwiseMerges,
  concatenate,
  dot,
  conv1d,
  conv2d,
  conv3d,
  conv1dTranspose,
  conv2dTranspose,
  conv3dTranspose,
  ...locallyConnectedLayers,
  depthwiseConv1d,
  depthwiseConv2d,
  separableConv1d,
  separableConv2d,
  adaptiveAveragePooling1d,
  adaptiveAveragePooling2d,
  adaptiveAveragePooling3d,
  adaptiveMaxPooling1d,
  adaptiveMaxPooling2d,
  adaptiveMaxPooling3d,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalAveragePooling3d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  globalMaxPooling3d,
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
  attention,
  additiveAttention,
  multiHeadAttention,
  groupedQueryAttention,
  timeDistributed,
  flatten,
  reshape,
  permute,
  repeatVector,
  cropping1d,
  cropping2d,
  cropping3d,
  zeroPadding1d,
  zeroPadding2d,
  zeroPadding3d,
  upSampling1d,
  upSampling2d,
  upSampling3d,
  simpleRNN,
  gru,
  lstm,
  rnn,
  bidirectional,
  convLSTM1d,
  convLSTM2d,
  convLSTM3d,
  cuDNNGRU,
  cuDNNLSTM,
  rescaling,
  normalization,
  resizing,
  centerCrop,
  randomCrop,
  autoContrast,
  ...augmentationLayers,
  categoryEncoding,
  discretization,
  hashing,
  hashedCrossing,
  integerLookup,
  stringLookup,
  textVectorization,
  melSpectrogram,
  stftSpectrogram,
  pipeline,
  ...refusedLayers,
  ...foreignLayers,
  customScaleLayer,
  layerScale,
  stochasticDepth,
  ...operationRows,
] as unknown as readonly LayerRow[];

/** An op goes by its name without its module as well: `ops.numpy.Add` is `ops.Add` too. */
const withoutModule = (name: string): string => name.replace(/^ops\..*\./, 'ops.');

const byName = (rows: readonly LayerRow[]) =>
  rows.flatMap((row) =>
    [row.className, ...(row.aliases ?? [])].flatMap((name) => [name, withoutModule(name)].map((one) => [one, row] as const)),
  );

/** Rows by every class name under which they are saved. */
export const builtInLayers: ReadonlyMap<string, LayerRow> = new Map(byName([...refusedRows, ...layerRows]));

/** The built-in rows and others, which come first where both have a class. */
export const layersWith = (others: readonly LayerRow[]): ReadonlyMap<string, LayerRow> =>
  others.length === 0 ? builtInLayers : new Map([...builtInLayers, ...byName(others)]);
