import { basename, extname, join, resolve } from 'node:path';
import { type Compiled, compile } from '../compile.ts';
import { fail } from '../diagnostics/error.ts';
import { type Backend, backends, emitBackend } from '../emit/backend.ts';
import { byteCount } from '../report/format.ts';
import { type OutputFile, shownPath, staleFiles, writeFiles } from './files.ts';
import { type SelectionOptions, selectionArguments, selectionOf } from './selection.ts';
import { summaryText, warningText } from './summary.ts';

export interface CompileFlags extends SelectionOptions {
  readonly out?: string;
  readonly outDir?: string;
  readonly backend?: string;
  readonly weights?: string;
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
  const name = flags.name ?? (flags.out === undefined || toStdout ? undefined : basename(flags.out).replace(/\.(d\.)?[cm]?[jt]s$/, ''));
  const weights = flags.weights === 'inline' || flags.weights === 'none' ? flags.weights : toStdout ? 'none' : 'file';
  const weightsFrom = flags.weights === undefined || flags.weights === weights ? undefined : flags.weights;
  const compiled = await compile(model, { ...selectionOf(flags), name, backend, weights, weightsFrom, command: commandLine(model, flags) });
  const { summary } = compiled;

  if (toStdout) {
    for (const warning of summary.warnings) process.stderr.write(warningText(warning));
    process.stdout.write(flags.js ? (await javascript(compiled)).code : compiled.code);
    return 0;
  }
  const files = await filesOf(compiled, flags, backend);
  if (flags.check) return reportStale(staleFiles(files));
  writeFiles(files, flags.force ?? false);
  if (flags.json) process.stdout.write(`${JSON.stringify({ ...summary, files: files.map(({ path }) => shownPath(path)) }, null, 2)}\n`);
  if (!flags.quiet) {
    const written = files.map(({ path, content }) => `${shownPath(path)} (${byteCount(Buffer.byteLength(content))})`);
    process.stderr.write(`${summaryText(summary)}\nwrote ${written.join(', ')}\n`);
  }
  return 0;
}

function backendOf(given: string = 'core'): Backend {
  return backends.find((backend) => backend === given) ?? fail('backend-unknown', { given, backends });
}

async function filesOf(compiled: Compiled, flags: CompileFlags, backend: Backend): Promise<OutputFile[]> {
  const { name, code, weights, ir } = compiled;
  const directory = resolve(flags.outDir ?? '.');
  const path = (extension: string) => join(directory, `${name}${extension}`);
  const files: OutputFile[] = [];
  if (flags.js) {
    const { code: script, declarations } = await javascript(compiled);
    files.push({ path: modulePath(flags, path('.mjs')), content: script });
    files.push({ path: modulePath(flags, path('.mjs')).replace(/\.[cm]?js$/, '.d.mts'), content: declarations });
  } else files.push({ path: modulePath(flags, path('.ts')), content: code });
  const beside = join(modulePath(flags, path('.ts')), '..');
  if (weights !== null && flags.weights !== 'inline') files.push({ path: join(beside, `${name}.safetensors`), content: weights });
  if (flags.emitIr) files.push({ path: join(beside, `${name}.ir`), content: ir });
  const registration = emitBackend(compiled.analysis.program, backend);
  if (registration !== null) files.push({ path: join(beside, `${name}.backend.${flags.js ? 'mjs' : 'ts'}`), content: registration });
  return files;
}

function modulePath(flags: CompileFlags, otherwise: string): string {
  if (flags.out === undefined) return otherwise;
  const path = resolve(flags.outDir ?? '.', flags.out);
  return extname(path) === '' ? `${path}${extname(otherwise)}` : path;
}

async function javascript({ code }: Compiled): Promise<{ readonly code: string; readonly declarations: string }> {
  const { toDeclarations, toJavaScript } = await import('../emit/javascript.ts');
  return { code: toJavaScript(code), declarations: toDeclarations(code) };
}

function reportStale(stale: readonly string[]): number {
  for (const path of stale) process.stderr.write(`stale: ${shownPath(path)}\n`);
  return stale.length > 0 ? 1 : 0;
}

const PLAIN_ARGUMENT = /^[A-Za-z0-9_@%+=:,./#-]+$/;
const quoted = (argument: string): string => (PLAIN_ARGUMENT.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`);

/** The command that makes this module, for its banner. */
function commandLine(model: string, flags: CompileFlags): string {
  const source = model === '-' || /^[a-z][a-z0-9+.-]+:\/\//i.test(model) ? model : shownPath(resolve(model));
  const value = (flag: string, given: string | undefined) => (given === undefined ? [] : [flag, given]);
  const args = [
    ...selectionArguments(flags),
    ...value('--backend', flags.backend),
    ...value('--weights', flags.weights),
    ...(flags.js ? ['--js'] : []),
  ];
  return ['skipc', 'compile', source, ...args].map(quoted).join(' ');
}
