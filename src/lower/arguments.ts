import { fail, type Location } from '../diagnostics/error.ts';
import type { LayerRow } from '../layers/row.ts';
import { type Arg, type Call, givenTo, type TensorId, tensorsIn } from '../model/graph.ts';

/**
 * The tensors of the positional arguments of a call, from left to right.
 * @throws SkipcError `layer-inputs`, `layer-keyword` where they are not what the layer's row takes
 */
export function argumentsOf(call: Call, row: LayerRow, where: Location): readonly TensorId[] {
  const { className } = call.layer;
  if (row.takesAny === true) return givenTo(call);
  const { positional, keywords } = split(call);
  const stray = keywords.find((name) => name !== 'mask' && !row.keywords?.includes(name));
  if (stray !== undefined) fail('layer-keyword', { className, keyword: stray }, where);
  const first = tensorsIn(call.args[0] ?? null).length || positional.length;
  const hasOthers = positional.length > first;
  if ((row.takesList !== true && first !== 1) || (hasOthers && row.keywords === undefined)) {
    fail(
      'layer-inputs',
      { className, expected: row.takesList ? 'a list of tensors' : 'one tensor', found: String(positional.length) },
      where,
    );
  }
  return positional;
}

/** The call with its further positional arguments under the names that the layer's row has for them. */
export function withNames(call: Call, row: LayerRow): Call {
  const [first, ...others] = call.args;
  if (first === undefined || others.length === 0 || others.length > (row.keywords?.length ?? 0)) return call;
  const kwargs: Record<string, Arg> = { ...call.kwargs };
  others.forEach((arg, i) => {
    const name = row.keywords?.[i] as string;
    if (arg !== null) kwargs[name] ??= arg;
  });
  return { ...call, args: [first], kwargs };
}

/** What a call is given in order, and the names of further keyword arguments that hold tensors. */
function split(call: Call): { readonly positional: readonly TensorId[]; readonly keywords: readonly string[] } {
  const keywords = Object.keys(call.kwargs).filter((name) => tensorsIn(call.kwargs[name] ?? null).length > 0);
  const positional = tensorsIn(call.args);
  // A layer may be called with its first argument by name: `dense(inputs=x)`.
  const [first, ...others] = keywords;
  if (positional.length > 0 || first === undefined || first === 'mask') return { positional, keywords };
  return { positional: tensorsIn(call.kwargs[first] ?? null), keywords: others };
}
