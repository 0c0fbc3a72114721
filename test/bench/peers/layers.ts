import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel, model as modelOf, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { registerCustomLayers } from '../custom-layers.ts';
import { CannotRun, inputOf, type Peer, readOut, type Setting } from './peer.ts';

/** What a model that was loaded is evaluated with: inputs in the model's own order to the outputs that are asked for. */
type Evaluation = (model: LayersModel, setting: Setting) => (inputs: Tensor[]) => Tensor[];

/** A peer that loads the model with tfjs-layers. */
const layersPeer = (name: string, doc: string, evaluation: Evaluation): Peer => ({
  name,
  doc,
  async prepare(setting) {
    registerCustomLayers();
    const artifacts = setting.model.artifacts();
    return {
      async load() {
        const model = await load(artifacts);
        const evaluate = evaluation(model, setting);
        return {
          bind(given) {
            const inputs = model.inputNames.map((input) => inputOf(given, input));
            return { run: () => readOut(evaluate(inputs)), dispose: () => undefined };
          },
          dispose: () => void model.dispose(),
        };
      },
    };
  },
});

async function load(artifacts: tf.io.ModelArtifacts): Promise<LayersModel> {
  try {
    return await loadLayersModel(tf.io.fromMemory(artifacts));
  } catch (error) {
    const [sentence = ''] = (error as Error).message.split(/\n|(?<=\.) /);
    throw new CannotRun(`cannot load: ${sentence}`);
  }
}

/** The outputs that are asked for among all of the model's; the others are disposed of. */
function picked(model: LayersModel, { question }: Setting, outputs: Tensor | Tensor[]): Tensor[] {
  const all = Array.isArray(outputs) ? outputs : [outputs];
  if (question.outputs.length === 0) return all;
  const wanted = question.outputs.map((name) => {
    const tensor = all[model.outputNames.indexOf(name)];
    if (tensor === undefined) throw new CannotRun(`${name} is no output of the model`);
    return tensor;
  });
  for (const tensor of all) if (!wanted.includes(tensor)) tensor.dispose();
  return wanted;
}

/** All samples as one batch. */
const predict = (model: LayersModel, inputs: Tensor[]): Tensor | Tensor[] =>
  model.predict(inputs, { batchSize: inputs[0]?.shape[0] ?? 1 }) as Tensor | Tensor[];

const symbolic = (model: LayersModel, name: string): SymbolicTensor => model.getLayer(name).output as SymbolicTensor;

export const layersPredict = layersPeer(
  'tfjs-layers predict',
  '`model.predict(x, { batchSize })`, all samples in one batch',
  (model, setting) => (inputs) => picked(model, setting, predict(model, inputs)),
);

export const layersApply = layersPeer(
  'tfjs-layers apply',
  '`model.apply(x)`, or `model.execute(x, names)` where outputs are named, in a `tidy`',
  (model, setting) => {
    const names = setting.question.outputs.map((name) => symbolic(model, name).name);
    if (names.length > 0) return (inputs) => tf.tidy(() => model.execute(inputs, names) as Tensor[]);
    return (inputs) =>
      picked(
        model,
        setting,
        tf.tidy(() => model.apply(inputs) as Tensor | Tensor[]),
      );
  },
);

export const subModel = layersPeer(
  'sub-model by hand',
  '`model({ inputs, outputs })` of what is asked for, then `predict`',
  (model, { question }) => {
    if (question.outputs.length === 0) throw new CannotRun('the whole model is asked for');
    const part = modelOf({ inputs: model.inputs, outputs: question.outputs.map((name) => symbolic(model, name)) });
    return (inputs) => [predict(part, inputs)].flat();
  },
);
