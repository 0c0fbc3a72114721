import { type AnalyseOptions, analyseModel, hoistOf, rewriteWith, slug } from './analyse.ts';
import { isPublic, type Program, valuesOf } from './ir/program.ts';
import { bytes, type TensorType } from './ir/types.ts';
import { layersWith } from './layers/index.ts';
import { lower } from './lower/lower.ts';
import type { ModelGraph, ModelOutput, TensorId } from './model/graph.ts';
import { readNested } from './read/nested.ts';
import type { ModelSource, ReadModel } from './read/read.ts';
import { givenWeights } from './read/weights/given.ts';
import type { WeightIndex } from './read/weights/index.ts';
import { costOfProgram } from './report/cost.ts';
import { modelGraph, type UnloweredHash } from './report/diff/from-model.ts';
import { programGraph } from './report/diff/from-program.ts';
import type { DiffGraph, Settings } from './report/diff/graph.ts';
import type { ModuleInterface, Port } from './report/diff/interface.ts';
import type { Diff } from './report/diff/schema.ts';
import { flat } from './report/diff/settings.ts';
import type { Side } from './report/diff/side.ts';
import { uncountedLayers } from './report/inspect.ts';
import { select } from './select/select.ts';
import { withHashes } from './weight-hashes.ts';

export type DiffOptions = Pick<AnalyseOptions, 'outputs' | 'inputs' | 'skip' | 'hoist' | 'plugins'>;

/** A model that has been read, or a program out of a dump. */
export type Compared = { readonly file: string } & (
  | { readonly model: ReadModel; readonly weightsFrom?: ModelSource | undefined }
  | { readonly program: Program }
);

/** A side before it is known whether the values of its weights are to be compared. */
export interface Draft extends Omit<Side, 'graph'> {
  readonly weights: Program['weights'];
  /** Where values lie; null where they are not at hand. */
  readonly index: WeightIndex | null;
  /** Layers that were not lowered. */
  readonly unlowered: ReadonlySet<string>;
  /** @param others weights of those layers */
  readonly graph: (hashes: ReadonlyMap<string, string>, others: readonly UnloweredHash[]) => DiffGraph;
}

/**
 * A side as it is compared.
 * @param other the other side: where that is a dump, a model is lowered as it was
 * @throws SkipcError where a name of the selection is wrong; op by op, also where a layer cannot be compiled
 */
export async function drafted(side: Compared, other: Compared, unit: Diff['unit'], options: DiffOptions): Promise<Draft> {
  if ('program' in side)
    return ofProgram(side.program, { file: side.file, is: 'dump', name: side.program.model, hash: null, writer: null, version: null });
  const { model, weightsFrom, file } = side;
  const index = weightsFrom === undefined ? model.weights : await givenWeights(weightsFrom, model);
  const { name, origin } = model.graph;
  const about = {
    file,
    is: 'model' as const,
    name,
    hash: model.hash,
    writer: origin.writer === 'keras' ? `Keras ${origin.keras}` : origin.writer,
    version: origin.version,
  };
  if (unit === 'layer') return { ...ofLayers(model, options), about, index, compiled: compiledWith(model) };
  const chosen = 'program' in other ? { ...selectionOf(other.program, model.graph), ...stated(options) } : options;
  const { program } = analyseModel(model, chosen);
  return { ...ofProgram(program, about), index, compiled: compiledWith(model) };
}

const stated = ({ outputs = [], inputs = [], skip = [], hoist, plugins }: DiffOptions): DiffOptions => ({
  ...(outputs.length > 0 ? { outputs } : {}),
  ...(inputs.length > 0 ? { inputs } : {}),
  ...(hoist === undefined ? {} : { hoist }),
  skip,
  plugins,
});

/** What a dump was made of its model with, as far as it shows. */
function selectionOf(dump: Program, model: ModelGraph): DiffOptions {
  const { inputs, outputs } = dump;
  const states = new Set(inputs.filter(({ fill }) => fill === 0).map(({ key }) => key));
  const own = new Set(model.inputs.map(({ key }) => key));
  const keys = outputs.filter((output) => isPublic(output) && !states.has(output.key)).map(({ key }) => key);
  const all = model.outputs.map(({ key }) => key);
  return {
    outputs: keys.join('\n') === all.join('\n') ? [] : keys,
    inputs: inputs.filter(({ key, fill }) => fill === undefined && !own.has(key)).map(({ key }) => key),
    hoist: hoistOfDump(dump, model, keys.length),
  };
}

/** The tensors at which a dump is cut, where the model has those; else the rule by which skipc would cut. */
function hoistOfDump({ inputs, features, weights }: Program, model: ModelGraph, outputs: number): string | readonly string[] {
  if (features === null) return 'none';
  const given = new Set(inputs.map(({ key }) => key));
  const layers = new Set(model.calls.map(({ layer }) => layer.path));
  const names = features.filter(({ key, fill }) => fill === undefined && !given.has(key)).map(({ key }) => key);
  if (names.length > 0 && names.every((name) => layers.has(name))) return names;
  return weights.some(({ frozen }) => frozen) || outputs < 2 ? 'auto' : 'shared';
}

function ofProgram(program: Program, about: Diff['a']): Draft {
  return {
    about,
    weights: program.weights,
    index: null,
    interface: interfaceOf(program),
    cost: costOf(program, 0),
    compiled: null,
    unlowered: new Set(),
    graph: (hashes) => programGraph(withHashes(program, hashes)),
  };
}

function ofLayers(model: ReadModel, options: DiffOptions): Omit<Draft, 'about' | 'index' | 'compiled'> {
  const rows = layersWith(options.plugins ?? []);
  const whole = lower(model.graph, 'whole', rows, { tolerant: true, readNested });
  const { hoist, names } = hoistOf(options.hoist);
  const selection = { outputs: options.outputs ?? [], inputs: options.inputs ?? [], skip: options.skip ?? [] };
  const { graph, cuts } = select(model.graph, selection, names, whole.types, whole.masks);
  const isWhole = cuts.length === 0 && graph.calls.length === model.graph.calls.length && selection.inputs.length === 0;
  const lowered = isWhole ? whole : lower(graph, slug(graph.outputs.map(({ key }) => key)), rows, { cuts, tolerant: true, readNested });
  const unlowered = uncountedLayers(graph, lowered.types);
  const program = rewriteWith(lowered.program, hoist, {}).runs.at(-1)?.program ?? lowered.program;
  return {
    weights: lowered.program.weights,
    interface: withUnknown(interfaceOf(program), graph, lowered.types),
    cost: costOf(program, unlowered.size),
    unlowered,
    graph: (hashes, others) => modelGraph({ graph, lowered, rows, hashes, others }),
  };
}

const costOf = (program: Program, uncounted: number): Side['cost'] => {
  const { parameters, flops, peakBytes } = costOfProgram(program);
  const weightBytes = program.weights.reduce((sum, { type }) => sum + bytes(type), 0);
  return { parameters, weightBytes, flops: flops.prefix + flops.suffix, peakBytes: peakBytes.predict, uncounted };
};

function interfaceOf(program: Program): ModuleInterface {
  const values = valuesOf(program);
  const port = ({ key, value, fill }: { key: string; value: string; fill?: number }): Port => ({
    key,
    type: values.get(value)?.type ?? null,
    isOptional: fill !== undefined,
  });
  return {
    inputs: program.inputs.map(({ name, ...input }) => port({ ...input, value: name })),
    features: (program.features ?? []).map(port),
    outputs: program.outputs.filter(isPublic).map(port),
  };
}

/** With the outputs and inputs that are there behind and before layers that skipc cannot compile. */
function withUnknown(
  { inputs, features, outputs }: ModuleInterface,
  graph: ModelGraph,
  types: ReadonlyMap<TensorId, TensorType>,
): ModuleInterface {
  const beside = (known: readonly Port[], all: readonly ModelOutput[]): readonly Port[] => {
    const ports = new Map(known.map((port) => [port.key, port]));
    const left = all.map(({ key, tensor }) => ports.get(key) ?? { key, type: types.get(tensor) ?? null, isOptional: false });
    const keys = new Set(left.map(({ key }) => key));
    return [...left, ...known.filter(({ key }) => !keys.has(key))];
  };
  const isWhole = graph.outputs.length === outputs.filter(({ key }) => graph.outputs.some((output) => output.key === key)).length;
  const given = graph.inputs.filter(({ maskOf, fill }) => maskOf === undefined && fill === undefined);
  return { inputs: isWhole ? inputs : beside(inputs, given), features, outputs: beside(outputs, graph.outputs) };
}

function compiledWith({ training }: ReadModel): Settings | null {
  if (training === null) return null;
  const { loss, lossWeights, metrics, weightedMetrics } = training;
  return new Map(Object.entries({ loss, lossWeights, metrics, weightedMetrics }).flatMap(([key, value]) => flat(key, value)));
}
