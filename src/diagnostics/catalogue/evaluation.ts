import { didYouMean, entry, list } from './entry.ts';

/** Losses, metrics, and the features that an evaluation keeps. */
export const evaluation = {
  'loss-unknown': entry<{ name: string; suggestions: readonly string[] }>(
    'unsupported',
    ({ name }) => `skipc does not know the loss ${name}`,
    ({ suggestions }) => didYouMean(suggestions, "name one of Keras's with --loss, such as --loss mse, or evaluate without it"),
  ),
  'metric-unknown': entry<{ name: string; suggestions: readonly string[] }>(
    'unsupported',
    ({ name }) => `skipc does not know the metric ${name}`,
    ({ suggestions }) => didYouMean(suggestions, "name Keras's with --metric, such as --metric accuracy, or evaluate without it"),
  ),
  'evaluation-unsupported': entry<{ what: string; instead: string }>(
    'unsupported',
    ({ what }) => what,
    ({ instead }) => instead,
  ),
  'cache-unusable': entry<{ folder: string; reason: string }>(
    'invalid',
    ({ folder, reason }) => `features cannot be kept in ${JSON.stringify(folder)} (${reason})`,
    () => 'name a folder that may be written to, on a disk with room for the features',
  ),
  'cache-misused': entry<{ what: string }>(
    'invalid',
    ({ what }) => `the feature cache was given what it cannot keep: ${what}`,
    () => "hand it to a module's evaluate as its `cache`, which gives it keys and arrays in the right form",
  ),
  'measures-mixed': entry<{ option: string }>(
    'invalid',
    ({ option }) => `${option} is given once for all outputs, and more than that`,
    ({ option }) => `name the output in each: ${option} OUTPUT=NAME`,
  ),
  'measure-json': entry<{ option: string; why: string }>(
    'invalid',
    ({ option, why }) => `what ${option} is given begins as JSON does and is none: ${why}`,
    ({ option }) => `write ${option} '{"class_name": "Huber", "config": {"delta": 2}}', or the name alone`,
  ),
  'measured-output-unknown': entry<{ what: string; name: string; outputs: readonly string[] }>(
    'invalid',
    ({ what, name }) => `a ${what} is given for ${JSON.stringify(name)}, which is no output of the program`,
    ({ outputs }) => `the outputs are ${list(outputs)}`,
  ),
  'regularizer-unknown': entry<{ layers: readonly string[] }>(
    'unsupported',
    ({ layers }) => `the regularizers of ${list(layers)} are not known, so the loss of the model is not`,
    () => 'the losses of the outputs are reported by themselves',
  ),
  'evaluation-nothing': entry<{ program: string }>(
    'invalid',
    ({ program }) => `there is nothing to evaluate ${JSON.stringify(program)} by: the model says no loss and no metric that is known`,
    () => 'add --loss, such as --loss sparse_categorical_crossentropy, or --metric, such as --metric accuracy',
  ),
  'evaluation-stateful': entry<{ states: readonly string[]; option: string }>(
    'invalid',
    ({ states, option }) => `${option} cannot take the batches apart: the program carries ${list(states)} from one to the next`,
    ({ option }) => `evaluate it without ${option}`,
  ),
  'cache-stateful': entry<{ states: readonly string[] }>(
    'invalid',
    ({ states }) => `--cache keeps what is a function of the inputs, and the prefix carries ${list(states)} from batch to batch`,
    () => 'evaluate it without --cache, or cut before that layer with --hoist',
  ),
  'evaluation-failed': entry<{ why: string; from: number; last: number; files: readonly string[] }>(
    'invalid',
    ({ why, from, last, files }) =>
      `the samples ${from} to ${last}${files.length === 0 ? '' : ` (${list(files)})`} cannot be evaluated: ${why}`,
    () => 'check these samples, their labels and weights; a smaller --batch-size takes less memory',
  ),
  'evaluation-not-begun': entry<{ why: string }>(
    'invalid',
    ({ why }) => `the evaluation cannot begin: ${why}`,
    () => 'check the weights, and whether another --backend (node, wasm or cpu) runs the model',
  ),
  'weights-needed': entry<{ model: string }>(
    'invalid',
    ({ model }) => `the model ${JSON.stringify(model)} comes without weights, so it cannot be evaluated`,
    () => 'pass --weights FILE',
  ),
  'backend-unavailable': entry<{ backends: readonly string[]; why: string }>(
    'invalid',
    ({ backends, why }) => `no tfjs backend runs here; tried ${list(backends)}: ${why}`,
    () => 'install @tensorflow/tfjs-node, or choose another with --backend: node, wasm or cpu',
  ),
  'cache-no-prefix': entry<{ cuts: readonly string[] }>(
    'invalid',
    () => '--cache keeps features, and the program has none: nothing is frozen, and no cut is named',
    ({ cuts }) =>
      cuts.length > 0 ? `name a cut, such as ${cuts.map((cut) => `--hoist ${cut}`).join(' or ')}` : 'name a cut: --hoist NAME',
  ),
  'data-needed': entry<object>(
    'invalid',
    () => 'a model is evaluated on data, and no --data is given',
    () => 'name a folder of images by class, a .npz or .npy file, or a CSV: --data PATH',
  ),
  'model-needed': entry<object>(
    'invalid',
    () => 'neither a model to evaluate nor parts to merge are given',
    () => 'skipc eval model.json --data PATH, or skipc eval --merge part*.json',
  ),
  'shard-invalid': entry<{ given: string }>(
    'invalid',
    ({ given }) => `${JSON.stringify(given.slice(0, 100))} names no part of the data`,
    () => '--shard takes i/n, i from 0 to n - 1, such as 0/4; or auto in a job array',
  ),
  'shard-environment': entry<{ found: readonly string[] }>(
    'invalid',
    ({ found }) =>
      found.length === 0
        ? '--shard auto finds no job array in the environment'
        : `--shard auto makes no part of ${found.join(', ')}: these are not an index below a count`,
    () =>
      'it reads JOB_COMPLETION_INDEX (Kubernetes) with JOB_COMPLETIONS, or SLURM_ARRAY_TASK_ID with SLURM_ARRAY_TASK_MIN, _STEP and _COUNT; SKIPC_SHARDS says how many parts there are',
  ),
  'part-invalid': entry<{ path: string; why: string }>(
    'invalid',
    ({ path, why }) => `${JSON.stringify(path)} is no part of an evaluation: ${why}`,
    () => '--merge takes the files that skipc eval --shard i/n writes',
  ),
  'parts-differ': entry<{ one: string; other: string; what: string }>(
    'invalid',
    ({ one, other, what }) => `${JSON.stringify(one)} and ${JSON.stringify(other)} are parts of different evaluations: another ${what}`,
    () => 'evaluate all parts with the same model, data and options; then merge these',
  ),
  'part-twice': entry<{ shard: string; one: string; other: string }>(
    'invalid',
    ({ shard, one, other }) => `${JSON.stringify(one)} and ${JSON.stringify(other)} are both part ${shard}`,
    () => 'leave one of them out',
  ),
  'parts-missing': entry<{ missing: readonly string[]; of: number }>(
    'invalid',
    ({ missing, of }) => `of ${of} parts, ${missing.length} ${missing.length === 1 ? 'is' : 'are'} missing: ${list(missing)}`,
    ({ missing }) => `evaluate ${missing.length === 1 ? 'it' : 'them'} with --shard ${missing[0]}, and merge all`,
  ),
} as const;
