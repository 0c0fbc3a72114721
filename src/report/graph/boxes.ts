import { type Call, type CallId, givenTo, splitTensor, type TensorId } from '../../model/graph.ts';
import type { Explanation, Fate } from '../explanation.ts';
import type { PictureParts } from './picture.ts';

/** Calls that are drawn as one box: the first took the others. */
export interface Joined {
  readonly calls: readonly Call[];
  /** The one that runs last: its result is that of all. */
  readonly result: Call;
}

const LONGEST_CHAIN = 6;

const TAKEN: ReadonlySet<Fate> = new Set(['folded', 'fused', 'joined']);

/**
 * Calls in boxes, in an order in which they can run: what was folded or fused into a neighbour stands in the box of that, and removed
 * layers that stand in a row stand together. Two boxes are
 * joined only where no other way leads from the one to the other, so that the boxes have an order too.
 */
export function joinCalls({ graph, selected, explanations }: Pick<PictureParts, 'graph' | 'selected' | 'explanations'>): readonly Joined[] {
  const told = new Map(explanations.map((explanation) => [explanation.layer, explanation]));
  const isRemoved = (layer: string): boolean => told.get(layer)?.fate === 'removed';
  const cut = new Set(selected.inputs.map(({ tensor }) => splitTensor(tensor).call));
  const boxes = new Map<CallId, Call[]>();
  const uses = usersOf(graph.calls);
  const returned = new Set(graph.outputs.map(({ tensor }) => splitTensor(tensor).call));
  const of = (tensor: TensorId): Call[] | undefined => boxes.get(splitTensor(tensor).call);
  /** Removed layers in a row take little room: what they do is not what the picture is about. */
  const isChain = (call: Call, before: readonly Call[]): boolean => {
    const [last] = before.slice(-1);
    const isFree = last !== undefined && !returned.has(last.id) && uses.get(last.id)?.size === 1;
    return isFree && before.length < LONGEST_CHAIN && [call, ...before].every(({ layer, id }) => isRemoved(layer.path) && !cut.has(id));
  };
  for (const call of graph.calls) {
    const producers = new Set(
      givenTo(call)
        .flatMap((tensor) => [of(tensor) ?? []])
        .filter(({ length }) => length > 0),
    );
    const [only] = producers;
    if (producers.size === 1 && only !== undefined && isAllOf(call, producers) && isTaken(call, only, told)) {
      only.push(call);
      boxes.set(call.id, only);
      continue;
    }
    if (producers.size === 1 && only !== undefined && isAllOf(call, producers) && isChain(call, only)) {
      only.push(call);
      boxes.set(call.id, only);
      continue;
    }
    const box = [call];
    boxes.set(call.id, box);
    // What stands before this and is part of it, as zeros around an image are.
    for (const producer of producers) {
      const [first] = producer;
      if (first === undefined || !isTaken(first, [call], told)) continue;
      const isUsedHere = (id: CallId): boolean =>
        [...(uses.get(id) ?? [])].every((user) => user === call.id || boxes.get(user) === producer);
      if (!producer.every(({ id }) => isUsedHere(id) && !returned.has(id))) continue;
      box.push(...producer);
      for (const { id } of producer) boxes.set(id, box);
    }
  }
  const order = new Map(graph.calls.map(({ id }, i) => [id, i]));
  const later = (a: Call, b: Call): Call => ((order.get(a.id) ?? 0) > (order.get(b.id) ?? 0) ? a : b);
  return [...new Set(boxes.values())].map((calls) => ({ calls, result: calls.reduce(later) }));
}

/** True where a call is given nothing but what one box gives. */
const isAllOf = (call: Call, producers: ReadonlySet<readonly Call[]>): boolean => {
  const ids = new Set([...producers].flatMap((calls) => calls.map(({ id }) => id)));
  return givenTo(call).every((tensor) => ids.has(splitTensor(tensor).call));
};

function isTaken(call: Call, by: readonly Call[], told: ReadonlyMap<string, Explanation>): boolean {
  const explanation = told.get(call.layer.path);
  if (explanation === undefined || !TAKEN.has(explanation.fate)) return false;
  const into = new Set(explanation.into);
  return by.some(({ layer }) => into.has(layer.path));
}

function usersOf(calls: readonly Call[]): ReadonlyMap<CallId, ReadonlySet<CallId>> {
  const users = new Map<CallId, Set<CallId>>();
  for (const call of calls) {
    for (const tensor of givenTo(call)) {
      const { call: id } = splitTensor(tensor);
      const known = users.get(id);
      if (known === undefined) users.set(id, new Set([call.id]));
      else known.add(call.id);
    }
  }
  return users;
}
