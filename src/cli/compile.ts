import { basename, dirname, extname, isAbsolute, join, resolve } from 'node:path';
import { type Compiled, compile } from '../compile.ts';
import { fail } from '../diagnostics/error.ts';
import { printable } from '../diagnostics/text.ts';
import { emitBackend } from '../emit/backend.ts';
import { type Backend, backends } from '../rewrite/backends.ts';
import { warningText } from './errors.ts';
import { type OutputFile, shownPath, staleFiles, writeFiles } from './files.ts';
import { type MeasureOptions, measureArguments, measuresOf } from './measures.ts';
import { type SelectionOptions, selectionArguments, selectionOf } from './selection.ts';
import { summaryText, writtenText } from './summary.ts';

export interface CompileFlags extends SelectionOptions, MeasureOptions {
  readonly out?: string;
  readonly outDir?: string;
  readonly backend?: string;
  readonly weights?: string;
  readonly bake?: boolean;
  readonly js?: boolean;
  readonly emitIr?: boolean;
  readonly check?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly force?: boolean;
}

/** `skipc compile`: returns the exit status. */
export async function runCompile(model: string, flags: CompileFlags): Promise<number> {
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
    command: commandLine(model, flags),
  });
  const { summary } = compiled;

  if (toStdout) {
    for (const warning of flags.quiet ? [] : summary.warnings) process.stderr.write(warningText(warning));
    process.stdout.write(flags.js ? (await javascript(compiled)).code : compiled.code);
    return 0;
  }
  const files = await filesOf(compiled, flags, named, backend);
  if (flags.check) return reportStale(files, flags);
  writeFiles(files, flags.force ?? false);
  if (flags.json) process.stdout.write(`${JSON.stringify({ ...summary, files: files.map(({ path }) => shownPath(path)) }, null, 2)}\n`);
  if (!flags.quiet) {
    const written = files.map(({ path, content }) => ({ path: shownPath(path), bytes: Buffer.byteLength(content) }));
    process.stderr.write(`${summaryText(summary)}\n${writtenText(written)}`);
  }
  return 0;
}

function backendOf(given: string = 'core'): Backend {
  return backends.find((backend) => backend === given) ?? fail('backend-unknown', { given, backends });
}

/** The file that `-o` names: folder, name and extension. */
interface ModuleName {
  readonly folder: string;
  readonly name: string;
  readonly extension: string;
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

async function filesOf(compiled: Compiled, flags: CompileFlags, named: ModuleName | null, backend: Backend): Promise<OutputFile[]> {
  const { code, weights, ir } = compiled;
  const folder = resolve(flags.outDir ?? '.', named?.folder ?? '.');
  const extension = named?.extension ?? (flags.js ? '.mjs' : '.ts');
  const path = (behind: string) => join(folder, `${compiled.name}${behind}`);
  const module = join(folder, `${named?.name ?? compiled.name}${extension}`);
  const files: OutputFile[] = [];
  if (flags.js) {
    const { code: script, declarations } = await javascript(compiled);
    files.push({ path: module, content: script });
    files.push({ path: module.replace(/\.(m?)js$/, '.d.$1ts'), content: declarations });
  } else files.push({ path: module, content: code });
  if (weights !== null && flags.weights !== 'inline') files.push({ path: path('.safetensors'), content: weights });
  if (flags.emitIr) files.push({ path: path('.ir'), content: ir });
  const registration = emitBackend(compiled.analysis.program, backend, compiled.analysis.evaluation.heads.length > 0);
  if (registration !== null) files.push({ path: path(`.backend${extension}`), content: registration });
  return files;
}

async function javascript({ code }: Compiled): Promise<{ readonly code: string; readonly declarations: string }> {
  const { toDeclarations, toJavaScript } = await import('../emit/javascript.ts');
  return { code: toJavaScript(code), declarations: toDeclarations(code) };
}

/** Says which files are not what would be written; their number decides the exit status. */
function reportStale(files: readonly OutputFile[], flags: CompileFlags): number {
  const stale = staleFiles(files).map(shownPath);
  if (flags.json) process.stdout.write(`${JSON.stringify({ stale }, null, 2)}\n`);
  if (!flags.quiet) {
    for (const path of stale) process.stderr.write(`stale: ${printable(path)}\n`);
    process.stderr.write(stale.length > 0 ? 'run the same command without --check to write it again\n' : 'up to date\n');
  }
  return stale.length > 0 ? 1 : 0;
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
