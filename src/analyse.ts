import { diagnostic, fail, type SkipcError } from './diagnostics/error.ts';
import { type EvaluationPlan, planEvaluation } from './evaluate/plan.ts';
import { isPublic, PENALTY, type Program } from './ir/program.ts';
import type { TensorType } from './ir/types.ts';
import { layersWith } from './layers/index.ts';
import type { LayerRow } from './layers/row.ts';
import type { Evaluated } from './lower/evaluated.ts';
import { lower } from './lower/lower.ts';
import type { CallId, ModelGraph, Origin, TensorId } from './model/graph.ts';
import { readNested } from './read/nested.ts';
import { type ModelSource, type ReadModel, readModel } from './read/read.ts';
import { costOfProgram } from './report/cost.ts';
import { goodCuts } from './report/cuts.ts';
import { type Inspection, inspect, uncountedLayers } from './report/inspect.ts';
import type { Backend } from './rewrite/backends.ts';
import type { Hoist } from './rewrite/hoist.ts';
import { optimisations, type Run, rewrite } from './rewrite/pipeline.ts';
import { select } from './select/select.ts';
import type { Selection } from './select/selection.ts';

export interface AnalyseOptions extends Partial<Selection> {
  /** What the program is called; by default, its outputs' names. */
  readonly name?: string | undefined;
  /** Rows of layers that skipc does not have, or that are to be computed otherwise: they come before the built-in ones. */
  readonly plugins?: readonly LayerRow[] | undefined;
  /** What the program is written for, and whose import the module carries; `core`, the default, carries none and runs on any. */
  readonly backend?: Backend | undefined;
  /**
   * What `evaluate` measures the outputs by, in place of what the model was compiled with: a name, a serialised loss, or these in a list or
   * an object by output, as Keras's `compile` takes them. `null` for none.
   */
  readonly loss?: unknown;
  /** The metrics that it reports, likewise. */
  readonly metrics?: unknown;
  /** Passes to leave out, to see what each is for. */
  readonly skipPasses?: readonly string[];
  /** Verify the program after every pass, not only after the last. */
  readonly checkPasses?: boolean;
  /** Note what is rewritten and what is refused, for `explain`. */
  readonly explain?: boolean | undefined;
}

/** A model up to, but not including, the emission of code: all that needs no weights. */
export interface Analysis {
  readonly model: ReadModel;
  readonly selected: ModelGraph;
  /** What `evaluate` is to compute, and what it cannot. */
  readonly evaluation: EvaluationPlan;
  /** Calls that `--skip` makes the identity. */
  readonly skipped: ReadonlySet<CallId>;
  /** Where the prefix was asked to end, or by which rule skipc chose. */
  readonly hoist: Hoist;
  /** Keys of the tensors that `--hoist` names. */
  readonly cuts: readonly string[];
  /** The program of all outputs of the model, as far as skipc knows its layers. */
  readonly whole: Program;
  /** Layers that `whole` lacks, as skipc cannot compile them or what is before them. */
  readonly uncounted: number;
  /** What ops say they come from, where that is not the path of their layer. */
  readonly sources: ReadonlyMap<string, string>;
  /** The type of each tensor of the model, as far as skipc knows its layers. */
  readonly types: ReadonlyMap<TensorId, TensorType>;
  /** The program as it was lowered. */
  readonly lowered: Program;
  /** The value of `lowered` that each tensor of `selected` is. */
  readonly values: ReadonlyMap<TensorId, string>;
  /** The program after each pass. */
  readonly runs: readonly Run[];
  /** The program after the last pass. */
  readonly program: Program;
  readonly warnings: readonly SkipcError[];
}

/**
 * Reads a model, selects what was chosen of it, and rewrites that.
 * @throws SkipcError where the model cannot be read, a name is wrong, or a live layer cannot be compiled
 */
export async function analyse(source: ModelSource, options: AnalyseOptions = {}): Promise<Analysis> {
  return analyseModel(await readModel(source), options);
}

/** As `analyse`, of a model that has been read; it can be analysed again. */
export function analyseModel(model: ReadModel, options: AnalyseOptions = {}): Analysis {
  const rows = layersWith(options.plugins ?? []);
  const whole = lower(model.graph, 'whole', rows, { tolerant: true, readNested });
  const { hoist, names } = hoistOf(options.hoist);
  const selection = { outputs: options.outputs ?? [], inputs: options.inputs ?? [], skip: options.skip ?? [] };
  const { graph, cuts, skipped, warnings } = select(model.graph, selection, names, whole.types, whole.masks);
  const name = options.name === undefined ? slug(graph.outputs.map(({ key }) => key)) : fileName(options.name);
  const planned = planEvaluation(model.graph, graph.outputs, model.training, options, (tensor) => whole.masks.ranks.has(tensor));
  const isWhole = [selection.outputs, selection.inputs, selection.skip].every((names) => names.length === 0);
  // Keras runs all of a model that is inside another, and adds what its layers add to the loss.
  const isRunWhole = isWhole && planned.isTotal && model.graph.origin.writer === 'keras' && whole.regularized.length > 0;
  const run = isRunWhole ? select(model.graph, selection, names, whole.types, whole.masks, whole.regularized).graph : graph;
  const {
    program: lowered,
    values,
    sources,
    states,
    unknownRegularizers,
  } = lower(run, name, rows, {
    cuts,
    readNested,
    evaluated: readByEvaluation(planned, model.graph.origin),
  });
  const { runs, hoist: used } = rewriteWith(lowered, hoist, options);
  const program = runs.at(-1)?.program ?? lowered;
  return {
    model,
    selected: run,
    evaluation: withPenalties(planned, lowered, unknownRegularizers),
    skipped,
    hoist: used,
    cuts: cuts.map(({ key }) => key),
    uncounted: uncountedLayers(model.graph, whole.types).size,
    whole: rewrite(whole.program, { hoist: 'none' }, { skip: optimisations }).at(-1)?.program ?? whole.program,
    sources: new Map([...whole.sources, ...sources]),
    types: whole.types,
    lowered,
    values,
    runs,
    program,
    warnings: [...model.warnings, ...warnings, ...(states.length > 0 ? [diagnostic('layer-stateful', { states })] : [])],
  };
}

/** What else of the program `evaluate` reads. Of a model that tfjs-layers wrote it is the outputs alone, as there. */
function readByEvaluation({ heads, isTotal }: EvaluationPlan, { writer }: Origin): Evaluated | undefined {
  if (heads.length === 0) return undefined;
  const fromLogits = heads.filter(({ loss, metrics, weightedMetrics }) =>
    [loss, ...metrics, ...weightedMetrics].some((each) => (each?.logits ?? null) !== null),
  );
  return {
    outputs: new Set(heads.map(({ key }) => key)),
    fromLogits: new Set(writer === 'keras' ? fromLogits.map(({ key }) => key) : []),
    penalties: isTotal && writer === 'keras',
    masks: writer === 'keras',
  };
}

const PENALTIES: ReadonlySet<string> = new Set(Object.values(PENALTY));

/** The sum of the losses is none where a regularizer is not known, or where there is nothing to sum. */
function withPenalties(plan: EvaluationPlan, { outputs }: Program, unknown: readonly string[]): EvaluationPlan {
  const isNothing =
    plan.heads.every(({ loss }) => loss === null) && !outputs.some((output) => !isPublic(output) && PENALTIES.has(output.key));
  if (unknown.length === 0) return isNothing ? { ...plan, isTotal: false } : plan;
  const heads = plan.heads.map((head) => (head.loss === null ? head : { ...head, loss: { ...head.loss, name: `${head.key}_loss` } }));
  return { heads, isTotal: false, omitted: [...plan.omitted, diagnostic('regularizer-unknown', { layers: unknown })] };
}

/** A prefix that nobody asked for must save this part of all FLOPs to be worth two functions. */
const WORTH_HOISTING = 0.01;

/**
 * The pipeline over a lowered program, cut as was asked for, else where that saves enough.
 * @throws SkipcError `hoist-nothing-frozen`
 */
export function rewriteWith(
  program: Program,
  hoist: Hoist | undefined,
  options: AnalyseOptions,
): { readonly runs: readonly Run[]; readonly hoist: Hoist } {
  const passes = { skip: options.skipPasses ?? [], check: options.checkPasses ?? false, explain: options.explain ?? false };
  const { backend } = options;
  const isFrozen = program.weights.some(({ frozen }) => frozen);
  if (hoist === 'auto' && !isFrozen) {
    const uncut = rewrite(program, { hoist: 'none' }, { skip: optimisations }).at(-1)?.program ?? program;
    fail('hoist-nothing-frozen', { cuts: goodCuts(uncut).map(({ name }) => name) });
  }
  const first = hoist ?? (isFrozen ? 'auto' : 'none');
  const runs = rewrite(program, { hoist: first, backend }, passes);
  const result = runs.at(-1)?.program ?? program;
  if (hoist !== undefined || result.features === null || isWorthHoisting(result)) return { runs, hoist: first };
  return { runs: rewrite(program, { hoist: 'none', backend }, passes), hoist: 'none' };
}

/** True for a program whose prefix saves enough to be cut unasked. */
export function isWorthHoisting(staged: Program): boolean {
  const { flops } = costOfProgram(staged);
  // Where all is frozen there is nothing left to evaluate: that is no cut, but a model saved for inference.
  return flops.suffix > 0 && flops.prefix > (flops.prefix + flops.suffix) * WORTH_HOISTING;
}

const WORDS: ReadonlySet<string> = new Set(['auto', 'shared', 'none']);

/** Where to cut, told apart from the names of tensors. */
export function hoistOf(given: string | readonly string[] | undefined): {
  readonly hoist: Hoist | undefined;
  readonly names: readonly string[];
} {
  const texts = given === undefined ? [] : [given].flat();
  const [first] = texts;
  if (first === undefined) return { hoist: undefined, names: [] };
  if (!texts.some((text) => WORDS.has(text))) return { hoist: 'cuts', names: texts };
  if (texts.length > 1) fail('hoist-mixed', { given: texts });
  return { hoist: first as Hoist, names: [] };
}

const LONGEST_FILE_NAME = 100;

/**
 * A name under which files can stand in one folder: it must not lead out of that.
 * @throws SkipcError `name-invalid`
 */
export function fileName(name: string): string {
  const leaves = /[/\\\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(name) || name === '' || /^\.+$/.test(name);
  return leaves || Buffer.byteLength(name) > LONGEST_FILE_NAME ? fail('name-invalid', { name }) : name;
}

const LONGEST_NAME = 60;

/** A file name out of other names, such as those of outputs. */
export function slug(keys: readonly string[]): string {
  const words = keys.map((key) => key.replace(/[^A-Za-z0-9_]+/g, '-').replace(/^-+|-+$/g, '')).filter((word) => word !== '');
  return words.join('-').slice(0, LONGEST_NAME) || 'model';
}

/**
 * What is in a model; nothing of it has to be compilable.
 * @throws SkipcError where the file is no model
 */
export async function inspectModel(
  source: ModelSource,
  plugins: readonly LayerRow[] = [],
): Promise<{ readonly inspection: Inspection; readonly warnings: readonly SkipcError[] }> {
  const { graph, weights, hash, warnings } = await readModel(source);
  const { program, types, sources, failures } = lower(graph, 'whole', layersWith(plugins), { tolerant: true, readNested });
  const staged = rewrite(program, { hoist: 'auto' }, { skip: optimisations }).at(-1)?.program ?? program;
  const frozen =
    program.weights.some(({ frozen }) => frozen) && staged.features !== null && costOfProgram(staged).flops.prefix > 0 ? staged : null;
  const inspection = inspect({ graph, hash, weightBytes: weights?.totalBytes ?? null, types, sources, failures, whole: program, frozen });
  return { inspection, warnings };
}
