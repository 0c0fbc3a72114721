import type { Value } from '../../ir/program.ts';
import type { Dim } from '../../ir/types.ts';
import { type Arg, isTensorArg } from '../../model/graph.ts';
import type { Call } from './call.ts';

/** What is known of integers that models compute from shapes: sizes, or symbols of sizes that are not known until it runs. */
const known = new WeakMap<Value, readonly Dim[]>();

/** Says that a tensor of integers holds these sizes. */
export function isSizes(value: Value, sizes: readonly Dim[]): Value {
  known.set(value, sizes);
  return value;
}

/** The sizes a tensor holds, where it comes from a shape. */
export const sizesOf = (value: Value): readonly Dim[] | undefined => known.get(value);

/**
 * A shape that a call is given: numbers, None, and sizes that the model takes from other shapes.
 * @throws SkipcError `layer-unsupported` where it is computed from anything else
 */
export function sizesIn(call: Call, name: string): readonly (Dim | null)[] {
  const given = call.raw(name);
  if (given === undefined) return call.mismatch(`${name} as a shape`, given);
  if (!Array.isArray(given)) return sizesOfItem(call, name, given as Arg);
  return (given as readonly Arg[]).flatMap((item) => sizesOfItem(call, name, item));
}

function sizesOfItem(call: Call, name: string, item: Arg): readonly (Dim | null)[] {
  if (item === null) return [null];
  if (typeof item === 'number' && Number.isInteger(item) && item >= -1) return [item];
  if (!isTensorArg(item)) return call.mismatch(`${name} as a list of sizes`, item);
  return (
    sizesOf(call.layer.value(item.tensor)) ??
    call.unsupported(`a ${name} that is computed`, 'write the numbers, or take them from the shape of a tensor')
  );
}
