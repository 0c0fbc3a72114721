import { type Location, locate } from '../diagnostics/error.ts';
import { type Feature, MASK, type Output, type Program, type Value } from '../ir/program.ts';
import { BATCH, type TensorType } from '../ir/types.ts';
import {
  type Call,
  type Layer,
  type Masks,
  type ModelGraph,
  type ModelInput,
  type ModelOutput,
  type TensorId,
  tensorsOf,
} from '../model/graph.ts';
import { Builder } from './builder.ts';
import { lowerCall } from './call.ts';
import { dtypeOf, isNarrowInteger } from './dtypes.ts';
import { type Evaluated, evaluationOutputs } from './evaluated.ts';
import { frameOf, type LayerRows, type Lowerer, putMask, type ReadNested, resolve } from './frame.ts';
import { scopesOf } from './scopes.ts';

export type { LayerRows } from './frame.ts';

export interface Lowered {
  readonly program: Program;
  /** Type of every tensor of the graph that could be computed. */
  readonly types: ReadonlyMap<TensorId, TensorType>;
  /** The value that each such tensor is in the program. */
  readonly values: ReadonlyMap<TensorId, string>;
  readonly masks: Masks;
  /** Inputs that hold the states of stateful layers, and outputs of the same keys. */
  readonly states: readonly string[];
  /** Layers whose regularizers skipc does not know: the loss of the model lacks what these add. */
  readonly unknownRegularizers: readonly string[];
  /** First results of the calls that add to the loss. */
  readonly regularized: readonly TensorId[];
  /** What ops say they come from, where that is not the path of their layer. */
  readonly sources: ReadonlyMap<string, string>;
  /** Why a call could not be lowered; empty unless lowering was tolerant. */
  readonly failures: ReadonlyMap<string, Error>;
}

export interface LowerOptions {
  /** Tensors at which the program is to be cut. */
  readonly cuts?: readonly ModelOutput[];
  /** Keep going behind a layer that cannot be lowered, for reports about whole models; without it, throw. */
  readonly tolerant?: boolean;
  /** What `evaluate` is to read beside the outputs. */
  readonly evaluated?: Evaluated | undefined;
  readonly readNested: ReadNested;
}

/**
 * Turns every call of a graph into ops, through the rows of its layers.
 * @throws SkipcError naming the layer
 */
export function lower(graph: ModelGraph, name: string, rows: LayerRows, options: LowerOptions): Lowered {
  const { cuts = [], tolerant = false, evaluated, readNested } = options;
  const builder = new Builder();
  const lowerer: Lowerer = {
    builder,
    rows,
    readNested,
    keys: new Set([...graph.inputs, ...graph.outputs].map(({ key }) => key)),
    configs: new Map<Layer, unknown>(),
    nested: new WeakMap(),
    wrappedCalls: { outer: 0, inner: 0 },
    states: new Map(),
    regularized: [],
    maskAliases: new Map(),
  };
  const frame = frameOf(graph.origin, null, graph.statedShapes);
  const failures = new Map<string, Error>();
  const scopes = scopesOf(graph);
  const regularized: TensorId[] = [];

  for (const input of graph.inputs) {
    const value = builder.input(input.name, input.key, inputType(input, frame.values), input.fill);
    frame.values.set(input.tensor, value);
    if (isNarrowInteger(input.dtype)) frame.narrow.add(input.tensor);
    if (input.maskOf !== undefined) putMask(frame, input.maskOf, value);
  }
  for (const call of graph.calls) {
    if (tolerant && tensorsOf(call).some((tensor) => !frame.values.has(tensor))) continue;
    const where: Location = { layer: call.layer.path, pointer: call.layer.pointer };
    const scope = scopes.get(call.id) ?? scopeOf(call);
    const before = lowerer.regularized.length;
    try {
      builder.enter(scope, scopes.get(call.id) ?? call.layer.path);
      locate(where, () => lowerCall(lowerer, frame, call, scope, where));
    } catch (error) {
      // A dead layer must not fail a compilation, not even by a fault of its row.
      if (!tolerant) throw error;
      failures.set(call.id, error as Error);
    }
    if (lowerer.regularized.length > before) regularized.push(`${call.id}:0`);
  }

  const bind = ({ key, tensor }: ModelOutput): Output => ({ key, value: resolve(frame, tensor).name });
  const outputs = graph.outputs.filter(({ tensor }) => !tolerant || frame.values.has(tensor)).map(bind);
  const cutAt = (cut: ModelOutput): Feature[] => {
    const mask = frame.onceMasked.get(cut.tensor);
    return mask === undefined ? [bind(cut)] : [bind(cut), { key: cut.key + MASK, value: mask.name, fill: 1 }];
  };
  const states = [...lowerer.states].map(([key, { name }]): Output => ({ key, value: name }));
  const unknownRegularizers = new Set<string>();
  const read = evaluated === undefined ? [] : evaluationOutputs(lowerer, frame, graph.outputs, evaluated, unknownRegularizers);
  return {
    program: builder.finish(name, graph.name, [...outputs, ...states, ...read], cuts.flatMap(cutAt)),
    types: new Map([...frame.values].map(([tensor, { type }]) => [tensor, type])),
    values: new Map([...frame.values].map(([tensor, { name }]) => [tensor, name])),
    masks: {
      ranks: new Map([...frame.onceMasked].map(([tensor, { type }]) => [tensor, type.shape.length])),
      of: lowerer.maskAliases,
      lost: frame.lost,
      kept: frame.kept,
    },
    sources: new Map(graph.calls.flatMap(({ id, layer }) => (scopes.has(id) ? [[layer.path, scopes.get(id) as string]] : []))),
    states: states.map(({ key }) => key),
    unknownRegularizers: [...unknownRegularizers],
    regularized,
    failures,
  };
}

/** The first call of a layer is called as the layer, later ones with their number. */
function scopeOf(call: Call): string {
  return call.id === `${call.layer.path}@0` ? call.layer.path : call.id;
}

/** A mask has the sizes of what it masks. */
function inputType(input: ModelInput, values: ReadonlyMap<TensorId, Value>): TensorType {
  const masked = input.maskOf === undefined ? undefined : values.get(input.maskOf)?.type.shape;
  const shape = input.shape.map((size, axis) => size ?? masked?.[axis] ?? (axis === 0 ? BATCH : `?${input.name}.${axis}`));
  return { dtype: dtypeOf(input.dtype, { layer: input.name }), shape };
}
