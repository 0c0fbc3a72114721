import { basename, dirname, extname, isAbsolute, resolve } from 'node:path';
import { compile } from '../compile.ts';
import { fail } from '../diagnostics/error.ts';
import type { Summary } from '../report/summary.ts';
import { type Backend, backends } from '../rewrite/backends.ts';
import { warningText } from './errors.ts';
import { explanationText } from './explain.ts';
import { shownPath, writeFiles } from './files.ts';
import { type MeasureOptions, measureArguments, measuresOf } from './measures.ts';
import { filesOf, javascript, type ModulePath } from './module-files.ts';
import { type SelectionOptions, selectionArguments, selectionOf } from './selection.ts';
import { reportStale } from './stale.ts';
import { summaryText, writtenText } from './summary.ts';

export interface CompileFlags extends SelectionOptions, MeasureOptions {
  readonly config?: string;
  readonly out?: string;
  readonly outDir?: string;
  readonly backend?: string;
  readonly weights?: string;
  readonly bake?: boolean;
  readonly js?: boolean;
  readonly emitIr?: boolean;
  readonly check?: boolean;
  readonly explain?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly force?: boolean;
}

/** `skipc compile`: returns the exit status. */
export async function runCompile(model: string | undefined, flags: CompileFlags): Promise<number> {
  if (model === undefined || flags.config !== undefined) return (await import('./config.ts')).runConfig(model, flags);
  const backend = backendOf(flags.backend);
  const toStdout = flags.out === '-';
  if (flags.out !== undefined && isAbsolute(flags.out) && flags.outDir !== undefined)
    fail('options-conflict', { one: '-o with an absolute path', other: '--out-dir' });
  for (const other of ['json', 'check'] as const)
    if (toStdout && flags[other]) fail('options-conflict', { one: '-o -', other: `--${other}` });
  const named = flags.out === undefined || toStdout ? null : moduleName(flags.out, flags.js ?? false);
  const weights = flags.weights === 'inline' || flags.weights === 'none' ? flags.weights : toStdout ? 'none' : 'file';
  const weightsFrom = flags.weights === undefined || flags.weights === weights ? undefined : flags.weights;
  const name = flags.name ?? named?.name;
  const compiled = await compile(model, {
    ...(await selectionOf(flags)),
    ...measuresOf(flags),
    name,
    backend,
    weights,
    weightsFrom,
    bake: flags.bake,
    explain: flags.explain,
    command: commandLine(model, flags),
  });
  const { summary } = compiled;

  if (toStdout) {
    for (const warning of flags.quiet ? [] : summary.warnings) process.stderr.write(warningText(warning));
    process.stderr.write(explained(summary, flags));
    process.stdout.write(flags.js ? (await javascript(compiled)).code : compiled.code);
    return 0;
  }
  const folder = resolve(flags.outDir ?? '.', named?.folder ?? '.');
  const weightFile = weights === 'file' ? `${compiled.name}.safetensors` : null;
  const files = await filesOf(compiled, { folder, named, backend, js: flags.js, emitIr: flags.emitIr, weightFile });
  if (flags.check) {
    process.stderr.write(explained(summary, flags));
    return reportStale(files, flags);
  }
  writeFiles(files, flags.force ?? false);
  if (flags.json) process.stdout.write(`${JSON.stringify({ ...summary, files: files.map(({ path }) => shownPath(path)) }, null, 2)}\n`);
  if (!flags.quiet) {
    const written = files.map(({ path, content }) => ({ path: shownPath(path), bytes: Buffer.byteLength(content) }));
    process.stderr.write(`${summaryText(summary)}${explained(summary, flags)}\n${writtenText(written)}`);
  } else process.stderr.write(explained(summary, flags));
  return 0;
}

/** What `--explain` adds to a summary; as JSON it is part of that. */
export function explained({ explanations }: Summary, { json }: CompileFlags): string {
  return explanations === undefined || json ? '' : `\n${explanationText(explanations)}`;
}

function backendOf(given: string = 'core'): Backend {
  return backends.find((backend) => backend === given) ?? fail('backend-unknown', { given, backends });
}

/** The file that `-o` names. */
interface ModuleName extends ModulePath {
  readonly folder: string;
}

/** @throws SkipcError `out-extension` where the file would not be taken for what is written into it */
function moduleName(out: string, js: boolean): ModuleName {
  const [usual, other] = js ? ['.mjs', '.js'] : ['.ts', '.mts'];
  const file = basename(out);
  const extension = extname(file) === '' ? usual : extname(file);
  const name = basename(file, extension);
  if ((extension !== usual && extension !== other) || name.endsWith('.d')) {
    fail('out-extension', { path: out, language: js ? 'JavaScript' : 'TypeScript', extensions: `${usual} or ${other}` });
  }
  return { folder: dirname(out), name, extension };
}

const PLAIN_ARGUMENT = /^[A-Za-z0-9_@%+=:,./#-]+$/;
const quoted = (argument: string): string => (PLAIN_ARGUMENT.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`);

/** The command that makes this module, for its banner. */
function commandLine(model: string, flags: CompileFlags): string {
  const value = (flag: string, given: string | undefined) => (given === undefined ? [] : [flag, given]);
  const path = (given: string | undefined) => (given === undefined ? undefined : shownSource(given));
  const args = [
    ...selectionArguments(flags),
    ...measureArguments(flags),
    ...(flags.plugin ?? []).flatMap((plugin) => ['--plugin', shownSource(plugin)]),
    ...value('--backend', flags.backend === 'core' ? undefined : flags.backend),
    ...value('--weights', flags.weights === 'none' || flags.weights === 'inline' ? flags.weights : path(flags.weights)),
    ...(flags.bake ? ['--bake'] : []),
    ...(flags.js ? ['--js'] : []),
    ...(flags.emitIr ? ['--emit-ir'] : []),
    ...value('--out-dir', path(flags.outDir)),
    ...value('-o', flags.out === '-' ? '-' : flags.outDir === undefined ? path(flags.out) : flags.out),
  ];
  return ['skipc', 'compile', shownSource(model), ...args].map(quoted).join(' ');
}

/** A path from here, or a URL without what may be secret in it: a password, or the signature in a query. */
function shownSource(source: string): string {
  if (source === '-') return source;
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(source)) return shownPath(resolve(source));
  if (!URL.canParse(source)) return source;
  const { protocol, host, pathname } = new URL(source);
  return `${protocol}//${host}${pathname}`;
}
