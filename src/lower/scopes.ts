import { type Call, type CallId, givenTo, type ModelGraph, splitTensor, tensorsIn } from '../model/graph.ts';

/** Layers that stand for one function call in the graph: Keras numbers them in the order in which they were made. */
const FUNCTION = /^ops\.|^(TFOpLambda|SlicingOpLambda|TensorFlowOpLayer)$/;

/**
 * What the tensors of graph ops are called after. Keras names such a node by its op and a serial number, so that one op more
 * would rename all behind it: here it is named from the layer that uses it, and what for. Outputs of the model keep their names.
 */
export function scopesOf(graph: ModelGraph): ReadonlyMap<string, string> {
  const scopes = new Map<string, string>();
  if (!graph.calls.some(({ layer }) => FUNCTION.test(layer.className))) return scopes;
  const outputs = new Set(graph.outputs.map(({ tensor }) => splitTensor(tensor).call));
  /** For each call, the layer that its first user is named after, and what for where that is a keyword argument. */
  const users = new Map<CallId, { readonly anchor: string; readonly role: string | null }>();
  for (const call of graph.calls.toReversed()) {
    const isFunction = FUNCTION.test(call.layer.className);
    const user = users.get(call.id);
    const isNamed = !isFunction || user === undefined || outputs.has(call.id);
    const anchor = isNamed ? call.layer.path : user.anchor;
    if (!isNamed) scopes.set(call.id, `${anchor}.${user.role ?? roleOf(call)}`);
    for (const tensor of givenTo(call)) users.set(splitTensor(tensor).call, { anchor, role: null });
    for (const { mask } of call.entering ?? []) users.set(splitTensor(mask).call, { anchor, role: 'mask' });
    if (isFunction) continue;
    for (const [keyword, arg] of Object.entries(call.kwargs)) {
      for (const tensor of tensorsIn(arg)) users.set(splitTensor(tensor).call, { anchor, role: keyword });
    }
  }
  return numbered(graph, scopes);
}

/** Names that several ops would have, told apart by numbers in file order. */
function numbered(graph: ModelGraph, scopes: ReadonlyMap<CallId, string>): ReadonlyMap<CallId, string> {
  const counts = new Map<string, number>();
  const unique = new Map<CallId, string>();
  for (const { id } of graph.calls) {
    const scope = scopes.get(id);
    if (scope === undefined) continue;
    const count = (counts.get(scope) ?? 0) + 1;
    counts.set(scope, count);
    unique.set(id, count === 1 ? scope : `${scope}~${count}`);
  }
  return unique;
}

/** The op, without its number. */
const roleOf = ({ layer }: Call): string => layer.name.replace(/_\d+$/, '').replace(/^tf\.(?:.*\.)?/, '');
