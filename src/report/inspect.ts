import { isPublic, type Program } from '../ir/program.ts';
import type { Shape, TensorType } from '../ir/types.ts';
import { elements } from '../ir/types.ts';
import { type ModelGraph, splitTensor, type TensorId, tensorsOf } from '../model/graph.ts';
import { tfjsDType } from '../ops/elementwise/cast.ts';
import { eliminateDead } from '../rewrite/passes/eliminate-dead.ts';
import { optimisations, rewrite } from '../rewrite/pipeline.ts';
import { costOfProgram, flopsByLayer } from './cost.ts';
import { type Cut, goodCuts } from './cuts.ts';

export interface InspectedLayer {
  readonly path: string;
  readonly className: string;
  /** Of its first call's first tensor; null where skipc cannot tell. */
  readonly shape: Shape | null;
  readonly parameters: number;
  readonly flops: number;
  readonly trainable: boolean;
  /** Why skipc cannot compile it, where it cannot. */
  readonly unsupported: string | null;
}

export interface InspectedOutput {
  readonly key: string;
  readonly dtype: string | null;
  readonly shape: Shape | null;
  /** What it would cost alone; null where a layer it needs cannot be compiled. */
  readonly alone: { readonly layers: number; readonly parameters: number; readonly flops: number } | null;
}

/** What is in a model, and what of it could be left out. */
export interface Inspection {
  readonly model: { readonly name: string; readonly hash: string; readonly writer: string; readonly version: string | null };
  readonly inputs: readonly { readonly key: string; readonly dtype: string; readonly shape: readonly (number | null)[] }[];
  readonly outputs: readonly InspectedOutput[];
  readonly layers: readonly InspectedLayer[];
  readonly parameters: number;
  readonly flops: number;
  /** Layers that skipc cannot compile, or that stand behind such: what they cost is missing in the totals. */
  readonly uncounted: number;
  readonly weightBytes: number | null;
  /** Where the frozen part ends, where something is frozen. */
  readonly frozen: readonly Cut[];
  /** Where what all outputs need ends, where there are several and they share something. */
  readonly shared: readonly Cut[];
  readonly cuts: readonly Cut[];
}

export interface InspectParts {
  readonly graph: ModelGraph;
  readonly hash: string;
  readonly weightBytes: number | null;
  readonly types: ReadonlyMap<TensorId, TensorType>;
  /** What ops say they come from, where that is not the path of their layer. */
  readonly sources: ReadonlyMap<string, string>;
  readonly failures: ReadonlyMap<string, Error>;
  /** The program of the whole model, as far as it could be lowered. */
  readonly whole: Program;
  /** The features of the program that is cut where the frozen part ends, or null. */
  readonly frozen: Program | null;
}

export function inspect({ graph, hash, weightBytes, types, sources, failures, whole, frozen }: InspectParts): Inspection {
  const live = rewrite(whole, { hoist: 'none' }, { skip: optimisations }).at(-1)?.program ?? whole;
  const cost = costOfProgram(live);
  const flops = flopsByLayer(live);
  const parameters = new Map<string, number>();
  for (const { layer, type } of whole.weights) parameters.set(layer, (parameters.get(layer) ?? 0) + elements(type.shape));
  const firstCalls = new Map(graph.calls.toReversed().map((call) => [call.layer.path, call]));
  const layers = [...new Map(graph.calls.map((call) => [call.layer.path, call.layer])).values()];
  return {
    model: { name: graph.name, hash, writer: graph.origin.writer, version: graph.origin.version },
    inputs: graph.inputs.map(({ key, dtype, shape }) => ({ key, dtype, shape })),
    outputs: graph.outputs.map(({ key, tensor }) => inspectOutput(key, tensor, types.get(tensor), live, graph)),
    layers: layers.map(({ path, className, trainable }) => {
      const call = firstCalls.get(path);
      return {
        path,
        className,
        shape: types.get(`${call?.id}:0`)?.shape ?? null,
        parameters: parameters.get(path) ?? 0,
        flops: flops.get(sources.get(path) ?? path) ?? 0,
        trainable,
        unsupported: failures.get(call?.id ?? '')?.message ?? null,
      };
    }),
    parameters: cost.parameters,
    flops: cost.flops.suffix,
    uncounted: uncountedLayers(graph, types).size,
    weightBytes,
    frozen: frozen === null ? [] : cutOf(frozen),
    shared: sharedCut(whole),
    cuts: goodCuts(live),
  };
}

function inspectOutput(key: string, tensor: TensorId, type: TensorType | undefined, live: Program, graph: ModelGraph): InspectedOutput {
  const output = live.outputs.find((output) => output.key === key);
  if (output === undefined || type === undefined) return { key, dtype: null, shape: null, alone: null };
  const alone = eliminateDead.run({ ...live, outputs: [output] }, { hoist: 'none' });
  const { parameters, flops } = costOfProgram(alone);
  return {
    key,
    dtype: tfjsDType(type.dtype),
    shape: type.shape,
    alone: { layers: layersNeededBy(graph, tensor), parameters, flops: flops.suffix },
  };
}

function layersNeededBy(graph: ModelGraph, output: TensorId): number {
  const calls = new Map(graph.calls.map((call) => [call.id, call]));
  const layers = new Set<string>();
  const tensors = new Set([output]);
  for (const tensor of tensors) {
    const call = calls.get(splitTensor(tensor).call);
    if (call === undefined) continue;
    layers.add(call.layer.path);
    for (const needed of tensorsOf(call)) tensors.add(needed);
  }
  return layers.size;
}

/** Paths of the layers of which no tensor has a type. */
export function uncountedLayers(graph: ModelGraph, types: ReadonlyMap<TensorId, TensorType>): ReadonlySet<string> {
  return new Set(graph.calls.filter(({ id }) => !types.has(`${id}:0`)).map(({ layer }) => layer.path));
}

/** Where a program is cut, as one entry with the names of all its features. */
function cutOf(program: Program): readonly Cut[] {
  const { featureBytes, flops } = costOfProgram(program);
  const name = (program.features ?? []).map(({ key }) => key).join(', ');
  return [{ name, featureBytes: featureBytes ?? 0, flopsSaved: flops.prefix, flops: flops.prefix + flops.suffix }];
}

function sharedCut(whole: Program): readonly Cut[] {
  if (whole.outputs.filter(isPublic).length < 2) return [];
  const staged = rewrite(whole, { hoist: 'shared' }, { skip: optimisations }).at(-1)?.program ?? whole;
  return staged.features !== null && costOfProgram(staged).flops.prefix > 0 ? cutOf(staged) : [];
}
