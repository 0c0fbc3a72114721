import { type Call, type CallId, type Layer, splitTensor, type TensorId, tensorsOf } from '../model/graph.ts';

/**
 * Calls in the order in which Keras 3 runs them: by their distance from the outputs, the farthest first, and of equals the one that is
 * met first on the way back from the last output (`map_graph` in `keras/src/ops/function.py`). It matters where a layer takes masks
 * off its inputs, as MultiHeadAttention does. What no output needs comes last.
 * @param calls in an order in which they can run
 */
export function inKerasOrder(calls: readonly Call[], outputs: readonly TensorId[]): readonly Call[] {
  const byId = new Map(calls.map((call) => [call.id, call]));
  const parentsOf = (call: Call): readonly Call[] => tensorsOf(call).flatMap((tensor) => byId.get(splitTensor(tensor).call) ?? []);
  const depths = new Map<CallId, number>();
  const layerDepths = new Map<Layer, number>();
  for (const call of fromInputs(byId, outputs, parentsOf).toReversed()) {
    const depth = Math.max(depths.get(call.id) ?? 0, layerDepths.get(call.layer) ?? 0);
    depths.set(call.id, depth);
    layerDepths.set(call.layer, depth);
    for (const parent of parentsOf(call)) depths.set(parent.id, Math.max(depths.get(parent.id) ?? 0, depth + 1));
  }
  const live = [...depths].map(([id, depth]) => ({ call: byId.get(id) as Call, depth }));
  const ordered = live.sort((a, b) => b.depth - a.depth).map(({ call }) => call);
  return [...ordered, ...calls.filter(({ id }) => !depths.has(id))];
}

/** A depth-first walk back from the outputs, each call behind all that it needs. Does not recurse: chains are long. */
function fromInputs(
  byId: ReadonlyMap<CallId, Call>,
  outputs: readonly TensorId[],
  parentsOf: (call: Call) => readonly Call[],
): readonly Call[] {
  const seen = new Set<CallId>();
  const finished: Call[] = [];
  for (const output of outputs) {
    const start = byId.get(splitTensor(output).call);
    const walk: { readonly call: Call; readonly parents: readonly Call[]; next: number }[] = [];
    const enter = (call: Call | undefined): void => {
      if (call === undefined || seen.has(call.id)) return;
      seen.add(call.id);
      walk.push({ call, parents: parentsOf(call), next: 0 });
    };
    enter(start);
    for (let top = walk.at(-1); top !== undefined; top = walk.at(-1)) {
      const parent = top.parents[top.next++];
      if (parent !== undefined) enter(parent);
      else {
        finished.push(top.call);
        walk.pop();
      }
    }
  }
  return finished;
}
