import type { Arg, Call, Layer, ModelGraph, TensorId } from '../model/graph.ts';
import { isTensorArg, tensorsIn } from '../model/graph.ts';

/**
 * A graph without masks that come from elsewhere than its layers: those of cut tensors, and those that calls of nested models have put on
 * what they are called with. A layer that changes nothing is called with the tensor and the mask, and stands in for the tensor.
 */
export function withCarriedMasks(graph: ModelGraph): ModelGraph {
  const taken = new Set([...graph.calls.map(({ layer }) => layer.path), ...graph.inputs.map(({ name }) => name)]);
  /** What stands in for a tensor now. */
  const carried = new Map<TensorId, TensorId>();
  const entered = new Map<string, TensorId>();
  const calls: Call[] = [];
  const carry = (tensor: TensorId, mask: TensorId): void => {
    const layer = carrier(tensor, taken);
    const id = `${layer.path}@0`;
    calls.push({ id, layer, args: [{ tensor: carried.get(tensor) ?? tensor }], kwargs: { mask: { tensor: mask } } });
    carried.set(tensor, `${id}:0`);
  };
  for (const { tensor, maskOf } of graph.inputs) if (maskOf !== undefined) carry(maskOf, tensor);
  for (const call of graph.calls) {
    const { entering = [], unmasked: _, ...rest } = call;
    for (const { model, tensor, mask } of entering) {
      const entry = `${model} ${tensor}`;
      if (!entered.has(entry)) carry(tensor, mask);
      entered.set(entry, tensor);
    }
    calls.push(rewired(rest, carried));
  }
  const inputs = graph.inputs.map(({ maskOf: __, fill: ___, ...input }) => input);
  return { ...graph, inputs, calls };
}

function carrier(tensor: TensorId, taken: Set<string>): Layer {
  const wanted = `${tensor.replace(/@0:0$/, '')}:masked`;
  let name = wanted;
  for (let n = 2; taken.has(name); n++) name = `${wanted}~${n}`;
  taken.add(name);
  return { path: name, name, className: 'Dropout', config: { name, rate: 0 }, trainable: true, pointer: '' };
}

function rewired(call: Call, carried: ReadonlyMap<TensorId, TensorId>): Call {
  const own = [...tensorsIn(call.args), ...Object.values(call.kwargs).flatMap((arg) => tensorsIn(arg))];
  if (!own.some((tensor) => carried.has(tensor))) return call;
  const rewire = (arg: Arg): Arg => {
    if (typeof arg !== 'object' || arg === null) return arg;
    if (isTensorArg(arg)) return { tensor: carried.get(arg.tensor) ?? arg.tensor };
    if (Array.isArray(arg)) return arg.map(rewire);
    return Object.fromEntries(Object.entries(arg).map(([key, inner]) => [key, rewire(inner as Arg)]));
  };
  return {
    ...call,
    args: call.args.map(rewire),
    kwargs: Object.fromEntries(Object.entries(call.kwargs).map(([key, arg]) => [key, rewire(arg)])),
  };
}
