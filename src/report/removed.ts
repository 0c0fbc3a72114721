import { type Call, type CallId, type ModelGraph, type TensorId, tensorsOf } from '../model/graph.ts';

/** So many names at most are told of what a layer leads to. */
const MOST = 3;

/** Where what a removed call gives comes to an end. */
interface Ends {
  /** Outputs that were not chosen, tensors that are given, layers that are skipped. */
  readonly outputs: Named;
  readonly inputs: Named;
  readonly skipped: Named;
}

/** The first few names of a set, and how many more there are at least. */
class Named {
  readonly #names = new Set<string>();
  #isMore = false;

  add(name: string): void {
    if (this.#names.has(name)) return;
    if (this.#names.size === MOST) this.#isMore = true;
    else this.#names.add(name);
  }

  addAll(other: Named): void {
    for (const name of other.#names) this.add(name);
    this.#isMore ||= other.#isMore;
  }

  get isEmpty(): boolean {
    return this.#names.size === 0;
  }

  /** `a`, `a and b`, `a, b, c and more`. */
  get text(): string {
    const names = [...this.#names, ...(this.#isMore ? ['more'] : [])];
    return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  }
}

/**
 * Why a selection left layers out, by their paths, in words that complete "removed: ". Linear in the size of the graph.
 * @param selected what is left of it
 * @param skipped calls that `--skip` makes the identity; these are not told of
 */
export function whyRemoved(graph: ModelGraph, selected: ModelGraph, skipped: ReadonlySet<CallId>): ReadonlyMap<string, string> {
  const live = new Set(selected.calls.map(({ id }) => id));
  const chosen = new Set(selected.outputs.map(({ tensor }) => tensor));
  const own = new Set(graph.inputs.map(({ tensor }) => tensor));
  const ends = new Map<string, Ends>();
  const endsOf = (tensor: TensorId): Ends => {
    const call = tensor.slice(0, tensor.lastIndexOf(':'));
    const known = ends.get(call) ?? { outputs: new Named(), inputs: new Named(), skipped: new Named() };
    ends.set(call, known);
    return known;
  };
  for (const { key, tensor } of graph.outputs) if (!chosen.has(tensor)) endsOf(tensor).outputs.add(key);
  for (const { key, tensor, maskOf } of selected.inputs) if (!own.has(tensor) && maskOf === undefined) endsOf(tensor).inputs.add(key);

  const reasons = new Map<string, string>();
  const needed = new Set(selected.calls.map(({ layer }) => layer.path));
  const isRemoved = ({ id }: Call): boolean => !live.has(id) && !skipped.has(id);
  // From the outputs on: all that uses what a call gives comes before it.
  for (const call of graph.calls.toReversed()) {
    const { layer, id } = call;
    if (skipped.has(id)) for (const tensor of tensorsOf(call)) endsOf(tensor).skipped.add(layer.path);
    if (!isRemoved(call)) continue;
    const given = ends.get(id);
    if (given !== undefined) {
      for (const tensor of tensorsOf(call)) {
        const before = endsOf(tensor);
        before.outputs.addAll(given.outputs);
        before.inputs.addAll(given.inputs);
        before.skipped.addAll(given.skipped);
      }
    }
    if (!needed.has(layer.path)) reasons.set(layer.path, reasonOf(given));
  }
  return reasons;
}

function reasonOf(ends: Ends | undefined): string {
  if (ends === undefined) return 'nothing needs it';
  const { outputs, inputs, skipped } = ends;
  const feeds = [
    ...(inputs.isEmpty ? [] : [`${inputs.text}, which is given as input`]),
    ...(skipped.isEmpty ? [] : [`${skipped.text}, which is skipped`]),
    ...(outputs.isEmpty || (inputs.isEmpty && skipped.isEmpty) ? [] : [`${outputs.text}, which is not chosen`]),
  ];
  if (feeds.length > 0) return `only feeds ${feeds.join('; and ')}`;
  return outputs.isEmpty ? 'nothing needs it' : `no chosen output needs it, only ${outputs.text}`;
}
