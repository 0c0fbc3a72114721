import { fail } from '../diagnostics/error.ts';
import { type Call, splitTensor, tensorsOf } from '../model/graph.ts';

const MOST_NAMED = 8;

/**
 * Calls in an order in which they can run: of those whose tensors are all there, always the first in file order. Takes n log n.
 * @throws SkipcError `model-cyclic`
 */
export function inOrder(calls: readonly Call[], file: string | undefined): readonly Call[] {
  const position = new Map(calls.map((call, i) => [call.id, i]));
  const needs = calls.map((call) => producers(call, position));
  const users: number[][] = calls.map(() => []);
  needs.forEach((list, i) => {
    for (const producer of list) users[producer]?.push(i);
  });
  const open = needs.map((list) => list.length);
  const ready = new Heap();
  open.forEach((count, i) => {
    if (count === 0) ready.push(i);
  });
  const ordered: Call[] = [];
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    ordered.push(calls[next] as Call);
    for (const user of users[next] as number[]) if (--(open[user] as number) === 0) ready.push(user);
  }
  if (ordered.length < calls.length) failOnCycle(calls, needs, open, file);
  return ordered;
}

/** Positions of the calls that a call needs, each once; tensors of inputs have none. */
function producers(call: Call, position: ReadonlyMap<string, number>): readonly number[] {
  const found = new Set<number>();
  for (const tensor of tensorsOf(call)) {
    const producer = position.get(splitTensor(tensor).call);
    if (producer !== undefined) found.add(producer);
  }
  return [...found];
}

/** Walks back from a call that never could run until it meets itself. */
function failOnCycle(
  calls: readonly Call[],
  needs: readonly (readonly number[])[],
  open: readonly number[],
  file: string | undefined,
): never {
  const seen = new Map<number, number>();
  const walk: number[] = [];
  let at = open.findIndex((count) => count > 0);
  while (!seen.has(at)) {
    seen.set(at, walk.length);
    walk.push(at);
    at = needs[at]?.find((producer) => (open[producer] as number) > 0) as number;
  }
  const cycle = walk
    .slice(seen.get(at))
    .reverse()
    .map((i) => calls[i] as Call);
  const first = cycle[0] as Call;
  const names = cycle.slice(0, MOST_NAMED).map((call) => call.layer.path);
  return fail(
    'model-cyclic',
    { cycle: cycle.length > MOST_NAMED ? [...names, '...'] : names },
    { file, pointer: first.layer.pointer, layer: first.layer.path },
  );
}

/** A binary heap that gives its smallest number first. */
class Heap {
  readonly #items: number[] = [];

  push(item: number): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if ((items[above] as number) <= item) break;
      items[at] = items[above] as number;
      at = above;
    }
    items[at] = item;
  }

  pop(): number | undefined {
    const items = this.#items;
    const least = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return least;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && (items[below + 1] as number) < (items[below] as number)) below++;
      if ((items[below] as number) >= last) break;
      items[at] = items[below] as number;
      at = below;
    }
    items[at] = last;
    return least;
  }
}
