import { join } from 'node:path';
import type { Compiled } from '../compile.ts';
import { emitBackend } from '../emit/backend.ts';
import type { Backend } from '../rewrite/backends.ts';
import type { OutputFile } from './files.ts';

/** A module's file, where it is not called after the program. */
export interface ModulePath {
  readonly name: string;
  readonly extension: string;
}

export interface ModuleFilesOptions {
  readonly folder: string;
  readonly named?: ModulePath | null | undefined;
  readonly backend: Backend;
  readonly js?: boolean | undefined;
  readonly emitIr?: boolean | undefined;
  /** The weight file of the program; null where it has none of its own. */
  readonly weightFile: string | null;
}

/** What is written of a program: the module, its weights, and what else was asked for. */
export async function filesOf(compiled: Compiled, options: ModuleFilesOptions): Promise<OutputFile[]> {
  const { folder, named, backend, js, emitIr, weightFile } = options;
  const { code, weights, ir } = compiled;
  const extension = named?.extension ?? (js ? '.mjs' : '.ts');
  const path = (behind: string) => join(folder, `${compiled.name}${behind}`);
  const module = join(folder, `${named?.name ?? compiled.name}${extension}`);
  const files: OutputFile[] = [];
  if (js) {
    const { code: script, declarations } = await javascript(compiled);
    files.push({ path: module, content: script });
    files.push({ path: module.replace(/\.(m?)js$/, '.d.$1ts'), content: declarations });
  } else files.push({ path: module, content: code });
  if (weights !== null && weightFile !== null) files.push({ path: join(folder, weightFile), content: weights });
  if (emitIr) files.push({ path: path('.ir'), content: ir });
  const registration = emitBackend(compiled.analysis.program, backend, compiled.analysis.evaluation.heads.length > 0);
  if (registration !== null) files.push({ path: path(`.backend${extension}`), content: registration });
  return files;
}

export async function javascript({ code }: Compiled): Promise<{ readonly code: string; readonly declarations: string }> {
  const { toDeclarations, toJavaScript } = await import('../emit/javascript.ts');
  return { code: toJavaScript(code), declarations: toDeclarations(code) };
}
