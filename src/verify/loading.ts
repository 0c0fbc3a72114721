import { compare } from './compare.ts';
import type { Expected, Noted } from './expectation.ts';
import { type Held, heldIn } from './held.ts';
import { asExpected, comparer, type Match, Matching } from './match.ts';
import type { Side } from './side.ts';
import type { Loaded, Subjects } from './subjects.ts';

/** The same program again: only what was baked on another backend is rounded otherwise. */
export const SAME = 1e-6;
const BAKED = 1e-5;

export interface LoadedSubject {
  readonly loaded: Loaded;
  /** What the load stage computes, compared with the program unoptimised. */
  readonly plain: Match;
  /** For a module on disk, compared with what is compiled now: the weights themselves too. */
  readonly fresh: Match | null;
}

/**
 * Loads the weights of the module, and compares what it makes of them.
 * @throws Failure where it does not load
 */
export async function loadSubject({ subject, fresh }: Subjects, reference: Noted): Promise<LoadedSubject> {
  const known = fresh === null ? null : await loadedOf(fresh);
  const [plainMatching, freshMatching] = [new Matching(), new Matching()];
  const [seePlain, seeFresh] = [comparer(reference.loaded, plainMatching), comparer(known?.values ?? new Map(), freshMatching)];
  const weights = await subject.load((name, tensor, site) => {
    let held: Held | undefined;
    const once = (): Held => {
      held ??= heldIn(tensor);
      return held;
    };
    seePlain(name, once, site);
    seeFresh(name, once, site);
    return undefined;
  });
  for (const [key, tensor] of Object.entries(weights)) {
    const other = known?.members.get(key);
    const value = subject.nameOf(key);
    if (other === undefined || value === undefined) continue;
    const comparison = compare(heldIn(tensor), other, asExpected(other, BAKED).allowance);
    freshMatching.add({ value, isOutput: false, site: null, step: null }, comparison);
  }
  return {
    loaded: { side: subject, weights },
    plain: plainMatching.finish(),
    fresh: known === null ? null : freshMatching.finish(),
  };
}

/** What a module computes as it loads, and what it then holds. */
async function loadedOf(
  side: Side,
): Promise<{ readonly values: ReadonlyMap<string, readonly Expected[]>; readonly members: ReadonlyMap<string, Held> }> {
  const values = new Map<string, Expected[]>();
  const weights = await side.load((name, tensor) => {
    values.set(name, [...(values.get(name) ?? []), asExpected(heldIn(tensor), SAME)]);
    return undefined;
  });
  const members = new Map(Object.entries(weights).map(([key, tensor]) => [key, heldIn(tensor)]));
  side.module.dispose(weights);
  return { values, members };
}
