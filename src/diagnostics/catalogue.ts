/**
 * Every diagnostic skipc can give. `invalid` is a fault in what the user handed in, `unsupported` is ours to build,
 * `invariant` is a bug of skipc. The message says what is wrong, the hint what to do.
 */
export type Kind = 'invalid' | 'unsupported' | 'invariant';

interface Entry<P> {
  readonly kind: Kind;
  message(params: P): string;
  hint(params: P): string;
}

const entry = <P>(kind: Kind, message: (params: P) => string, hint: (params: P) => string): Entry<P> => ({ kind, message, hint });

const list = (names: readonly string[]): string =>
  names
    .slice(0, 10)
    .map((name) => JSON.stringify(name))
    .join(', ') + (names.length > 10 ? ', ...' : '');
const didYouMean = (suggestions: readonly string[], otherwise: string): string =>
  suggestions.length > 0 ? `did you mean ${list(suggestions)}?` : otherwise;

export const catalogue = {
  // Reading
  'config-invalid': entry<{ found: string; expected: string }>(
    'invalid',
    ({ found, expected }) => `found ${found} where ${expected} was expected`,
    () => 'correct the model file at this pointer, or save the model again',
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
    () => 'give a tfjs layers-model (model.json) or what Keras writes with model.to_json()',
  ),
  'graph-model': entry<object>(
    'unsupported',
    () => 'this is a TensorFlow graph-model: it holds ops, not layers',
    () => 'convert the Keras model with --output_format=tfjs_layers_model instead of tfjs_graph_model',
  ),
  'keras-archive': entry<object>(
    'unsupported',
    () => 'this is a zip archive, such as a .keras file: skipc does not read these yet',
    () => 'take config.json out of the archive, or write the topology in Python: open("model.json", "w").write(model.to_json())',
  ),
  'hdf5-file': entry<object>(
    'unsupported',
    () => 'this is an HDF5 file: skipc does not read these yet',
    () => 'write the topology in Python: open("model.json", "w").write(keras.models.load_model("model.h5").to_json())',
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

  // Weights
  'weights-absent': entry<{ shards: readonly string[] }>(
    'invalid',
    ({ shards }) => `none of the weight files is there: ${list(shards)}`,
    () => 'put the shards beside the model file, or pass --weights; the topology alone compiles too',
  ),
  'weights-path': entry<{ path: string }>(
    'invalid',
    ({ path }) => `the weight file ${path} is outside the folder of the model`,
    () => 'put the shards beside the model file and name them there',
  ),
  'weights-shape': entry<{ name: string; shape: readonly number[] }>(
    'invalid',
    ({ name, shape }) => `weight ${JSON.stringify(name)} of shape [${shape.join(',')}] is larger than any file`,
    () => 'correct the shape in the weights manifest',
  ),
  'weights-dtype': entry<{ name: string; why: string }>(
    'unsupported',
    ({ name, why }) => `cannot read weight ${JSON.stringify(name)}: ${why}`,
    () => 'convert the model with float32, int32 or bool weights, quantised as uint8, uint16 or float16 or not at all',
  ),
  'weights-missing': entry<{ weight: string; shard: string; why: string }>(
    'invalid',
    ({ weight, shard, why }) => `weight ${weight} needs the file ${JSON.stringify(shard)}: ${why}`,
    () => 'put all shards of the model beside the model file',
  ),
  'weights-truncated': entry<{ weight: string; shard: string; found: number; needed: number }>(
    'invalid',
    ({ weight, shard, found, needed }) => `weight ${weight}: ${shard} holds ${found} bytes where ${needed} are needed`,
    () => 'the file was cut short: copy or download it again',
  ),

  // Layers
  'layer-unknown': entry<{ className: string }>(
    'unsupported',
    ({ className }) => `skipc does not know the layer class ${JSON.stringify(className)}`,
    () => 'choose an --output that does not need this layer, cut behind it with --input, or leave it out with --skip',
  ),
  'layer-unsupported': entry<{ what: string; instead: string }>(
    'unsupported',
    ({ what }) => what,
    ({ instead }) => instead,
  ),
  'layer-keyword': entry<{ className: string; keyword: string }>(
    'unsupported',
    ({ className, keyword }) => `${className} is called with a tensor as ${keyword}=, which skipc does not compile yet`,
    () => 'choose an --output before this layer, or cut behind it with --input',
  ),
  'mask-unsupported': entry<{ className: string }>(
    'unsupported',
    ({ className }) => `${className} is given a masked tensor, and skipc does not compile its use of masks yet`,
    () => 'choose an --output before this layer, or save the model without mask_zero / Masking where the mask is all true',
  ),
  'weight-too-large': entry<{ weight: string; shape: string }>(
    'invalid',
    ({ weight, shape }) => `weight ${JSON.stringify(weight)} of shape ${shape} is larger than 2^40 elements`,
    () => 'check the sizes in the layer config',
  ),
  'dtype-unknown': entry<{ dtype: string }>(
    'unsupported',
    ({ dtype }) => `skipc does not compile the dtype ${JSON.stringify(dtype)}`,
    () => 'save the model with float32, int32, bool or string tensors',
  ),
  'tensor-missing': entry<{ call: string; index: number }>(
    'invalid',
    ({ call, index }) => `${JSON.stringify(call)} gives no tensor number ${index}`,
    () => 'a layer gives its tensors numbered from 0: check what refers to this one',
  ),
  'layer-inputs': entry<{ className: string; expected: string; found: string }>(
    'invalid',
    ({ className, expected, found }) => `${className} takes ${expected}, but is called with ${found}`,
    () => 'check how the layer is called in the model file',
  ),
  'shape-mismatch': entry<{ what: string; found: string }>(
    'invalid',
    ({ what, found }) => `${what}: ${found}`,
    () => 'check the shapes of the model; `skipc ir` shows those of every tensor up to here',
  ),

  'weights-mismatch': entry<{ what: string }>(
    'invalid',
    ({ what }) => `the weights are not those of the model: ${what}`,
    () => 'check that the weight files belong to this model, or compile without them: --weights none',
  ),

  // Selection
  'name-unknown': entry<{ name: string; suggestions: readonly string[] }>(
    'invalid',
    ({ name }) => `the model has no tensor ${JSON.stringify(name)}`,
    ({ suggestions }) => didYouMean(suggestions, '`skipc inspect` lists the layers and outputs'),
  ),
  'name-ambiguous': entry<{ name: string; candidates: readonly string[] }>(
    'invalid',
    ({ name, candidates }) => `${JSON.stringify(name)} could be ${list(candidates)}`,
    () => 'write more of the path',
  ),
  'layer-name-unknown': entry<{ name: string; suggestions: readonly string[] }>(
    'invalid',
    ({ name }) => `the model has no layer ${JSON.stringify(name)}`,
    ({ suggestions }) => didYouMean(suggestions, '`skipc inspect` lists the layers'),
  ),
  'key-duplicate': entry<{ key: string; what: string }>(
    'invalid',
    ({ key, what }) => `two ${what}s are called ${JSON.stringify(key)}`,
    ({ what }) => `give one another key: --${what} KEY=NAME`,
  ),
  'input-type-unknown': entry<{ name: string; layer: string }>(
    'unsupported',
    ({ name, layer }) => `the shape of ${JSON.stringify(name)} is not known, as skipc cannot compile ${JSON.stringify(layer)} before it`,
    () => 'cut behind a layer that skipc knows, or at one whose shape the file states',
  ),
  'input-dead': entry<{ name: string }>(
    'invalid',
    ({ name }) => `nothing that was chosen needs the input ${JSON.stringify(name)}`,
    () => 'leave this --input out, or choose an --output behind it',
  ),
  'skip-operand': entry<{ layer: string; operands: readonly string[] }>(
    'invalid',
    ({ layer, operands }) => `${JSON.stringify(layer)} has ${operands.length} inputs, and which one is to stay is not said`,
    ({ layer, operands }) => `name it: ${operands.map((operand) => `--skip ${layer}=${operand}`).join(' or ')}`,
  ),
  'skip-operand-unknown': entry<{ layer: string; operand: string; operands: readonly string[] }>(
    'invalid',
    ({ layer, operand }) => `${JSON.stringify(operand)} is no input of ${JSON.stringify(layer)}`,
    ({ layer, operands }) => `its inputs are ${operands.map((known) => `--skip ${layer}=${known}`).join(' or ')}`,
  ),
  'skip-type': entry<{ layer: string; given: string; result: string }>(
    'invalid',
    ({ layer, given, result }) => `${JSON.stringify(layer)} cannot be skipped: it turns ${given} into ${result}`,
    () => 'only a layer that keeps shape and dtype can be left out; to leave out more, cut behind it with --input',
  ),
  'skip-second-tensor': entry<{ layer: string; index: number }>(
    'invalid',
    ({ layer, index }) => `${JSON.stringify(layer)} cannot be skipped: its tensor number ${index} is used, which has no counterpart`,
    () => 'choose outputs that do not need that tensor',
  ),

  // Command line
  'file-not-ours': entry<{ path: string }>(
    'invalid',
    ({ path }) => `${path} was not written by skipc`,
    () => 'choose another name with -o or --out-dir, or overwrite it with --force',
  ),
  'write-failed': entry<{ path: string; reason: string }>(
    'invalid',
    ({ path, reason }) => `cannot write ${path} (${reason})`,
    () => 'check that the folder exists and may be written to',
  ),
  'backend-unknown': entry<{ given: string; backends: readonly string[] }>(
    'invalid',
    ({ given }) => `there is no backend ${JSON.stringify(given)}`,
    ({ backends }) => `--backend takes one of ${backends.join(', ')}`,
  ),
  'name-invalid': entry<{ name: string }>(
    'invalid',
    ({ name }) => `${JSON.stringify(name.slice(0, 100))} cannot be the name of a program: files are called after it`,
    () => 'give a --name of at most 100 bytes without slashes or control characters',
  ),
  'out-extension': entry<{ path: string; language: string; extensions: string }>(
    'invalid',
    ({ path, language }) => `the name ${JSON.stringify(path)} is not that of a ${language} module`,
    ({ extensions }) => `let -o end in ${extensions}; --js chooses JavaScript`,
  ),
  'options-conflict': entry<{ one: string; other: string }>(
    'invalid',
    ({ one, other }) => `${one} and ${other} cannot stand together`,
    ({ one, other }) => `leave ${one} or ${other} out`,
  ),
  'pass-unknown': entry<{ given: string; passes: readonly string[] }>(
    'invalid',
    ({ given }) => `there is no pass ${JSON.stringify(given)}`,
    ({ passes }) => `--after takes one of ${passes.join(', ')}`,
  ),
  'no-weights-there': entry<{ file: string }>(
    'invalid',
    ({ file }) => `${file} brings no weights`,
    () => '--weights takes a tfjs model.json with its shards beside it, none, or inline',
  ),

  // Hoisting
  'hoist-dead': entry<{ name: string }>(
    'invalid',
    ({ name }) => `the chosen outputs do not need ${JSON.stringify(name)}, so nothing can be hoisted to it`,
    () => 'name a tensor on the way to the outputs: `skipc inspect` lists good cuts',
  ),
  'hoist-nothing-frozen': entry<{ cuts: readonly string[] }>(
    'invalid',
    () => '--hoist auto cuts at what is frozen, and no layer that the outputs need has trainable: false',
    ({ cuts }) =>
      cuts.length > 0 ? `name a cut, such as ${cuts.map((cut) => `--hoist ${cut}`).join(' or ')}` : 'name a cut: --hoist NAME',
  ),
  'hoist-mixed': entry<{ given: readonly string[] }>(
    'invalid',
    ({ given }) => `--hoist was given ${given.join(' and ')}, which cannot stand together`,
    () => 'give one of auto, shared and none alone, or names of tensors',
  ),
  'hoist-shared-one': entry<Record<never, never>>(
    'invalid',
    () => '--hoist shared needs two outputs, which share something',
    () => 'choose several with --output, or name the tensor to cut at: --hoist NAME',
  ),

  // Programs
  'ir-syntax': entry<{ line: number; column: number; expected: string; found: string }>(
    'invalid',
    ({ line, column, expected, found }) => `line ${line}, column ${column}: found ${JSON.stringify(found)} where ${expected} was expected`,
    () => 'write the dump again with `skipc ir`',
  ),
  'ir-invalid': entry<{ what: string }>(
    'invalid',
    ({ what }) => `not a valid program: ${what}`,
    () => 'write the dump again with `skipc ir`',
  ),
  'pass-broke-program': entry<{ pass: string; what: string }>(
    'invariant',
    ({ pass, what }) => `after pass ${pass} the program is not valid: ${what}`,
    () => 'this is a bug of skipc: please report it with the model',
  ),
} as const;

export type Code = keyof typeof catalogue;
export type Params<C extends Code> = Parameters<(typeof catalogue)[C]['message']>[0];
