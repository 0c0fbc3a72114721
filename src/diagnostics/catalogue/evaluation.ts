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
} as const;
