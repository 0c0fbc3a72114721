import { basename } from 'node:path';
import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import { type AnalyseOptions, analyseModel } from '../analyse.ts';
import { type Compiled, draftOf, finish, weightFile } from '../compile.ts';
import { fail } from '../diagnostics/error.ts';
import type { StoredWeight } from '../emit/safetensors.ts';
import type { ReadModel, WeightIndex } from '../read/read.ts';
import { type Backend, backends } from '../rewrite/backends.ts';
import { version } from '../version.ts';
import { infoIn, type ModuleFile, readModuleFile } from './module-file.ts';
import { rewritings } from './passes.ts';
import { openSide, type Side } from './side.ts';

/** The modules that are compared. */
export interface Subjects {
  readonly compiled: Compiled;
  /** The backend that it is written for. */
  readonly backend: Backend;
  readonly live: readonly StoredWeight[];
  /** What is verified. */
  readonly subject: Side;
  /** Where that is a file: what is compiled for this, and should be the same. */
  readonly fresh: Side | null;
  readonly file: ModuleFile | null;
  /** The same program without any rewriting. */
  readonly plain: Side;
}

/** A side with the weights it has loaded. */
export interface Loaded {
  readonly side: Side;
  weights: NamedTensorMap;
}

/** @throws SkipcError as `compile`, `verify-module-other`, `verify-module-unreadable`, `verify-weights-unreadable` */
export async function openSubjects(
  model: ReadModel,
  index: WeightIndex | null,
  options: AnalyseOptions,
  path: string | undefined,
): Promise<Subjects> {
  const file = path === undefined ? null : readModuleFile(path);
  const { compiled, live, backend } = await compiledFor(model, index, options, file);
  const plainOptions: AnalyseOptions = { ...options, backend: undefined, hoist: 'none', name: compiled.name, skipPasses: rewritings };
  const plain = await compiledWith(model, index, plainOptions);
  const side = ({ code, weights, analysis, identifiers }: Compiled): Promise<Side> =>
    openSide({ code, weights, program: analysis.program, identifiers });
  const fresh = await side(compiled);
  const { analysis, identifiers } = compiled;
  const subject =
    file === null
      ? fresh
      : await openSide({ code: file.code, weights: file.weights ?? compiled.weights, program: analysis.program, identifiers });
  return { compiled, backend, live, subject, fresh: file === null ? null : fresh, file, plain: await side(plain.compiled) };
}

interface Compilation {
  readonly compiled: Compiled;
  readonly live: readonly StoredWeight[];
}

async function compiledWith(model: ReadModel, index: WeightIndex | null, options: AnalyseOptions): Promise<Compilation> {
  const draft = await draftOf(model, index, options);
  return { compiled: finish(draft, weightFile(draft)), live: draft.live ?? [] };
}

/** Compiles the model, for a module on disk as that was: for its backend, under its name. */
async function compiledFor(
  model: ReadModel,
  index: WeightIndex | null,
  options: AnalyseOptions,
  file: ModuleFile | null,
): Promise<Compilation & { readonly backend: Backend }> {
  if (file === null) return { ...(await compiledWith(model, index, options)), backend: options.backend ?? 'core' };
  const info = await infoOf(file);
  const other = (what: string): never => fail('verify-module-other', { path: file.path, what, command: file.command });
  if (info.model.hash !== model.hash) return other(`model, ${JSON.stringify(info.model.name)}`);
  if (info.skipc !== version) return other(`version of skipc, ${info.skipc}`);
  const stem = basename(file.path).replace(/\.[mc]?[jt]s$/, '');
  for (const name of options.name === undefined ? [undefined, stem] : [options.name]) {
    for (const backend of options.backend === undefined ? backends : [options.backend]) {
      const compilation = await compiledWith(model, index, { ...options, name, backend });
      if (compilation.compiled.summary.program.hash === info.program) return { ...compilation, backend };
    }
  }
  return other('selection');
}

/** What a module on disk says that it is. @throws SkipcError `verify-module-unreadable`, `verify-module-other` */
async function infoOf({ path, code, command }: ModuleFile) {
  let module: unknown;
  try {
    module = (await openSide({ code, weights: null, program: NOTHING, identifiers: new Map() })).module;
  } catch (error) {
    return fail('verify-module-unreadable', { path, why: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) });
  }
  return infoIn(module) ?? fail('verify-module-other', { path, what: 'program: it has no info that skipc wrote', command });
}

const NOTHING = { name: '', model: '', inputs: [], weights: [], ops: [], outputs: [], cuts: [], features: null };

/** What an analysis says of weights where the model has none. */
export const variablesOf = (model: ReadModel, options: AnalyseOptions) => analyseModel(model, options).lowered.weights;
