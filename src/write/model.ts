import type { StoredWeight } from '../emit/safetensors.ts';
import { type Call, type CallId, type Layer, type ModelGraph, type Origin, splitTensor, type TensorId } from '../model/graph.ts';
import { nodeOf, type Place, type Places } from './calls.ts';
import { losesAlike } from './lost.ts';
import { withCarriedMasks } from './masks.ts';

/** Why no file can say what a graph does: a sentence without its end. */
export interface Unwritable {
  readonly reason: string;
}

/** A tfjs layers-model: the text of `model.json`, and of the file of weights that it names. */
export interface WrittenModel {
  readonly json: string;
  readonly weights: Uint8Array<ArrayBuffer>;
}

/**
 * Writes a graph as a model of its own that means what the graph does: of the same Keras, its layers under their paths, without nested
 * models. What is cut of a model is an InputLayer; the mask of a cut tensor is one more. States are none: layers that keep some do so.
 * @param weights those that are live, called `<layer path>/<variable>`; null for the topology alone
 * @param weightFile name of the file that the weights are to lie in
 * @returns or why such a file cannot say it
 */
export function writeModel(graph: ModelGraph, weights: readonly StoredWeight[] | null, weightFile: string): WrittenModel | Unwritable {
  const lambda = graph.calls.find(({ layer }) => layer.className === 'Lambda' && layer.name !== layer.path);
  if (lambda !== undefined)
    return { reason: `what the Lambda ${JSON.stringify(lambda.layer.path)} computes goes by its name in a nested model` };
  const flat = withCarriedMasks(graph);
  const places = placesOf(flat);
  const model = { ...versionOf(flat.origin), model_config: { ...classOfModel(flat.origin), config: configOf(flat, places) } };
  if (!losesAlike(graph, places, model))
    return { reason: 'a layer takes masks off tensors that are used in other parts of the model as well' };
  const bytes = weights ?? [];
  const json = {
    format: 'layers-model',
    generatedBy: 'skipc',
    convertedBy: null,
    modelTopology: model,
    weightsManifest: bytes.length === 0 ? [] : [{ paths: [weightFile], weights: bytes.map(manifestEntry) }],
  };
  return { json: `${JSON.stringify(json, null, 2)}\n`, weights: joined(bytes) };
}

/** What tells whose meaning the model has. A version that the file did not have is not made up: its minor number would count. */
function versionOf({ keras, writer, version }: Origin): object {
  const backend = writer === 'tfjs-layers' ? 'tensor_flow.js' : 'tensorflow';
  if (version !== null) return { keras_version: version, backend };
  return keras === 1 ? { keras_version: '1', backend } : { backend };
}

/** Where there is no version, the module tells. */
const classOfModel = ({ keras }: Origin): object =>
  keras === 3
    ? { module: 'keras.src.models.functional', class_name: 'Functional', registered_name: 'Functional' }
    : { module: 'keras.engine.functional', class_name: 'Functional' };

function configOf(graph: ModelGraph, places: Places): object {
  const isKeras3 = graph.origin.keras === 3;
  const calls = new Map<Layer, Call[]>();
  for (const call of graph.calls) {
    const own = calls.get(call.layer);
    if (own === undefined) calls.set(call.layer, [call]);
    else own.push(call);
  }
  const inputs = graph.inputs.map(({ tensor, shape, dtype }) => {
    const [name] = places.of(tensor);
    const config = { [isKeras3 ? 'batch_shape' : 'batch_input_shape']: shape, dtype, name };
    return { class_name: 'InputLayer', config, name, inbound_nodes: [] };
  });
  const layers = [...calls].map(([layer, own]) => ({
    ...classOf(layer),
    config: { ...layer.config, name: layer.path, ...(layer.trainable ? {} : { trainable: false }) },
    name: layer.path,
    inbound_nodes: own.map((call) => nodeOf(call, places, isKeras3)),
  }));
  const endpoint = ({ key, tensor }: { readonly key: string; readonly tensor: TensorId }): unknown => {
    const place = places.of(tensor);
    // Any other key is that of a dict.
    return key === place[0] && place[1] === 0 && place[2] === 0 ? place : { [key]: place };
  };
  return {
    name: graph.name,
    trainable: true,
    layers: [...inputs, ...layers],
    input_layers: graph.inputs.map(endpoint),
    output_layers: graph.outputs.map(endpoint),
  };
}

/** Calls are numbered anew: some of a shared layer's may not be in this part of the model. */
function placesOf(graph: ModelGraph): Places {
  const names = new Set(graph.calls.map(({ layer }) => layer.path));
  const inputs = new Map<TensorId, Place>();
  for (const { tensor, name } of graph.inputs) {
    let own = name;
    for (let n = 2; names.has(own); n++) own = `${name}~${n}`;
    names.add(own);
    inputs.set(tensor, [own, 0, 0]);
  }
  const numbers = new Map<CallId, readonly [string, number]>();
  const counts = new Map<Layer, number>();
  for (const { id, layer } of graph.calls) {
    const number = counts.get(layer) ?? 0;
    counts.set(layer, number + 1);
    numbers.set(id, [layer.path, number]);
  }
  return {
    names,
    stated: graph.statedShapes,
    of(tensor) {
      const { call, index } = splitTensor(tensor);
      const [layer, number] = numbers.get(call) ?? [call, 0];
      return inputs.get(tensor) ?? [layer, number, index];
    },
  };
}

const OPS = /^(ops(?:\.\w+)*)\.(\w+)$/;

/** The class of a layer, which holds its module or package where another layer goes by the same name. */
function classOf({ className }: Layer): object {
  const [, module, name] = OPS.exec(className) ?? [];
  if (module !== undefined) return { module: `keras.src.${module}`, class_name: name };
  const package_ = /^(.+)>(.+)$/.exec(className);
  return package_ === null ? { class_name: className } : { module: package_[1], class_name: package_[2], registered_name: className };
}

const manifestEntry = ({ name, shape, dtype, stored }: StoredWeight): object => {
  const { dtype: packed, ...factors } = stored;
  return { name, shape, dtype, ...(packed === dtype ? {} : { quantization: { ...factors, dtype: packed, original_dtype: dtype } }) };
};

function joined(weights: readonly StoredWeight[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(weights.reduce((sum, { bytes }) => sum + bytes.byteLength, 0));
  let at = 0;
  for (const { bytes } of weights) {
    all.set(bytes, at);
    at += bytes.byteLength;
  }
  return all;
}
