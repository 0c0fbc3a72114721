import { clone, type NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { type Each, isAlone, type LabelledBatch, tensorsIn } from './data.ts';
import type { NDArray } from './ndarray.ts';

/**
 * Inputs by their keys.
 * @param made is given the tensors that were made for this batch alone
 */
export async function inputsOf(xs: LabelledBatch['xs'], inputs: readonly string[], made: Tensor[]): Promise<NamedTensorMap> {
  const given = typeof xs === 'function' ? await xs() : xs;
  if (typeof xs === 'function') made.push(...tensorsIn(given));
  const list = given instanceof Tensor ? [given] : given;
  if (Array.isArray(list) && list.length !== inputs.length)
    throw new Error(`data: ${list.length} inputs, expected ${inputs.map((name) => JSON.stringify(name)).join(', ')}`);
  const named = Object.entries<Tensor>(Array.isArray(list) ? Object.fromEntries(inputs.map((name, i) => [name, list[i]])) : Object(list));
  if (typeof xs === 'function') return Object.fromEntries(named);
  // A variable may be assigned to while a cache looks for its features.
  const held = named.map(([name, x]) => [name, x instanceof Tensor && 'assign' in x && !x.isDisposed ? clone(x) : x] as const);
  held.forEach(([, x], i) => void (x === named[i]?.[1] || made.push(x)));
  return Object.fromEntries(held);
}

/**
 * Labels or weights by the head that they are for.
 * @param shared true where one is for all of them, and some may have none
 */
export function byHead(
  given: Each<NDArray>,
  heads: readonly string[],
  outputs: readonly string[],
  what: string,
  shared: boolean,
): ReadonlyMap<string, NDArray> {
  const expected = (): string => `expected ${heads.map((name) => JSON.stringify(name)).join(', ')}`;
  if (isAlone(given)) {
    if (heads.length > 1 && !shared) throw new Error(`${what}: one tensor, ${expected()}`);
    return new Map(heads.map((head) => [head, given]));
  }
  if (!Array.isArray(given)) {
    const named = given as Readonly<Record<string, NDArray>>;
    const missing = heads.filter((head) => !Object.hasOwn(named, head));
    if (missing.length > (shared ? heads.length - 1 : 0))
      throw new Error(
        `${what} of ${JSON.stringify(missing[0])} are missing: found ${Object.keys(named)
          .map((name) => JSON.stringify(name))
          .join(', ')}, ${expected()}`,
      );
    return new Map(heads.flatMap((head) => (Object.hasOwn(named, head) ? [[head, named[head] as NDArray] as const] : [])));
  }
  const [only] = given;
  if (shared && given.length === 1 && only !== undefined) return new Map(heads.map((head) => [head, only]));
  const order = given.length === outputs.length ? outputs : heads;
  if (given.length !== order.length) throw new Error(`${what}: a list of ${given.length}, ${expected()}`);
  return new Map(heads.map((head) => [head, given[order.indexOf(head)] as NDArray]));
}
