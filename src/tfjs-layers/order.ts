import { splitTensor, type TensorId } from '../model/graph.ts';
import type { PeerTopology } from './topology.ts';

/**
 * The tensors in the order in which tfjs-layers computes them (`getTopologicalSortAndRecipientCounts` of its executor): depth first from
 * each output in turn, the last input first. A call that gives several tensors is run for each.
 */
export function executionOrder({ calls, inputs, outputs }: PeerTopology): readonly TensorId[] {
  const inputsOf = new Map(calls.map((call) => [call.id, call.inputs]));
  const visited = new Set<TensorId>(inputs.map(({ tensor }) => tensor));
  const sorted: TensorId[] = [];
  for (const output of outputs) {
    const stack: { readonly tensor: TensorId; open: boolean }[] = [{ tensor: output, open: true }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (visited.has(top.tensor)) {
        stack.pop();
      } else if (top.open) {
        top.open = false;
        for (const tensor of inputsOf.get(splitTensor(top.tensor).call) ?? []) if (!visited.has(tensor)) stack.push({ tensor, open: true });
      } else {
        stack.pop();
        visited.add(top.tensor);
        sorted.push(top.tensor);
      }
    }
  }
  return sorted;
}
