import { diagnostic, fail, type SkipcError } from '../diagnostics/error.ts';
import { MASK } from '../ir/program.ts';
import { isKnown, type TensorType } from '../ir/types.ts';
import {
  type Arg,
  type Call,
  type CallId,
  isTensorArg,
  type Masks,
  type ModelGraph,
  type ModelInput,
  type ModelOutput,
  maskTensor,
  splitTensor,
  type TensorId,
  tensorsOf,
} from '../model/graph.ts';
import { tensorName } from './display.ts';
import { withMasks } from './masks.ts';
import { type Named, NameIndex } from './names.ts';
import type { Selection } from './selection.ts';
import { checkSecondTensors, skipped } from './skip.ts';

export interface Selected {
  readonly graph: ModelGraph;
  /** Tensors that `--hoist` names. */
  readonly cuts: readonly ModelOutput[];
  /** Calls that become what they are given. */
  readonly skipped: ReadonlySet<CallId>;
  readonly warnings: readonly SkipcError[];
}

/**
 * The part of a model that a selection needs: calls that no chosen output depends on are gone, cut tensors are inputs,
 * skipped layers are wired through.
 * @param types of the model's tensors, as far as they are known
 * @param model all of it
 * @param masks of the model's tensors: one that is cut takes its mask as a second input
 * @param hoist names to cut at, already told from `auto`, `shared` and `none`
 * @param besides tensors that are needed, though no output depends on them
 */
export function select(
  model: ModelGraph,
  selection: Selection,
  hoist: readonly string[],
  types: ReadonlyMap<TensorId, TensorType>,
  masks: Masks,
  besides: readonly TensorId[] = [],
): Selected {
  const names = new NameIndex(model);
  const outputs =
    selection.outputs.length > 0
      ? unique(
          selection.outputs.map((text) => names.find(text, 'output')),
          'output',
        )
      : model.outputs;
  const cutInputs = unique(
    selection.inputs.map((text) => names.find(text, 'input')),
    'input',
  );
  const replaced = new Map(skipped(model, names, selection.skip, types));
  const skippedCalls = new Set([...replaced.keys()].map((tensor) => splitTensor(tensor).call));
  const graph = withMasks(model, masks, replaced);
  const given = new Map(graph.inputs.map((input) => [input.tensor, input]));
  const cutMasks = new Map<TensorId, TensorId>();
  for (const named of cutInputs) {
    const input = inputAt(graph, named, given.get(named.tensor), types);
    given.set(named.tensor, input);
    const mask = maskAt(input, masks);
    if (mask === null) continue;
    given.set(mask.tensor, mask);
    cutMasks.set(named.tensor, mask.tensor);
  }

  const resolve = (tensor: TensorId): TensorId => {
    let current = tensor;
    const seen = new Set<TensorId>();
    for (let next = replaced.get(current); next !== undefined && !given.has(current) && !seen.has(current); next = replaced.get(current)) {
      seen.add(current);
      current = next;
    }
    return current;
  };
  const reached = () => reach(graph, [...outputs.map(({ tensor }) => tensor), ...besides].map(resolve), resolve, given, replaced);
  const unmasked = reached();
  // What is the mask of several cuts comes with one that is needed.
  for (const [alias, masked] of masks.of) {
    const cut = [...masked].filter((tensor) => cutMasks.has(tensor));
    const needed = cut.find((tensor) => unmasked.tensors.has(tensor)) ?? cut[0];
    if (needed !== undefined) replaced.set(alias, cutMasks.get(needed) as TensorId);
  }
  const live = cutMasks.size === 0 ? unmasked : reached();
  const cutAt = new Map<TensorId, string>();
  const cuts = unique(
    hoist.map((text) => names.find(text, 'output')),
    'output',
  ).map(({ key, tensor }) => {
    const resolved = resolve(tensor);
    if (!live.tensors.has(resolved)) fail('hoist-dead', { name: key });
    const other = cutAt.get(resolved);
    if (other !== undefined) fail('hoist-twice', { one: other, other: key });
    cutAt.set(resolved, key);
    return { key, tensor: resolved };
  });

  const calls = graph.calls.filter(({ id }) => live.calls.has(id)).map((call) => rewired(call, resolve));
  // Whether a mask is needed is known once the layers are lowered.
  const inputs = [...given.values()].filter(({ tensor, maskOf }) => live.tensors.has(tensor) || live.tensors.has(maskOf ?? tensor));
  const warnings = cutInputs.filter(({ tensor }) => !live.tensors.has(tensor)).map(({ key }) => diagnostic('input-dead', { name: key }));
  return {
    graph: { ...graph, calls, inputs: uniqueInputs(inputs), outputs: outputs.map(({ key, tensor }) => ({ key, tensor: resolve(tensor) })) },
    cuts,
    skipped: skippedCalls,
    warnings,
  };
}

function unique(named: readonly Named[], what: 'output' | 'input'): readonly Named[] {
  const seen = new Set<string>();
  for (const { key } of named) {
    if (seen.has(key)) fail('key-duplicate', { key, what });
    seen.add(key);
  }
  return named;
}

function uniqueInputs(inputs: readonly ModelInput[]): readonly ModelInput[] {
  unique(inputs, 'input');
  return inputs;
}

/** The tensor as an input of the program, with the type that the model gives it. */
function inputAt(
  graph: ModelGraph,
  { key, tensor }: Named,
  own: ModelInput | undefined,
  types: ReadonlyMap<TensorId, TensorType>,
): ModelInput {
  if (own !== undefined) return { ...own, key };
  const name = tensorName(tensor);
  const type = types.get(tensor);
  if (type !== undefined) {
    return { key, name, tensor, shape: type.shape.map((dim) => (isKnown(dim) ? dim : null)), dtype: KERAS_DTYPE[type.dtype] };
  }
  const stated = graph.statedShapes.get(tensor);
  if (stated !== undefined) return { key, name, tensor, ...stated };
  return fail('input-type-unknown', { name, layer: splitTensor(tensor).call });
}

/** The mask of a tensor that is an input: left out, all of it counts. */
function maskAt({ key, name, tensor, shape }: ModelInput, masks: Masks): ModelInput | null {
  const rank = masks.ranks.get(tensor);
  if (rank === undefined) return null;
  const of = { tensor: maskTensor(tensor), maskOf: tensor };
  return { key: key + MASK, name: name + MASK, ...of, shape: shape.slice(0, rank), dtype: 'bool', fill: 1 };
}

const KERAS_DTYPE = { f32: 'float32', i32: 'int32', bool: 'bool', str: 'string' } as const;

/** Everything the outputs depend on, up to what is given. */
function reach(
  graph: ModelGraph,
  outputs: readonly TensorId[],
  resolve: (tensor: TensorId) => TensorId,
  given: ReadonlyMap<TensorId, ModelInput>,
  replaced: ReadonlyMap<TensorId, TensorId>,
): { readonly calls: ReadonlySet<string>; readonly tensors: ReadonlySet<TensorId> } {
  const byId = new Map(graph.calls.map((call) => [call.id, call]));
  const calls = new Set<string>();
  const tensors = new Set(outputs);
  for (const tensor of tensors) {
    if (given.has(tensor)) continue;
    checkSecondTensors(replaced, tensor);
    const { call: id } = splitTensor(tensor);
    const call = byId.get(id);
    if (call === undefined || calls.has(id)) continue;
    calls.add(id);
    for (const needed of tensorsOf(call)) tensors.add(resolve(needed));
  }
  return { calls, tensors };
}

function rewired(call: Call, resolve: (tensor: TensorId) => TensorId): Call {
  if (tensorsOf(call).every((tensor) => resolve(tensor) === tensor)) return call;
  const rewire = (arg: Arg): Arg => {
    if (typeof arg !== 'object' || arg === null) return arg;
    if (isTensorArg(arg)) return { tensor: resolve(arg.tensor) };
    if (Array.isArray(arg)) return arg.map(rewire);
    return Object.fromEntries(Object.entries(arg).map(([key, value]) => [key, rewire(value as Arg)]));
  };
  return {
    ...call,
    args: call.args.map(rewire),
    kwargs: Object.fromEntries(Object.entries(call.kwargs).map(([key, arg]) => [key, rewire(arg)])),
    ...(call.unmasked === undefined ? {} : { unmasked: call.unmasked.map(resolve) }),
    ...(call.entering === undefined
      ? {}
      : { entering: call.entering.map(({ model, tensor, mask }) => ({ model, tensor: resolve(tensor), mask: resolve(mask) })) }),
  };
}
