import { entry, list } from './entry.ts';

/** Faults of weight files. */
export const weights = {
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
    () => 'save the model with weights of float32, float16, int32 or bool; a tfjs model may quantise them as uint8, uint16 or float16',
  ),
  'weights-range': entry<{ name: string; value: string }>(
    'invalid',
    ({ name, value }) => `weight ${JSON.stringify(name)} holds the integer ${value}, which tfjs cannot: its integers have 32 bits`,
    () => 'save the model with smaller integers there, or with floats',
  ),
  'weights-pickled': entry<object>(
    'unsupported',
    () => 'the weights of this archive are in model.weights.npz, as Python objects that only Python can read',
    () => "save the model with its default weights format: model.save('model.keras')",
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
  'weights-mismatch': entry<{ what: string }>(
    'invalid',
    ({ what }) => `the weights are not those of the model: ${what}`,
    () => 'check that the weight files belong to this model, or compile without them: --weights none',
  ),
  'bake-no-weights': entry<{ why: string }>(
    'invalid',
    ({ why }) => `there are no weights to bake: ${why}`,
    () => 'give a model with weights, or --weights FILE; the module itself can hold them: --weights inline',
  ),
  'bake-unsupported': entry<{ why: string }>(
    'unsupported',
    ({ why }) => `what the load stage computes cannot be stored: ${why}`,
    () => 'compile without --bake: load() computes it',
  ),
} as const;
