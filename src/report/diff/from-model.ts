import type { LayerRow } from '../../layers/row.ts';
import { withNames } from '../../lower/arguments.ts';
import type { LayerRows, Lowered } from '../../lower/lower.ts';
import { type Arg, type Call, isTensorArg, type Layer, type ModelGraph, splitTensor, type TensorId, tensorsIn } from '../../model/graph.ts';
import { instanceOf } from '../../schema/validate.ts';
import { fingerprints } from './fingerprint.ts';
import { type DiffGraph, type DiffNode, INPUT, type NodeCall, type NodeWeight, type Tap, type Use } from './graph.ts';
import { flat, jsonOf, settingsOf } from './settings.ts';
import { slotsOf } from './slots.ts';

/** Layers whose inputs may change places. */
const COMMUTES: ReadonlySet<string> = new Set(['Add', 'Multiply', 'Average', 'Maximum', 'Minimum']);

export interface ModelParts {
  /** What was selected of the model. */
  readonly graph: ModelGraph;
  /** The same, lowered as far as skipc knows its layers. */
  readonly lowered: Lowered;
  readonly rows: LayerRows;
  /** Hashes of values by the names of weights. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Weights of layers that were not lowered. */
  readonly others: readonly UnloweredHash[];
}

/** A weight that no program has, under the name that its file gives it, and what is known of it. */
export interface UnloweredHash extends Omit<NodeWeight, 'slot'> {
  /** Path of its layer. */
  readonly layer: string;
}

/** A model as nodes: its inputs by their keys, and its layers by their paths, each with all its calls. */
export function modelGraph(parts: ModelParts): DiffGraph {
  const { graph, lowered } = parts;
  const live = liveCalls(parts);
  const calls = new Map<Layer, Call[]>();
  for (const call of graph.calls) {
    if (!live.has(call.id)) continue;
    const known = calls.get(call.layer);
    if (known === undefined) calls.set(call.layer, [call]);
    else known.push(call);
  }
  const places = new Map<string, Omit<Tap, 'result'>>();
  const inputs = graph.inputs.filter(({ maskOf, tensor }) => maskOf === undefined || live.has(splitTensor(tensor).call));
  inputs.forEach(({ tensor }, node) => void places.set(tensor, { node, call: 0 }));
  [...calls.values()].forEach((list, i) => {
    list.forEach(({ id }, call) => void places.set(id, { node: inputs.length + i, call }));
  });
  const tapOf = (tensor: TensorId): Tap => {
    const input = places.get(tensor);
    if (input !== undefined) return { ...input, result: 0 };
    const { call, index } = splitTensor(tensor);
    return { ...(places.get(call) as Omit<Tap, 'result'>), result: index };
  };
  const computed = fingerprints(lowered.program);
  const weights = weightsByLayer(parts);
  const nodes = [
    ...inputs.map(
      ({ key, tensor, dtype, fill }): DiffNode => ({
        name: key,
        kind: INPUT,
        signature: `${lowered.types.get(tensor)?.dtype ?? dtype} ${fill ?? ''}`,
        settings: new Map(fill === undefined ? [] : [['fill', String(fill)]]),
        training: new Map(),
        trainable: null,
        weights: [],
        commutes: false,
        calls: [{ uses: [], types: [lowered.types.get(tensor) ?? null] }],
      }),
    ),
    ...[...calls].map(([layer, list]) => layerNode(layer, list, parts, tapOf, computed, weights.get(layer.path) ?? [])),
  ];
  return { nodes, outputs: graph.outputs.map(({ key, tensor }) => ({ key, tap: tapOf(tensor) })) };
}

/**
 * The calls, and inputs that are masks, that outputs need. Keras 3 writes how a mask is made, and which layers take it, where Keras 2 leaves
 * that to the layers: what a tensor carries anyway is no operand.
 */
function liveCalls(parts: ModelParts): ReadonlySet<string> {
  const calls = new Map(parts.graph.calls.map((call) => [call.id, call]));
  const live = new Set(parts.graph.outputs.map(({ tensor }) => splitTensor(tensor).call));
  for (const id of live) {
    const call = calls.get(id);
    if (call === undefined) continue;
    for (const { tensor } of tensorUses(call, parts)) live.add(splitTensor(tensor).call);
  }
  return live;
}

interface TensorUse {
  readonly role: string;
  readonly tensor: TensorId;
}

/**
 * What a call reads, and as what. Arguments that the layer's call has in an order go without their keywords: files write them either way,
 * and as one list.
 */
function tensorUses(given: Call, { lowered: { masks }, rows }: ModelParts): readonly TensorUse[] {
  const row = rowOf(given.layer, rows);
  const call = row === undefined ? given : withNames(given, row);
  const ordered = row?.keywords?.filter((role) => role !== 'mask') ?? [];
  const positional = tensorsIn(call.args);
  const named = Object.keys(call.kwargs).flatMap((role) => tensorsIn(call.kwargs[role] ?? null).map((tensor) => ({ role, tensor })));
  // A layer may be called with its first argument by name as well.
  const first = positional.length > 0 ? undefined : named.find(({ role }) => role !== 'mask' && !ordered.includes(role))?.role;
  const places = [...(first === undefined ? [] : [first]), ...ordered];
  const uses = [
    ...positional.map((tensor) => ({ role: '', tensor })),
    ...places.flatMap((place) => named.filter(({ role }) => role === place).map(({ tensor }) => ({ role: '', tensor }))),
    ...named.filter(({ role }) => !places.includes(role)).sort((x, y) => (x.role < y.role ? -1 : x.role > y.role ? 1 : 0)),
  ];
  const masked = uses[0]?.tensor ?? '';
  const entering = (call.entering ?? []).map(({ mask }) => ({ role: 'mask of a model', tensor: mask }));
  return [...uses, ...entering].filter(({ role, tensor }) => role !== 'mask' || !masks.of.get(tensor)?.has(masked));
}

function weightsByLayer({ lowered, hashes, others }: ModelParts): ReadonlyMap<string, readonly NodeWeight[]> {
  const byLayer = new Map<string, NodeWeight[]>();
  const own = lowered.program.weights.map((weight) => ({ ...weight, hash: hashes.get(weight.name) ?? null }));
  const slots = slotsOf([...own, ...others]);
  for (const { name, layer, variable, type, hash } of [...own, ...others]) {
    const weight = { name, variable, slot: slots.get(name) ?? variable, type, hash };
    const known = byLayer.get(layer);
    if (known === undefined) byLayer.set(layer, [weight]);
    else known.push(weight);
  }
  return byLayer;
}

function layerNode(
  layer: Layer,
  list: readonly Call[],
  parts: ModelParts,
  tapOf: (tensor: TensorId) => Tap,
  computed: ReadonlyMap<string, string>,
  weights: readonly NodeWeight[],
): DiffNode {
  const { lowered } = parts;
  const row = rowOf(layer, parts.rows);
  const { meaning, training } = settingsOf(
    layer.config,
    row === undefined ? null : (instanceOf(row.config, layer.config) as Readonly<Record<string, unknown>> | null),
  );
  const named = list.map((call) => (row === undefined ? call : withNames(call, row)));
  const settings = new Map([...meaning, ...callSettings(named, row?.takesAny === true)]);
  const isKnown = list.every(({ id }) => lowered.types.has(`${id}:0`));
  const variables = weights.map(({ slot, type }) => `${slot} ${type.dtype}[${type.shape}]`).join('\n');
  const text = isKnown
    ? computed.get(lowered.sources.get(layer.path) ?? layer.path)
    : [...settings].map(([key, value]) => `${key} ${value}`).join('\n');
  return {
    name: layer.path,
    kind: row?.className ?? layer.className,
    signature: `${text ?? ''}\n${variables}`,
    settings,
    training,
    trainable: isKnown && weights.length === 0 ? null : layer.trainable,
    weights,
    commutes: COMMUTES.has(layer.className),
    calls: named.map(
      (call): NodeCall => ({
        uses: tensorUses(call, parts).map(({ role, tensor }): Use => ({ role, tap: tapOf(tensor) })),
        types: typesOf(call, lowered),
      }),
    ),
  };
}

const rowOf = ({ className, name }: Layer, rows: LayerRows): LayerRow | undefined =>
  (className === 'Lambda' ? rows.get(`Lambda:${name}`) : undefined) ?? rows.get(className);

function typesOf({ id }: Call, { types }: Lowered): NodeCall['types'] {
  const found: NodeCall['types'][number][] = [];
  for (let k = 0, type = types.get(`${id}:0`); type !== undefined; type = types.get(`${id}:${++k}`)) found.push(type);
  return found.length === 0 ? [null] : found;
}

/**
 * What calls say beside tensors. Arguments of functions are all there is to them; of layers' calls, what is null or false is what it is when
 * it is not said.
 */
function callSettings(calls: readonly Call[], isFunction: boolean): readonly (readonly [string, string])[] {
  return calls.flatMap(({ args, kwargs }, n) => {
    const prefix = n === 0 ? '' : `call ${n}: `;
    const named = Object.entries(kwargs).filter(([, value]) => isSaid(value) && tensorsIn(value).length === 0);
    const given = isFunction ? args.flatMap((arg, i) => flat(`${prefix}argument ${i}`, withoutTensors(arg))) : [];
    return [...given, ...named.map(([key, value]) => [`${prefix}${key}`, jsonOf(value)] as const)];
  });
}

const isSaid = (value: Arg): boolean => value !== null && value !== false;

/** Which tensor stands there is wiring. */
function withoutTensors(arg: Arg): unknown {
  if (typeof arg !== 'object' || arg === null) return arg;
  if (isTensorArg(arg)) return '...';
  if (Array.isArray(arg)) return arg.map(withoutTensors);
  return Object.fromEntries(Object.entries(arg).map(([key, value]) => [key, withoutTensors(value as Arg)]));
}
