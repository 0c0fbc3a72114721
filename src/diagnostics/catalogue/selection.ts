import { didYouMean, entry, list } from './entry.ts';

/** Names and options that choose a part of a model, and where to cut it. */
export const selection = {
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
    ({ key, what }) => `two ${what === 'hoist' ? 'feature' : what}s are called ${JSON.stringify(key)}`,
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
  'hoist-twice': entry<{ one: string; other: string }>(
    'invalid',
    ({ one, other }) => `--hoist ${one} and --hoist ${other} are the same tensor`,
    () => 'name it once: the features of a program are different tensors',
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
} as const;
