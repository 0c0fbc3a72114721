/** Every layer class that Keras 2 or 3 has, or Keras 1 had. */
const CLASSES = `
Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D
AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add AdditiveAttention AlphaDropout Attention AugMix AutoContrast Average AveragePooling1D
AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D BatchNormalization Bidirectional CategoryEncoding CenterCrop Concatenate
ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D
ConvLSTM3D Convolution1D Convolution1DTranspose Convolution2D Convolution2DTranspose Convolution3D Convolution3DTranspose Cropping1D
Cropping2D Cropping3D CutMix Dense DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense Embedding Equalization
Flatten GRU GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool1D
GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D
GlobalMaxPooling3D GroupNormalization GroupQueryAttention HashedCrossing Hashing Identity InputLayer IntegerLookup LSTM LSTMCell
LayerNormalization LeakyReLU Masking MaxNumBoundingBoxes MaxPool1D MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D Maximum
MelSpectrogram Minimum MixUp MultiHeadAttention Multiply Normalization PReLU Permute Pipeline RMSNormalization RNN RandAugment
RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip
RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation
RandomSharpness RandomShear RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape Resizing ReversibleEmbedding
STFTSpectrogram SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D SimpleRNN SimpleRNNCell Softmax
Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells StringLookup Subtract
TextVectorization TimeDistributed UnitNormalization UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
Model Functional Sequential AtrousConvolution1D AtrousConvolution2D BatchNormalizationV1 BatchNormalizationV2 SyncBatchNormalization
CuDNNGRU CuDNNLSTM Deconvolution2D Deconvolution3D DenseFeatures Highway LocallyConnected1D LocallyConnected2D MaxoutDense Merge
RandomFourierFeatures RandomHeight RandomWidth SReLU ParametricSoftplus ThresholdedReLU TimeDistributedDense TFOpLambda
TensorFlowOpLayer SlicingOpLambda ClassMethod InstanceMethod InstanceProperty LayerScale CustomScaleLayer StochasticDepth
`;

/** Layers of Keras that hold a program in another language than Keras's layers: no compiler can see into them. */
const FOREIGN: ReadonlySet<string> = new Set(['Lambda', 'TFSMLayer', 'JaxLayer', 'FlaxLayer', 'TorchModuleWrapper']);

const KERAS: ReadonlySet<string> = new Set(CLASSES.trim().split(/\s+/));

/** Initialisers, policies and the like have classes too: only what has a config with a name of its own is a layer or a cell. */
function* objectsIn(json: unknown): Generator<Readonly<Record<string, unknown>>> {
  const open = [json];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    if (typeof (value as { class_name?: unknown }).class_name === 'string') yield value as Readonly<Record<string, unknown>>;
    open.push(...Object.values(value).filter((inner) => inner !== undefined));
  }
}

/** The classes a model uses that are no layers of Keras, or hold what Keras itself cannot see. */
export function foreignClasses(json: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { class_name: name, module } of objectsIn(json)) {
    const isOp = typeof module === 'string' && module.startsWith('keras.src.ops');
    if (!isOp && (FOREIGN.has(name as string) || !KERAS.has(name as string))) found.add(name as string);
  }
  return found;
}
