import { fail, type Location, locate } from '../diagnostics/error.ts';
import type { Output, Program, Value } from '../ir/program.ts';
import { BATCH, type TensorType } from '../ir/types.ts';
import type { LayerRow } from '../layers/row.ts';
import {
  type Call,
  type Layer,
  type ModelGraph,
  type ModelInput,
  type ModelOutput,
  splitTensor,
  type TensorId,
  tensorsOf,
} from '../model/graph.ts';
import { validate } from '../schema/validate.ts';
import { argumentsOf } from './arguments.ts';
import { Builder } from './builder.ts';
import { contextOf } from './context.ts';
import { checkPolicy, dtypeOf, isNarrowInteger } from './dtypes.ts';

export type LayerRows = ReadonlyMap<string, LayerRow>;

export interface Lowered {
  readonly program: Program;
  /** Type of every tensor of the graph that could be computed. */
  readonly types: ReadonlyMap<TensorId, TensorType>;
  /** Why a call could not be lowered; empty unless lowering was tolerant. */
  readonly failures: ReadonlyMap<string, Error>;
}

/**
 * Turns every call of a graph into ops, through the rows of its layers.
 * @param cuts tensors at which the program is to be cut
 * @param tolerant keep going behind a layer that cannot be lowered, for reports about whole models; without it, throw
 * @throws SkipcError naming the layer
 */
export function lower(
  graph: ModelGraph,
  name: string,
  rows: LayerRows,
  { cuts = [], tolerant = false }: { cuts?: readonly ModelOutput[]; tolerant?: boolean } = {},
): Lowered {
  const builder = new Builder();
  const values = new Map<TensorId, Value>();
  const masked = new Set<TensorId>();
  /** Integers of fewer than 32 bits: Keras's arithmetic on them wraps around, that of tfjs does not. */
  const narrow = new Set(graph.inputs.filter(({ dtype }) => isNarrowInteger(dtype)).map(({ tensor }) => tensor));
  const configs = new Map<Layer, unknown>();
  const failures = new Map<string, Error>();

  for (const input of graph.inputs) values.set(input.tensor, builder.input(input.name, input.key, inputType(input)));

  for (const call of graph.calls) {
    const needed = tensorsOf(call);
    if (tolerant && needed.some((tensor) => !values.has(tensor))) continue;
    const where: Location = { layer: call.layer.path, pointer: call.layer.pointer };
    try {
      locate(where, () => lowerCall(call, needed, where));
    } catch (error) {
      // A dead layer must not fail a compilation, not even by a fault of its row.
      if (!tolerant) throw error;
      failures.set(call.id, error as Error);
    }
  }

  function lowerCall(call: Call, needed: readonly TensorId[], where: Location): void {
    const { layer } = call;
    const row = rows.get(layer.className) ?? fail('layer-unknown', { className: layer.className }, where);
    if (!configs.has(layer)) {
      checkPolicy(layer.config, where);
      configs.set(layer, validate(row.config, structuredClone(layer.config), { ...where, pointer: `${layer.pointer}/config` }));
    }
    const config = configs.get(layer);
    const { positional, hasMask } = argumentsOf(call, row, where);
    const isMasked = hasMask || needed.some((tensor) => masked.has(tensor));
    if (isMasked && row.onMask === 'uses') fail('mask-unsupported', { className: layer.className }, where);
    const isNarrow = positional.some((tensor) => narrow.has(tensor));

    const scope = scopeOf(call);
    builder.enter(scope, layer.path);
    const inputs = positional.map((tensor) => resolve(tensor));
    const results = [row.lower(contextOf(builder, call, config, inputs, resolve, graph.origin))].flat();
    if (isNarrow && builder.countsInIntegers()) fail('integer-width', { className: layer.className }, where);
    results.forEach((value, k) => {
      builder.rename(value, k === 0 ? scope : `${scope}:${k}`);
      values.set(`${call.id}:${k}`, value);
      if ((isMasked && row.onMask !== 'drops') || row.givesMask?.(config) === true) masked.add(`${call.id}:${k}`);
      if (isNarrow && value.type.dtype === 'i32') narrow.add(`${call.id}:${k}`);
    });
  }

  function resolve(tensor: TensorId): Value {
    const value = values.get(tensor);
    if (value !== undefined) return value;
    const { call, index } = splitTensor(tensor);
    return fail('tensor-missing', { call, index });
  }

  const bind = ({ key, tensor }: ModelOutput): Output => ({ key, value: resolve(tensor).name });
  const outputs = graph.outputs.filter(({ tensor }) => !tolerant || values.has(tensor)).map(bind);
  const types = new Map([...values].map(([tensor, value]) => [tensor, value.type]));
  return { program: builder.finish(name, graph.name, outputs, cuts.map(bind)), types, failures };
}

/** The first call of a layer is called as the layer, later ones with their number. */
function scopeOf(call: Call): string {
  return call.id === `${call.layer.path}@0` ? call.layer.path : call.id;
}

function inputType(input: ModelInput): TensorType {
  const shape = input.shape.map((size, axis) => size ?? (axis === 0 ? BATCH : `?${input.name}.${axis}`));
  return { dtype: dtypeOf(input.dtype, { layer: input.name }), shape };
}
