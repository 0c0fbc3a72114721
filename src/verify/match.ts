import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import type { Site } from '../emit/sites.ts';
import { type Allowance, type Comparison, compare, magnitudeOf } from './compare.ts';
import type { Expectation, Expected } from './expectation.ts';
import { type Held, heldIn } from './held.ts';
import { Failure, type Side } from './side.ts';

/** A value that is not what it is to be. */
export interface Mismatch {
  /** Its name in the program; the key of an output. */
  readonly value: string;
  readonly isOutput: boolean;
  /** The statement that computes it, where it is known. */
  readonly site: Site | null;
  /** In which step of a loop, from 0; null outside of loops. */
  readonly step: number | null;
  readonly comparison: Comparison;
}

/** How a side did. */
export interface Match {
  readonly failure: Failure | null;
  /** In the order in which they are computed, outputs at the end. */
  readonly mismatches: readonly Mismatch[];
  /** The value of the largest difference, of what is allowed. */
  readonly worst: { readonly value: string; readonly error: number; readonly allowed: number } | null;
  readonly compared: number;
  /** Elements that rounding alone decides, and that differ. */
  readonly ties: number;
}

export const agrees = ({ failure, mismatches }: Match): boolean => failure === null && mismatches.length === 0;

/** Gathers comparisons. */
export class Matching {
  readonly #mismatches: Mismatch[] = [];
  #worst: Match['worst'] = null;
  #compared = 0;
  #ties = 0;

  add(about: Omit<Mismatch, 'comparison'>, comparison: Comparison): void {
    this.#compared += 1;
    this.#ties += comparison.ties;
    if (!comparison.isWithin) this.#mismatches.push({ ...about, comparison });
    const { error, allowed } = comparison;
    const isWorse = this.#worst === null || error / (allowed || 1) > this.#worst.error / (this.#worst.allowed || 1);
    if (isWorse) this.#worst = { value: about.value, error, allowed };
  }

  finish(failure: Failure | null = null): Match {
    return { failure, mismatches: this.#mismatches, worst: this.#worst, compared: this.#compared, ties: this.#ties };
  }
}

/** Compares each value as it is computed; one that a loop computes, step by step. */
export function comparer(expected: Expectation['values'], matching: Matching): (name: string, held: () => Held, site: Site | null) => void {
  const counts = new Map<string, number>();
  return (name, held, site) => {
    const all = expected.get(name);
    if (all === undefined) return;
    const step = counts.get(name) ?? 0;
    counts.set(name, step + 1);
    const of = all[step];
    if (of === undefined) return;
    matching.add({ value: name, isOutput: false, site, step: all.length > 1 ? step : null }, compare(held(), of.held, of.allowance));
  };
}

/** Runs a side on a case and compares all that it has in common with what is expected. */
export function matchCase(side: Side, weights: NamedTensorMap, inputs: ReadonlyMap<string, Held>, expected: Expectation): Match {
  const matching = new Matching();
  const see = comparer(expected.values, matching);
  try {
    const outputs = side.predict(weights, inputs, (name, tensor, site) => void see(name, () => heldIn(tensor), site));
    for (const [key, of] of expected.outputs) {
      const held = outputs.get(key);
      if (held === undefined) throw new Failure(new Error(`the output ${JSON.stringify(key)} is missing`), null);
      matching.add({ value: key, isOutput: true, site: null, step: null }, compare(held, of.held, of.allowance));
    }
    return matching.finish();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return matching.finish(error);
  }
}

/** What a run gave as what is to come again, within a part of each value's largest magnitude. */
export const asExpected = (held: Held, tolerance: number, known?: Allowance): Expected => ({
  held,
  allowance: { absolute: Math.max(tolerance * magnitudeOf(held), known?.absolute ?? 0), unstable: known?.unstable ?? null },
});

/** Runs a side, and has what it gave as what is expected of another. */
export function expectationFrom(
  side: Side,
  weights: NamedTensorMap,
  inputs: ReadonlyMap<string, Held>,
  known: Expectation,
  tolerance: number,
): Expectation {
  const values = new Map<string, Expected[]>();
  try {
    const outputs = side.predict(weights, inputs, (name, tensor) => {
      const before = values.get(name) ?? [];
      before.push(asExpected(heldIn(tensor), tolerance, known.values.get(name)?.[before.length]?.allowance));
      values.set(name, before);
      return undefined;
    });
    const given = [...outputs].map(([key, held]) => [key, asExpected(held, tolerance, known.outputs.get(key)?.allowance)] as const);
    return { values, outputs: new Map(given), failure: null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { values, outputs: new Map(), failure: error };
  }
}
