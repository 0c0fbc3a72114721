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
  tensorsIn,
  tensorsOf,
} from '../model/graph.ts';
import { validate } from '../schema/validate.ts';
import { Builder } from './builder.ts';
import { contextOf } from './context.ts';
import { checkPolicy, dtypeOf } from './dtypes.ts';

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
    const { positional, keywords } = splitArguments(call);
    const isMasked = needed.some((tensor) => masked.has(tensor)) || (keywords.includes('mask') && !row.keywords?.includes('mask'));
    const stray = keywords.find((name) => name !== 'mask' && !row.keywords?.includes(name));
    if (stray !== undefined) fail('layer-keyword', { className: layer.className, keyword: stray }, where);
    const first = tensorsIn(call.args[0] ?? null).length || positional.length;
    const others = positional.length - first;
    if ((row.takesList !== true && first !== 1) || (others > 0 && row.keywords === undefined)) {
      fail(
        'layer-inputs',
        { className: layer.className, expected: row.takesList ? 'a list of tensors' : 'one tensor', found: String(positional.length) },
        where,
      );
    }
    if (isMasked && row.onMask === 'uses') fail('mask-unsupported', { className: layer.className }, where);

    const scope = scopeOf(call);
    builder.enter(scope, layer.path);
    const inputs = positional.map((tensor) => resolve(tensor));
    const results = [row.lower(contextOf(builder, call, config, inputs, resolve, graph.origin))].flat();
    results.forEach((value, k) => {
      builder.rename(value, k === 0 ? scope : `${scope}:${k}`);
      values.set(`${call.id}:${k}`, value);
      if ((isMasked && row.onMask !== 'drops') || row.givesMask?.(config) === true) masked.add(`${call.id}:${k}`);
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

/** What a call is given in order, and the names of further keyword arguments that hold tensors. */
function splitArguments(call: Call): { readonly positional: readonly TensorId[]; readonly keywords: readonly string[] } {
  const keywords = Object.keys(call.kwargs).filter((name) => tensorsIn(call.kwargs[name] ?? null).length > 0);
  const positional = tensorsIn(call.args);
  // A layer may be called with its first argument by name: `dense(inputs=x)`.
  const [first, ...others] = keywords;
  if (positional.length > 0 || first === undefined || first === 'mask') return { positional, keywords };
  return { positional: tensorsIn(call.kwargs[first] ?? null), keywords: others };
}

/** The first call of a layer is called as the layer, later ones with their number. */
function scopeOf(call: Call): string {
  return call.id === `${call.layer.path}@0` ? call.layer.path : call.id;
}

function inputType(input: ModelInput): TensorType {
  const shape = input.shape.map((size, axis) => size ?? (axis === 0 ? BATCH : `?${input.name}.${axis}`));
  return { dtype: dtypeOf(input.dtype, { layer: input.name }), shape };
}
