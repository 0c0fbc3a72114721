import { entry } from './entry.ts';

/** The command line and the files it writes. */
export const command = {
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
  'plugin-missing': entry<{ path: string }>(
    'invalid',
    ({ path }) => `there is no plug-in ${JSON.stringify(path)}`,
    () => 'give --plugin the path of a .ts or .js file',
  ),
  'plugin-failed': entry<{ path: string; why: string }>(
    'invalid',
    ({ path, why }) => `the plug-in ${JSON.stringify(path)} cannot be loaded: ${why}`,
    () => 'run it by itself to see where it fails',
  ),
  'plugin-invalid': entry<{ path: string }>(
    'invalid',
    ({ path }) => `the plug-in ${JSON.stringify(path)} exports no layer rows`,
    () => "export default what layer({ className, doc, config, lower }) of 'skipc/plugin' returns, or an array of such rows",
  ),
  'backend-unknown': entry<{ given: string; backends: readonly string[] }>(
    'invalid',
    ({ given }) => `there is no backend ${JSON.stringify(given)}`,
    ({ backends }) => `--backend takes one of ${backends.join(', ')}`,
  ),
  'name-invalid': entry<{ name: string }>(
    'invalid',
    ({ name }) => `${JSON.stringify(name.slice(0, 100))} cannot be a name that files are called after`,
    () => 'choose one of at most 100 bytes without slashes or control characters, with --name or in the config',
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
  'option-alone': entry<{ option: string; without: string }>(
    'invalid',
    ({ option, without }) => `${option} means nothing without ${without}`,
    ({ option, without }) => `add ${without}, or leave ${option} out`,
  ),
  'model-missing': entry<{ config: string }>(
    'invalid',
    ({ config }) => `no model was given, and there is no ${config} here`,
    () => 'name the model, or write a config of the programs to compile and name it with --config',
  ),
  'config-several': entry<{ configs: readonly string[] }>(
    'invalid',
    ({ configs }) => `there are ${configs.join(' and ')} here`,
    () => 'remove all but one, or choose with --config',
  ),
  'config-failed': entry<{ path: string; why: string }>(
    'invalid',
    ({ path, why }) => `the config ${JSON.stringify(path)} cannot be loaded: ${why}`,
    () => 'run it by itself to see where it fails',
  ),
  'files-collide': entry<{ file: string; one: string; other: string }>(
    'invalid',
    ({ file, one, other }) => `${file} would be written by ${one} and by ${other}`,
    () => 'give each program a name of its own; case does not tell names apart, as it does not on every file system',
  ),
  'graph-extension': entry<{ path: string }>(
    'invalid',
    ({ path }) => `${JSON.stringify(path)} says neither that it is a page nor that it is an SVG file`,
    () => 'let -o end in .html or .svg',
  ),
  'graph-too-large': entry<{ boxes: number; most: number }>(
    'invalid',
    ({ boxes, most }) => `the picture would have ${boxes} boxes, and more than ${most} are none to look at`,
    () => 'skipc ir prints the program as text, and skipc inspect lists the layers',
  ),
  'pass-unknown': entry<{ given: string; passes: readonly string[] }>(
    'invalid',
    ({ given }) => `there is no pass ${JSON.stringify(given)}`,
    ({ passes }) => `--after takes one of ${passes.join(', ')}`,
  ),
  'no-weights-there': entry<{ file: string }>(
    'invalid',
    ({ file }) => `${file} brings no weights`,
    () => '--weights takes a tfjs model.json with its shards beside it, .keras, .h5, .weights.h5 or .npz; or none, or inline',
  ),
} as const;
