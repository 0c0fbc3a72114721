import type { Tensor } from '@tensorflow/tfjs-core';
import { sourceIdOf } from './load.ts';
import type { Variable } from './resolve.ts';

/** What a `refresh` has done. */
export interface Refreshed {
  /** Variables of the model that hold other data than those that the weights were made from. */
  readonly changed: readonly string[];
  /** True where the prefix computes with other weights than before: features that it gave do not fit any more. */
  readonly prefix: boolean;
}

const variableIds = new WeakMap<object, Readonly<Record<string, object>>>();
const told = new WeakSet<object>();

/** Notes which data weights were made from. */
export function remember<T extends object>(weights: T, variables: Readonly<Record<string, Tensor>>): T {
  variableIds.set(weights, Object.fromEntries(Object.entries(variables).map(([name, variable]) => [name, sourceIdOf(variable)])));
  return weights;
}

/** The variables that hold other data than those that weights were made from; all, where that is not known. */
export function changedSince(weights: object, variables: Readonly<Record<string, Tensor>>): ReadonlySet<string> {
  const before = variableIds.get(weights) ?? {};
  return new Set(Object.keys(variables).filter((name) => before[name] !== sourceIdOf(variables[name] as Tensor)));
}

export const isAnyOf = (names: readonly string[], changed: ReadonlySet<string>): boolean => names.some((name) => changed.has(name));

/**
 * Puts newer tensors into weights, and frees those that they replace.
 * @param taken the variables that they were made from, and which of them changed; null where they came as they are
 * @param prefix the variables that it depends on, and its hash
 */
export async function renew(
  weights: Record<string, Tensor>,
  newer: Readonly<Record<string, Tensor>>,
  taken: { readonly ids: Readonly<Record<string, Tensor>>; readonly changed: ReadonlySet<string> } | null,
  variables: Readonly<Record<string, Variable>>,
  prefix?: { readonly variables: readonly string[]; key(): Promise<string> },
): Promise<Refreshed> {
  const changed = taken?.changed ?? new Set(Object.keys(variables));
  const touched = prefix !== undefined && isAnyOf(prefix.variables, changed);
  // Other data may hold the same numbers. A page that cannot hash takes it for changed.
  const hashOf = async (): Promise<string | null> => (touched ? prefix.key().catch(() => null) : null);
  const hashing = hashOf();
  const replaced: Tensor[] = [];
  // All at once, before anything is waited for: of two refreshes one comes after the other, and `newer` is newer than what is there.
  for (const [name, tensor] of Object.entries(newer)) {
    const held = weights[name];
    // What is the same stays: features are known by the tensors that they were computed with.
    if (held !== undefined && sourceIdOf(held) === sourceIdOf(tensor)) tensor.dispose();
    else {
      if (held !== undefined) replaced.push(held);
      weights[name] = tensor;
    }
  }
  if (taken === null) variableIds.delete(weights);
  else remember(weights, taken.ids);
  const before = await hashing;
  for (const tensor of replaced) tensor.dispose();
  const isStale = touched && (before === null || before !== (await hashOf()));
  if (isStale && !told.has(weights)) {
    told.add(weights);
    console.warn(
      'weights of the prefix changed: features computed before are stale. Compile again with what is frozen now, or cut elsewhere.',
    );
  }
  return { changed: [...changed].map((name) => variables[name]?.[0] ?? name), prefix: isStale };
}
