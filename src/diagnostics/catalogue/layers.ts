import { entry, list } from './entry.ts';

/** What a live layer can get wrong, or skipc cannot compile. */
export const layers = {
  'layer-unknown': entry<{ className: string }>(
    'unsupported',
    ({ className }) => `skipc does not know the layer class ${JSON.stringify(className)}`,
    ({ className }) =>
      `say what it computes with --plugin (a row with className ${JSON.stringify(className)}), leave it out with --skip, cut behind it with --input, or choose an --output that does not need it`,
  ),
  'layer-lambda': entry<{ name: string }>(
    'unsupported',
    ({ name }) => `the Lambda layer ${JSON.stringify(name)} holds Python code, which skipc does not run`,
    ({ name }) =>
      `say what it computes with --plugin: a row with className ${JSON.stringify(`Lambda:${name}`)} whose lower(layer) returns, say, layer.op('abs', [layer.x], {}); or leave it out with --skip`,
  ),
  'layer-stateful': entry<{ states: readonly string[] }>(
    'invalid',
    ({ states }) => `the program carries state from call to call: ${list(states)}`,
    () => 'hand the outputs of these names in again as inputs of the same names; left out, states are zero',
  ),
  'state-key-taken': entry<{ key: string }>(
    'invalid',
    ({ key }) => `a state of the layer is called ${JSON.stringify(key)}, as another input or output of the program is`,
    () => 'give the other one another key: --input KEY=NAME or --output KEY=NAME',
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
  'integer-width': entry<{ className: string }>(
    'unsupported',
    ({ className }) => `${className} computes in integers of 8 or 16 bits, which wrap around in Keras and not in tfjs`,
    () => 'cast to float32 or int32 before this layer, for example by a Rescaling, or declare the input as one of them',
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
} as const;
