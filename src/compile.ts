import { createHash } from 'node:crypto';
import { type AnalyseOptions, type Analysis, analyseModel } from './analyse.ts';
import { type BakedWeight, bake } from './bake.ts';
import { fail } from './diagnostics/error.ts';
import { layoutHash, type Member, needed, unbakeable } from './emit/members.ts';
import { type PlannedModule, planModule } from './emit/module.ts';
import { prefixWeights } from './emit/preparation.ts';
import { type StoredWeight, writeSafetensors } from './emit/safetensors.ts';
import { liveWeights } from './emit/weights.ts';
import { instantiate } from './instantiate.ts';
import { print } from './ir/print.ts';
import type { Op, Program } from './ir/program.ts';
import { type ModelSource, type ReadModel, readModel } from './read/read.ts';
import { givenWeights } from './read/weights/given.ts';
import type { WeightIndex } from './read/weights/index.ts';
import { explain } from './report/explain.ts';
import { type Part, type Summary, summarise } from './report/summary.ts';
import { traitsOf } from './rewrite/backends.ts';
import { version } from './version.ts';

export interface CompileOptions extends AnalyseOptions {
  /** `file` beside the module (the default, where the model has weights), `inline` in it, or `none`. */
  readonly weights?: 'file' | 'inline' | 'none';
  /** Runs the load stage now: the weight file holds what it computes, which `load` then only reads. */
  readonly bake?: boolean | undefined;
  /** A model file to take the weights from, where the model itself has none or others are wanted. */
  readonly weightsFrom?: ModelSource | undefined;
  /** The command that stands in the banner. */
  readonly command?: string;
}

export interface Compiled {
  readonly name: string;
  /** The TypeScript module. */
  readonly code: string;
  /** Live weights as a safetensors file; null where the model came without weights, or they were not wanted. */
  readonly weights: Uint8Array | null;
  /** The program after the last pass, as text. */
  readonly ir: string;
  readonly summary: Summary;
  readonly analysis: Analysis;
  /** What the module calls each value of the program. */
  readonly identifiers: ReadonlyMap<string, string>;
  /** The module as it would be imported, in Node, without a file. */
  instantiate(): Promise<import('./instantiate.ts').Instance>;
}

/**
 * Compiles what was chosen of a model to a TypeScript module.
 * @param source a path or URL, parsed JSON, or tfjs `io.ModelArtifacts`
 * @throws SkipcError with a code, a hint and a location
 */
export async function compile(source: ModelSource, options: CompileOptions = {}): Promise<Compiled> {
  const model = await readModel(source);
  const draft = await draftOf(model, await weightsFor(model, options.weightsFrom), options);
  return finish(draft, weightFile(draft));
}

/** The weights of a model, or those that a file brings for it; none is read yet. */
export async function weightsFor(model: ReadModel, given: ModelSource | undefined): Promise<WeightIndex | null> {
  return given === undefined ? model.weights : givenWeights(given, model);
}

/** A module whose weight file is still to be written: several may share one. */
export interface Draft {
  readonly analysis: Analysis;
  readonly ir: string;
  readonly programHash: string;
  readonly summary: Summary;
  readonly module: PlannedModule;
  /** The weights as the model has them; null where none are to be written. */
  readonly live: readonly StoredWeight[] | null;
  /** What the load stage made of them, where it has run. */
  readonly baked: readonly BakedWeight[] | null;
  /** True where the module holds its weight file. */
  readonly isInline: boolean;
}

/**
 * All of a compilation but the weight file.
 * @param index where the weights lie
 * @param sharedFile the weight file beside the module, where it is not the module's own
 */
export async function draftOf(model: ReadModel, index: WeightIndex | null, options: CompileOptions, sharedFile?: string): Promise<Draft> {
  const analysis = analyseModel(model, options);
  const { program } = analysis;
  const ir = print(program);
  const programHash = hashOf(ir);

  const where = options.weights ?? 'file';
  const live = index === null || where === 'none' || program.weights.length === 0 ? null : await liveWeights(program, index);
  if (options.bake === true) checkBake(program, index, where);
  const baked = options.bake === true && live !== null ? await bake(program, live) : null;
  const kept = (baked ?? live ?? []).reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  const weightBytes: Part | null = index === null || where === 'none' ? null : { kept, of: index.totalBytes };
  const weightStage = live === null ? null : baked === null ? 'raw' : 'baked';

  const summary = summarise({
    ...analysis,
    written: analysis.runs.find(({ pass }) => pass === 'simplify')?.program ?? program,
    version,
    hash: model.hash,
    programHash,
    graph: model.graph,
    weightBytes,
    weightStage,
    prefixHash: prefixHash(program),
    explanations: options.explain === true ? explain({ ...analysis, graph: model.graph }) : undefined,
  });
  const module = planModule(program, {
    banner: banner(summary, options.command),
    info: infoOf(summary),
    weights:
      live === null
        ? { from: 'caller' }
        : where === 'inline'
          ? { from: 'inline' }
          : { from: 'file', name: sharedFile ?? `${program.name}.safetensors` },
    hash: programHash,
    prefixHash: summary.prefix?.hash,
    evaluation: analysis.evaluation.heads,
    isTotal: analysis.evaluation.isTotal,
    // Keras 3 on TensorFlow does not know the size of a batch where it would weigh these by it.
    countsBatches: model.graph.origin.keras >= 3 && analysis.evaluation.heads.some(({ loss }) => (loss?.name ?? null) !== null),
    backend: traitsOf(options.backend).import,
    classes: new Map(model.graph.calls.map(({ layer }) => [analysis.sources.get(layer.path) ?? layer.path, layer.className])),
  });
  return { analysis, ir, programHash, summary, module, live, baked, isInline: where === 'inline' };
}

/** The weight file of one module alone, as safetensors. */
export function weightFile({ programHash, module, live, baked }: Draft): Uint8Array<ArrayBuffer> | null {
  const metadata = { format: 'skipc', program: programHash };
  if (baked === null) return live && writeSafetensors(live, { ...metadata, stage: 'raw' });
  return writeSafetensors(named(baked, module.members), { ...metadata, stage: 'baked', layout: layoutHash(module.members) });
}

/** The module, with the file that its weights are in. */
export function finish({ analysis, ir, summary, module, isInline }: Draft, weights: Uint8Array | null): Compiled {
  const code = module.write(isInline && weights !== null ? weights : undefined);
  const { identifiers } = module;
  return { name: analysis.program.name, code, weights, ir, summary, analysis, identifiers, instantiate: () => instantiate(code, weights) };
}

/** A hash of the part of a program that gives features; undefined where there is none. */
function prefixHash(program: Program): string | undefined {
  if (program.features === null) return undefined;
  // With what is computed for it once: two programs may call by one name what they compute in different ways.
  // In an order of its own, for that of the load stage depends on all of the program.
  const loaded = needed(program, prefixWeights(program)).ops.toSorted(byResult);
  const ops = [...loaded, ...program.ops.filter(({ stage }) => stage === 'prefix')];
  const outputs = program.features.map(({ key, value }) => ({ key, value }));
  return hashOf(print({ ...program, name: '', model: '', weights: [], ops, outputs, features: null, cuts: [] }));
}

const byResult = (a: Op, b: Op): number => ((a.results[0]?.name ?? '') < (b.results[0]?.name ?? '') ? -1 : 1);

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** @throws SkipcError `bake-no-weights`, `bake-unsupported` */
function checkBake(program: Program, index: WeightIndex | null, where: CompileOptions['weights']): void {
  if (where === 'none') fail('bake-no-weights', { why: 'none are to be written' });
  if (index === null && program.weights.length > 0) fail('bake-no-weights', { why: 'the model comes without' });
  const why = unbakeable(program);
  if (why !== null) fail('bake-unsupported', { why });
}

/** Baked weights under the names that the module has for them. */
const named = (baked: readonly BakedWeight[], members: readonly Member[]): StoredWeight[] => {
  const names = new Map(members.map(({ value, name }) => [value, name]));
  return baked.map(({ value, ...weight }) => ({ ...weight, name: names.get(value) as string }));
};

function banner({ model, skipc }: Summary, command: string | undefined): readonly string[] {
  const lines = [`Generated by skipc ${skipc} from the model ${JSON.stringify(model.name)} (${model.hash}). Do not edit; compile again.`];
  return command === undefined ? lines : [...lines, `  ${command}`];
}

function infoOf({ skipc, model, program, inputs, features, outputs, layers, parameters, flops, uncounted }: Summary) {
  const tensors = (list: Summary['inputs']) => list.map(({ key, name, dtype, shape }) => ({ key, name, dtype, shape }));
  const cost = (of: 'kept' | 'of') => ({ layers: layers[of], parameters: parameters[of], flops: flops[of] });
  return {
    skipc,
    model: { name: model.name, hash: model.hash },
    program: program.hash,
    inputs: tensors(inputs),
    features: tensors(features),
    outputs: tensors(outputs),
    cost: { before: cost('of'), after: cost('kept'), uncounted },
  };
}
