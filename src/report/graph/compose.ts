import { isPublic, type Value, valuesOf } from '../../ir/program.ts';
import { bytes, elements } from '../../ir/types.ts';
import { type Call, type CallId, givenTo, splitTensor, type TensorId } from '../../model/graph.ts';
import { tensorName } from '../../select/display.ts';
import { costOfProgram, flopsByLayer } from '../cost.ts';
import type { Explanation } from '../explanation.ts';
import { Hosts } from '../hosts.ts';
import { type Joined, joinCalls } from './boxes.ts';
import { type Box, type Edge, laterStage, type Node, type Picture, type PictureParts, type Pill, type Row, type Tone } from './picture.ts';

/** The picture of a selection: all of the model, with what became of it. */
export function compose(parts: PictureParts): Picture {
  return new Composition(parts).picture();
}

/** Which side of the cut something stands on, or that no chosen output needs it. */
type Side = 'prefix' | 'suffix' | 'dead';

class Composition {
  readonly #parts: PictureParts;
  readonly #nodes: Node[] = [];
  readonly #edges = new Map<string, Edge>();
  readonly #told: ReadonlyMap<string, Explanation>;
  readonly #live: ReadonlySet<CallId>;
  /** Places of the nodes that give the tensors of a call, or a tensor that is handed in. */
  readonly #places = new Map<string, number>();
  readonly #sides = new Map<number, Side>();
  readonly #features = new Map<string, number>();
  readonly #flops: { readonly kept: ReadonlyMap<string, number>; readonly whole: ReadonlyMap<string, number> };
  readonly #parameters: ReadonlyMap<string, number>;
  readonly #callCounts: ReadonlyMap<string, number>;
  readonly #kept: ReadonlyMap<string, Value>;

  constructor(parts: PictureParts) {
    this.#parts = parts;
    this.#told = new Map(parts.explanations.map((explanation) => [explanation.layer, explanation]));
    this.#live = new Set([...parts.selected.calls.map(({ id }) => id), ...parts.skipped]);
    this.#flops = { kept: new Hosts(parts.lowered).flops(parts.program), whole: flopsByLayer(parts.whole) };
    const parameters = new Map<string, number>();
    for (const { layer, type } of [...new Map([...parts.whole.weights, ...parts.program.weights].map((w) => [w.name, w])).values()])
      parameters.set(layer, (parameters.get(layer) ?? 0) + elements(type.shape));
    this.#parameters = parameters;
    this.#kept = valuesOf(parts.program);
    const counts = new Map<string, number>();
    for (const { layer } of parts.graph.calls) counts.set(layer.path, (counts.get(layer.path) ?? 0) + 1);
    this.#callCounts = counts;
  }

  picture(): Picture {
    const { graph, selected, types } = this.#parts;
    const given = new Map(selected.inputs.filter(({ maskOf }) => maskOf === undefined).map((input) => [input.tensor, input]));
    const own = new Set(graph.inputs.map(({ tensor }) => tensor));
    for (const { key, tensor, shape } of graph.inputs) {
      const isLive = given.has(tensor);
      this.#add(tensor, isLive ? this.#hoisted : 'dead', {
        kind: 'pill',
        role: 'input',
        tone: isLive ? 'input' : 'removed',
        name: key,
        shape: types.get(tensor)?.shape ?? shape.map((size) => size ?? '?'),
        bytes: null,
      });
    }
    const cutInputs = new Map<CallId, TensorId[]>();
    for (const tensor of given.keys()) {
      if (own.has(tensor)) continue;
      const { call } = splitTensor(tensor);
      cutInputs.set(call, [...(cutInputs.get(call) ?? []), tensor]);
    }
    const boxes = joinCalls(this.#parts).map((joined) => ({ calls: joined.calls, place: this.#addBox(joined) }));
    for (const { calls, place } of boxes) {
      for (const { id } of calls) for (const tensor of cutInputs.get(id) ?? []) this.#addCut(tensor, given.get(tensor)?.key ?? '', place);
    }
    for (const { calls, place } of boxes) {
      for (const call of calls) for (const tensor of givenTo(call)) this.#connect(tensor, place, this.#isLive(call));
    }
    this.#addOutputs();
    return { nodes: this.#nodes, edges: [...this.#edges.values()], title: this.#title() };
  }

  /** The side of what depends on nothing yet. */
  get #hoisted(): Side {
    return this.#parts.program.features === null ? 'suffix' : 'prefix';
  }

  /** False also for what a chosen output needs in the model, and what rewriting found that it does not need after all. */
  #isLive = ({ id, layer }: Call): boolean => this.#live.has(id) && this.#told.get(layer.path)?.fate !== 'removed';

  #add(key: string, side: Side, node: Node): number {
    const place = this.#nodes.push(node) - 1;
    this.#places.set(key, place);
    this.#sides.set(place, side);
    return place;
  }

  #addBox({ calls, result }: Joined): number {
    const { types, profile } = this.#parts;
    const [first] = calls as readonly [Call];
    const isLive = calls.some(this.#isLive);
    const explanation = this.#told.get(first.layer.path);
    const stage = calls.reduce(
      (stage, { layer }) => laterStage(stage, this.#told.get(layer.path)?.stage ?? null),
      explanation?.stage ?? null,
    );
    const side: Side = !isLive ? 'dead' : stage === 'prefix' || stage === 'suffix' ? stage : this.#sideBefore(first);
    const group = first.layer.path.slice(0, Math.max(0, first.layer.path.length - first.layer.name.length - 1));
    const tone: Tone = !isLive ? 'removed' : stage === null ? 'identity' : stage;
    const times = calls.flatMap(({ layer }) => profile?.get(layer.path)?.milliseconds ?? []);
    const box: Box = {
      kind: 'box',
      tone,
      rows: calls.map((call) => this.#row(call, group)),
      shape: types.get(`${result.id}:0`)?.shape ?? null,
      flops: this.#sum(calls, isLive ? this.#flops.kept : this.#flops.whole, true),
      parameters: this.#sum(calls, this.#parameters, false),
      milliseconds: times.length === 0 ? null : times.reduce((sum, time) => sum + time, 0),
      group,
      repeats: null,
    };
    const place = this.#add(first.id, side, box);
    for (const { id } of calls) this.#places.set(id, place);
    return place;
  }

  #row({ id, layer }: Call, group: string): Row {
    const name = group !== '' && layer.path.startsWith(`${group}/`) ? layer.path.slice(group.length + 1) : layer.path;
    const call = id.slice(layer.path.length);
    return {
      layer: layer.path,
      name: call === '@0' ? name : name + call,
      className: layer.className,
      fate: this.#told.get(layer.path)?.fate ?? 'removed',
    };
  }

  /** Over the calls of a box; what a layer costs in all its calls is shared out among these. */
  #sum(calls: readonly Call[], amounts: ReadonlyMap<string, number>, isShared: boolean): number {
    return calls.reduce((sum, { layer: { path } }) => {
      const amount = amounts.get(isShared ? (this.#parts.sources.get(path) ?? path) : path) ?? 0;
      return sum + (isShared ? amount / (this.#callCounts.get(path) ?? 1) : amount);
    }, 0);
  }

  /** What does nothing stands where it stands: behind what it is given. */
  #sideBefore(call: Call): Side {
    const sides = givenTo(call).map((tensor) => this.#sides.get(this.#placeOf(tensor) ?? -1));
    return sides.includes('suffix') || this.#hoisted === 'suffix' ? 'suffix' : 'prefix';
  }

  #placeOf(tensor: TensorId): number | undefined {
    return this.#places.get(tensor) ?? this.#places.get(splitTensor(tensor).call);
  }

  #connect(tensor: TensorId, to: number, isLiveUse: boolean): void {
    const { call } = splitTensor(tensor);
    const [cut, own] = [this.#places.get(tensor), this.#places.get(call)];
    // A tensor that is handed in comes from there for what runs; what does not run has it from the layer, as in the model.
    const from = isLiveUse ? (cut ?? own) : (own ?? cut);
    if (from === undefined || from === to) return;
    const [before, after] = [this.#sides.get(from), this.#sides.get(to)];
    if (isLiveUse && before === 'prefix' && after === 'suffix') {
      const pill = this.#feature(tensor, from);
      this.#edge(from, pill, 'prefix');
      this.#edge(pill, to, 'live');
    } else this.#edge(from, to, before === 'dead' || after === 'dead' || !isLiveUse ? 'dead' : after === 'prefix' ? 'prefix' : 'live');
  }

  #edge(from: number, to: number, tone: Edge['tone']): void {
    this.#edges.set(`${from} ${to}`, { from, to, tone });
  }

  /** The tensor that crosses the cut, once for all that takes it. */
  #feature(tensor: TensorId, from: number): number {
    const { program, values, types } = this.#parts;
    const value = values.get(tensor);
    const features = program.features ?? [];
    const feature = features.find((each) => each.value === value) ?? (features.length === 1 ? features[0] : undefined);
    const key = feature === undefined ? `${from}` : feature.value;
    const known = this.#features.get(key);
    if (known !== undefined) return known;
    const type = this.#kept.get(feature?.value ?? '')?.type ?? types.get(tensor);
    const place = this.#nodes.push({
      kind: 'pill',
      role: 'feature',
      tone: 'prefix',
      name: feature?.key ?? tensorName(tensor),
      shape: type?.shape ?? null,
      bytes: type === undefined ? null : bytes(type),
    });
    this.#features.set(key, place - 1);
    this.#sides.set(place - 1, 'prefix');
    return place - 1;
  }

  /** A tensor that the selection takes as an input, where the model computes it. */
  #addCut(tensor: TensorId, key: string, from: number): void {
    const type = this.#parts.types.get(tensor);
    const pill: Pill = { kind: 'pill', role: 'cut', tone: 'input', name: key, shape: type?.shape ?? null, bytes: null };
    this.#edge(from, this.#add(tensor, this.#hoisted, pill), 'dead');
  }

  #addOutputs(): void {
    const { graph, selected, types } = this.#parts;
    const chosen = new Set(selected.outputs.map(({ tensor }) => tensor));
    const shown = [
      ...selected.outputs.map((output) => ({ ...output, isChosen: true })),
      ...graph.outputs.filter(({ tensor }) => !chosen.has(tensor)).map((output) => ({ ...output, isChosen: false })),
    ];
    for (const { key, tensor, isChosen } of shown) {
      const from = this.#placeOf(tensor);
      if (from === undefined) continue;
      const tone: Tone = isChosen ? 'suffix' : 'removed';
      const pill: Pill = { kind: 'pill', role: 'output', tone, name: key, shape: types.get(tensor)?.shape ?? null, bytes: null };
      const place = this.#nodes.push(pill) - 1;
      this.#sides.set(place, isChosen ? 'suffix' : 'dead');
      this.#connect(tensor, place, isChosen);
    }
  }

  #title(): Picture['title'] {
    const { graph, program, whole, explanations, types } = this.#parts;
    const [after, before] = [costOfProgram(program).flops, costOfProgram(whole).flops];
    return {
      model: graph.name,
      outputs: program.outputs.filter(isPublic).map(({ key }) => key),
      layers: { kept: explanations.filter(({ fate }) => fate !== 'removed' && fate !== 'skipped').length, of: explanations.length },
      flops: { kept: after.prefix + after.suffix, of: before.prefix + before.suffix },
      isCounted: graph.calls.every(({ id }) => types.has(`${id}:0`)),
      saved: program.features === null ? null : after.prefix,
    };
  }
}
