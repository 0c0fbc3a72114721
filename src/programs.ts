import { fileName, slug } from './analyse.ts';
import { type Compiled, type CompileOptions, type Draft, draftOf, finish, weightFile, weightsFor } from './compile.ts';
import { fail, type Location, locate, SkipcError } from './diagnostics/error.ts';
import { type StoredWeight, writeSafetensors } from './emit/safetensors.ts';
import { withJointCuts } from './joint-cuts.ts';
import { type ModelSource, type ReadModel, readModel } from './read/read.ts';
import type { WeightIndex } from './read/weights/index.ts';

/** What programs of one model have in common. */
export interface ProgramsOptions
  extends Pick<CompileOptions, 'plugins' | 'backend' | 'weights' | 'bake' | 'weightsFrom' | 'command' | 'explain'> {
  /** False where each program has a weight file of its own; else the name of the one that they share, by default the model's. */
  readonly shared?: boolean | string | undefined;
  /** Where a program stands that an error is about. */
  readonly at?: (program: number) => Location;
}

/** What differs between them. */
export type ProgramOptions = Pick<CompileOptions, 'name' | 'outputs' | 'inputs' | 'skip' | 'hoist' | 'loss' | 'metrics'>;

export interface CompiledPrograms {
  readonly programs: readonly Compiled[];
  /** The weight file of them all, which lies beside the modules; null where each has its own, or none. */
  readonly weights: { readonly name: string; readonly file: Uint8Array } | null;
}

/**
 * Compiles several programs of a model, which is read once. They share a cut that skipc chooses, and a weight file.
 * @throws SkipcError as `compile`
 */
export async function compilePrograms(
  source: ModelSource,
  programs: readonly ProgramOptions[],
  options: ProgramsOptions = {},
): Promise<CompiledPrograms> {
  const { shared = true, at = () => ({}), ...common } = options;
  const model = await readModel(source);
  const index = readOnce(await weightsFor(model, common.weightsFrom));
  const sharedFile = shared === false || common.bake || (common.weights ?? 'file') !== 'file' ? undefined : fileOf(shared, model);
  const all = withJointCuts(
    model,
    programs.map((program) => ({ ...common, ...program })),
    (i, work) => locate(at(i), work),
  );
  const drafts: Draft[] = [];
  for (const [i, program] of all.entries()) {
    drafts.push(await draftOf(model, index, program, sharedFile).catch((error: unknown) => placed(error, at(i))));
  }
  if (sharedFile === undefined) return { programs: drafts.map((draft) => finish(draft, weightFile(draft))), weights: null };
  const file = drafts.every(({ live }) => live === null) ? null : jointFile(drafts);
  return {
    programs: drafts.map((draft) => finish(draft, draft.live === null ? null : file)),
    weights: file && { name: sharedFile, file },
  };
}

const EXTENSION = '.safetensors';

function fileOf(shared: string | true, model: ReadModel): string {
  const name = shared === true ? slug([model.graph.name]) : fileName(shared);
  return name.endsWith(EXTENSION) ? name : name + EXTENSION;
}

/** An error that says neither where in the model nor in which file it is comes from what was asked for. */
function placed(error: unknown, at: Location): never {
  if (!(error instanceof SkipcError) || Object.values(error.location).some((known) => known !== undefined)) throw error;
  return locate(at, () => {
    throw error;
  });
}

/** The index of weights of which each is read once, whatever many programs need it. */
function readOnce(index: WeightIndex | null): WeightIndex | null {
  if (index === null) return null;
  const entries = index.entries.map((entry) => {
    let bytes: Promise<Uint8Array> | undefined;
    const read = (): Promise<Uint8Array> => {
      bytes ??= entry.read();
      return bytes;
    };
    return { ...entry, read };
  });
  return { ...index, entries };
}

/**
 * A weight file with every variable that some program needs, once.
 * @throws SkipcError `weights-mismatch` where a variable is not the same for all
 */
export function jointFile(drafts: readonly Pick<Draft, 'live' | 'programHash'>[]): Uint8Array<ArrayBuffer> {
  const weights = new Map<string, StoredWeight>();
  for (const weight of drafts.flatMap(({ live }) => live ?? [])) {
    const other = weights.get(weight.name);
    // The same name may be found in different places of a file by programs that need more or less of it.
    if (other !== undefined && !isSame(weight, other)) {
      fail('weights-mismatch', { what: `${JSON.stringify(weight.name)} is another weight of the file for one program than for another` });
    }
    weights.set(weight.name, weight);
  }
  const programs = drafts.map(({ programHash }) => programHash).join(' ');
  return writeSafetensors([...weights.values()], { format: 'skipc', programs, stage: 'raw' });
}

const isSame = (a: StoredWeight, b: StoredWeight): boolean =>
  a.dtype === b.dtype &&
  a.stored.dtype === b.stored.dtype &&
  a.stored.scale === b.stored.scale &&
  a.stored.min === b.stored.min &&
  a.shape.join() === b.shape.join() &&
  (a.bytes === b.bytes || Buffer.compare(a.bytes, b.bytes) === 0);
