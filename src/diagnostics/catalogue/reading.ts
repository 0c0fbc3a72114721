import { didYouMean, entry } from './entry.ts';

/** Faults of model files. */
export const reading = {
  'config-invalid': entry<{ found: string; expected: string }>(
    'invalid',
    ({ found, expected }) => `found ${found} where ${expected} was expected`,
    () => 'correct the file at this pointer; if it is a model, saving that again may do',
  ),
  'file-not-found': entry<{ path: string }>(
    'invalid',
    ({ path }) => `there is no file ${JSON.stringify(path)}`,
    () => 'check the path; it is taken relative to the current directory',
  ),
  'file-unreadable': entry<{ path: string; reason: string }>(
    'invalid',
    ({ path, reason }) => `cannot read ${JSON.stringify(path)}: ${reason}`,
    () => 'name the model file itself, such as model.json, and check that you may read it',
  ),
  'file-empty': entry<object>(
    'invalid',
    () => 'the file is empty',
    () => 'save the model again, or check what was to write the file',
  ),
  'file-too-large': entry<{ bytes: number; most: number }>(
    'invalid',
    ({ bytes, most }) => `${bytes} bytes are more than the ${most} that can be read at once`,
    () => 'a model file holds JSON only: check that this is not a file of weights or data',
  ),
  'url-failed': entry<{ url: string; reason: string }>(
    'invalid',
    ({ url, reason }) => `cannot fetch ${url}: ${reason}`,
    () => 'check the URL, or download the model and its shards and name the local file',
  ),
  'json-invalid': entry<{ place: string; found: string }>(
    'invalid',
    ({ place, found }) => `not valid JSON at ${place}: found ${found}`,
    () => 'JSON has no comments, trailing commas, NaN or Infinity; correct the file there, or save the model again',
  ),
  'nesting-too-deep': entry<{ deepest: number }>(
    'invalid',
    ({ deepest }) => `the JSON is nested deeper than ${deepest} levels`,
    () => 'no model needs that: check what wrote the file',
  ),
  'not-a-model': entry<{ found: string }>(
    'invalid',
    ({ found }) => `not a model: found ${found}`,
    () => 'give a tfjs layers-model (model.json), a .keras or whole-model .h5 file, or what Keras writes with model.to_json()',
  ),
  'graph-model': entry<object>(
    'unsupported',
    () => 'this is a TensorFlow graph-model: it holds ops, not layers',
    () => 'convert the Keras model with --output_format=tfjs_layers_model instead of tfjs_graph_model',
  ),
  'file-damaged': entry<{ kind: string; why: string }>(
    'invalid',
    ({ kind, why }) => `this ${kind} cannot be read: ${why}`,
    () => 'the file is cut short or damaged: copy or download it again, or save the model again',
  ),
  'weights-only': entry<{ what: string }>(
    'invalid',
    ({ what }) => `this is ${what}, which does not say what the layers are`,
    () => 'name the topology (model.json, or what model.to_json() gives) as the model, and this file with --weights',
  ),
  'model-subclassed': entry<{ className: string }>(
    'unsupported',
    ({ className }) =>
      `the class ${JSON.stringify(className)} is neither Sequential nor functional: its file does not say how its layers are connected`,
    () => 'rebuild the model with keras.Model(inputs, outputs), then save it again',
  ),
  'model-too-large': entry<{ most: number }>(
    'invalid',
    ({ most }) => `with its nested models inlined, the model has more than ${most} layer calls`,
    () => 'check how often the nested models are called',
  ),
  'model-cyclic': entry<{ cycle: readonly string[] }>(
    'invalid',
    ({ cycle }) => `the layers feed each other in a circle: ${cycle.join(' -> ')}`,
    () => 'check the inbound_nodes of these layers',
  ),
  'layer-duplicate': entry<{ name: string }>(
    'invalid',
    ({ name }) => `two layers of one model are called ${name}`,
    () => 'give each layer its own name',
  ),
  'layer-missing-reference': entry<{ what: string; suggestions: readonly string[] }>(
    'invalid',
    ({ what }) => `refers to ${what}`,
    ({ suggestions }) => didYouMean(suggestions, 'check the reference, or save the model again'),
  ),
  'sequential-branches': entry<{ name: string; outputs: number }>(
    'invalid',
    ({ name, outputs }) => `the nested model ${JSON.stringify(name)} gives ${outputs} outputs, but a Sequential passes on one`,
    () => 'connect these models with keras.Model(inputs, outputs) instead of Sequential',
  ),
  'input-shape-unknown': entry<{ name: string }>(
    'invalid',
    ({ name }) => `the file does not say the shape of the input ${JSON.stringify(name)}`,
    () => 'add "batch_input_shape" to the config of the first layer, or build the model before saving: model.build(input_shape)',
  ),
  'nested-mask': entry<{ name: string }>(
    'unsupported',
    ({ name }) => `the nested model ${JSON.stringify(name)} is called with a mask: skipc does not pass masks into nested models yet`,
    () => 'put the layers of the nested model into the outer model, then save it again',
  ),
} as const;
