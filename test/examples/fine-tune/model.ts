import { io } from '@tensorflow/tfjs-core';
import { type LayersModel, layers, loadLayersModel, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { readSaved } from '../../models/digits/saved.ts';

/** Layers of the digit CNN up to this one are the backbone: it gives 40 features of an image. */
const END_OF_BACKBONE = 'main_pool';
const OBJECTIVE = { optimizer: 'adam', loss: 'binaryCrossentropy', metrics: ['accuracy'] } as const;

/** The digit CNN as a frozen backbone, with a new head on it: is the digit odd? */
export async function oddDigits(folder: string): Promise<LayersModel> {
  const digits = await loadLayersModel(io.fromMemory(readSaved(folder)));
  const backbone = model({ inputs: digits.inputs, outputs: digits.getLayer(END_OF_BACKBONE).output as SymbolicTensor });
  freeze(backbone);
  const whole = model({ inputs: backbone.inputs, outputs: head(backbone.outputs[0] as SymbolicTensor) });
  whole.compile({ ...OBJECTIVE, metrics: [...OBJECTIVE.metrics] });
  return whole;
}

function head(features: SymbolicTensor): SymbolicTensor {
  const hidden = layers.dense({ name: 'odd_hidden', units: 32, activation: 'relu' }).apply(features) as SymbolicTensor;
  return layers.dense({ name: 'odd', units: 1, activation: 'sigmoid' }).apply(hidden) as SymbolicTensor;
}

/** The layers behind the backbone as a model of their own, which takes features. Its variables are those of the whole model. */
export function headOf(whole: LayersModel): LayersModel {
  const end = whole.layers.findIndex(({ name }) => name === END_OF_BACKBONE);
  const features = whole.layers[end]?.output as SymbolicTensor;
  const behind = whole.layers.slice(end + 1);
  const input = layers.inputLayer({ name: 'features', inputShape: features.shape.slice(1) });
  const outputs = behind.reduce((x, layer) => layer.apply(x) as SymbolicTensor, input.output as SymbolicTensor);
  const alone = model({ inputs: input.output as SymbolicTensor, outputs });
  alone.compile({ ...OBJECTIVE, metrics: [...OBJECTIVE.metrics] });
  return alone;
}

/**
 * Freezes all layers. In training, tfjs-layers moves the statistics of a batch norm even where that is frozen, and the features with them;
 * Keras leaves them alone, and so do these.
 */
function freeze(backbone: LayersModel): void {
  for (const layer of backbone.layers) {
    layer.trainable = false;
    if (layer.getClassName() !== 'BatchNormalization') continue;
    const call = layer.call.bind(layer);
    layer.call = (inputs, kwargs) => call(inputs, { ...kwargs, training: false });
  }
}
