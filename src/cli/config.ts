import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { fileName } from '../analyse.ts';
import type { Config } from '../config.ts';
import { fail, locate } from '../diagnostics/error.ts';
import { printable } from '../diagnostics/text.ts';
import { type CompiledPrograms, compilePrograms } from '../programs.ts';
import type { Summary } from '../report/summary.ts';
import { type CompileFlags, explained } from './compile.ts';
import { findConfig, loadConfig } from './config-file.ts';
import { type OutputFile, shownPath, writeFiles } from './files.ts';
import { filesOf } from './module-files.ts';
import { loadPlugins } from './plugins.ts';
import { reportStale } from './stale.ts';
import { summaryText, writtenText } from './summary.ts';

/** What a config says, and what is therefore not said beside one. */
const IN_CONFIG = {
  output: '--output',
  input: '--input',
  skip: '--skip',
  hoist: '--hoist',
  name: '--name',
  plugin: '--plugin',
  loss: '--loss',
  metric: '--metric',
  out: '-o',
  outDir: '--out-dir',
  backend: '--backend',
  weights: '--weights',
  bake: '--bake',
  js: '--js',
  emitIr: '--emit-ir',
} as const satisfies Partial<Record<keyof CompileFlags, string>>;

/**
 * `skipc compile` of the programs of a config: the one that is named, else the one in the working directory.
 * @returns the exit status
 */
export async function runConfig(model: string | undefined, flags: CompileFlags): Promise<number> {
  if (model !== undefined) fail('options-conflict', { one: '--config', other: 'a model' });
  const path = flags.config ?? findConfig();
  for (const [flag, option] of Object.entries(IN_CONFIG)) {
    if (flags[flag as keyof typeof IN_CONFIG] !== undefined) fail('options-conflict', { one: option, other: shownPath(resolve(path)) });
  }
  const config = await loadConfig(path);
  const compiled = await compileConfig(config, path, flags.explain);
  const files = await filesOfAll(compiled, config, resolve(dirname(path), config.outDir ?? '.'));
  const summaries = compiled.programs.map(({ summary }) => summary);
  if (flags.check) {
    process.stderr.write(explainedAll(summaries, flags));
    return reportStale(files, flags);
  }
  writeFiles(files, flags.force ?? false);
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ programs: summaries, files: files.map(({ path }) => shownPath(path)) }, null, 2)}\n`);
  }
  if (!flags.quiet) {
    const written = files.map(({ path, content }) => ({ path: shownPath(path), bytes: Buffer.byteLength(content) }));
    const texts = summaries.map((summary) => {
      const { prefix } = summary;
      const others = summaries.filter((other) => other !== summary && prefix !== null && other.prefix?.hash === prefix.hash);
      return `${summaryText(
        summary,
        others.map(({ program }) => program.name),
      )}${explained(summary, flags)}\n`;
    });
    process.stderr.write(`${texts.join('')}${writtenText(written)}`);
  } else process.stderr.write(explainedAll(summaries, flags));
  return 0;
}

/** What `--explain` says where no summaries stand around it. */
const explainedAll = (summaries: readonly Summary[], flags: CompileFlags): string =>
  summaries
    .map((summary) => ({ name: summary.program.name, text: explained(summary, flags) }))
    .map(({ name, text }) => (text === '' ? '' : `${printable(name)}\n${text}\n`))
    .join('');

async function compileConfig(config: Config, file: string, explain: boolean | undefined): Promise<CompiledPrograms> {
  const { weights, backend, bake, sharedWeights } = config;
  const from = (given: string): string => sourceFrom(dirname(file), given);
  const words = weights === 'inline' || weights === 'none' ? weights : undefined;
  const unsharable = bake === true ? 'bake' : words === undefined ? undefined : `"weights": "${words}"`;
  if (unsharable !== undefined && (sharedWeights ?? false) !== false) {
    fail('options-conflict', { one: '"sharedWeights"', other: unsharable }, { file, pointer: '/sharedWeights' });
  }
  if (typeof sharedWeights === 'string') locate({ file, pointer: '/sharedWeights' }, () => fileName(sharedWeights));
  return compilePrograms(from(config.model), config.programs, {
    plugins: await loadPlugins((config.plugins ?? []).map(from)),
    backend,
    bake,
    weights: words ?? 'file',
    weightsFrom: weights === undefined || weights === words ? undefined : from(weights),
    shared: sharedWeights,
    explain,
    // By its name alone, as it lies: what is written depends on it, not on where the command ran.
    command: `skipc compile --config ${basename(file)}`,
    at: (program) => ({ file, pointer: `/programs/${program}` }),
  });
}

/** A path in a config, as it reads from here; URLs and standard input stay. */
function sourceFrom(folder: string, given: string): string {
  return given === '-' || /^[a-z][a-z0-9+.-]+:\/\//i.test(given) || isAbsolute(given) ? given : shownPath(resolve(folder, given));
}

/** The files of all programs, of which no two may have one name. */
async function filesOfAll({ programs, weights }: CompiledPrograms, config: Config, folder: string): Promise<readonly OutputFile[]> {
  const { backend = 'core', js, emitIr } = config;
  const files: OutputFile[] = [];
  const writers = new Map<string, string>();
  const add = (writer: string, file: OutputFile): void => {
    // As file systems compare names that ignore case, or how accents are composed.
    const key = file.path.normalize('NFC').toLowerCase();
    const other = writers.get(key);
    if (other !== undefined) fail('files-collide', { file: shownPath(file.path), one: other, other: writer });
    writers.set(key, writer);
    files.push(file);
  };
  for (const [i, program] of programs.entries()) {
    const weightFile = weights === null && config.weights !== 'inline' ? `${program.name}.safetensors` : null;
    for (const file of await filesOf(program, { folder, backend, js, emitIr, weightFile })) {
      add(`program ${i + 1} (${JSON.stringify(program.name)})`, file);
    }
  }
  if (weights !== null) add('the shared weights', { path: join(folder, weights.name), content: weights.file });
  return files;
}
