import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import { type Allowance, magnitudeOf } from './compare.ts';
import { type Held, heldIn, isText, isWhole } from './held.ts';
import { LEVELS, noisyInput, noisyTensor } from './noise.ts';
import { Failure, type Side } from './side.ts';

/** A value as the reference computed it, and how far another computation of it may be apart. */
export interface Expected {
  readonly held: Held;
  readonly allowance: Allowance;
}

/** What a case is to give. */
export interface Expectation {
  /** By their names, each as often as it is computed: in a loop once for each step. */
  readonly values: ReadonlyMap<string, readonly Expected[]>;
  readonly outputs: ReadonlyMap<string, Expected>;
  /** Why the reference gives nothing. */
  readonly failure: Failure | null;
}

/** A side with its weights, and the same weights with noise. */
export interface Noted {
  readonly side: Side;
  readonly weights: NamedTensorMap;
  readonly noisy: readonly NamedTensorMap[];
  /** Values of the load stage. */
  readonly loaded: ReadonlyMap<string, readonly Expected[]>;
}

/** How much more than noise has moved a value may differ. */
const MARGIN = 4;

/** What is found out about a value while it is computed again with noise. */
interface Observed {
  readonly held: Held;
  readonly isWhole: boolean;
  deviation: number;
  unstable: Uint8Array | null;
}

const observed = (held: Held): Observed => ({
  held,
  isWhole: !isText(held.data) && isWhole(held.data),
  deviation: 0,
  unstable: null,
});

/**
 * What moves in a value with noise.
 * @param part by which its deviation counts
 * @returns true where it is a decision, and turned out otherwise: all that follows moves by more than noise
 */
function learn(of: Observed, found: Held, part: number): boolean {
  const { held } = of;
  if (isText(held.data) || isText(found.data) || found.shape.join() !== held.shape.join()) return found.shape.join() !== held.shape.join();
  const [a, b] = [found.data, held.data];
  let hasTurned = false;
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (x === y || Object.is(x, y)) continue;
    const apart = Math.abs(x - y);
    if (!Number.isFinite(apart) || (of.isWhole && (held.dtype !== 'float32' || apart >= 0.5))) {
      of.unstable ??= new Uint8Array(b.length);
      of.unstable[i] = 1;
      hasTurned = true;
    } else if (apart * part > of.deviation) of.deviation = apart * part;
  }
  return hasTurned;
}

const expected = ({ held, deviation, unstable }: Observed, tolerance: number): Expected => ({
  held,
  allowance: { absolute: Math.max(tolerance * magnitudeOf(held), MARGIN * deviation), unstable },
});

/** Collects what is computed, and what is computed again. */
class Ledger {
  readonly #values = new Map<string, Observed[]>();
  #counts = new Map<string, number>();
  #part = 1;
  #hasTurned = false;

  note(name: string, held: Held): void {
    const known = this.#values.get(name);
    if (known === undefined) this.#values.set(name, [observed(held)]);
    else known.push(observed(held));
  }

  /** From here on, values come again. @param level of the noise */
  again(level: number): void {
    this.#counts = new Map();
    this.#part = LEVELS[0] / Math.abs(level);
    this.#hasTurned = false;
  }

  learn(name: string, held: Held): void {
    const count = this.#counts.get(name) ?? 0;
    this.#counts.set(name, count + 1);
    const of = this.#values.get(name)?.[count];
    // Where a decision has turned out otherwise, what depends on it moves as far as it does, whatever the level.
    if (of !== undefined && learn(of, held, this.#hasTurned ? 1 : this.#part)) this.#hasTurned = true;
  }

  expected(tolerance: number): Map<string, Expected[]> {
    return new Map([...this.#values].map(([name, all]) => [name, all.map((each) => expected(each, tolerance))]));
  }
}

/** What the names of outputs begin with among the values: those of a program begin with `%` or `@`. */
const OUTPUT = '=';

/**
 * Loads the weights of a reference, and again with noise.
 * @param tolerance the least part of a value's largest magnitude that is allowed
 * @throws Failure
 */
export async function noted(side: Side, tolerance: number): Promise<Noted> {
  const ledger = new Ledger();
  const weights = await side.load((name, found) => void ledger.note(name, heldIn(found)));
  const noisy: NamedTensorMap[] = [];
  for (const level of LEVELS) {
    ledger.again(level);
    let start = 0;
    const loaded = await side.load((name, found) => {
      ledger.learn(name, heldIn(found));
      start += found.size;
      return noisyTensor(found, level, start);
    });
    // Variables that are used as they are.
    for (const [key, found] of Object.entries(loaded)) {
      start += found.size;
      const replaced = side.nameOf(key)?.startsWith('@') ? noisyTensor(found, level, start) : undefined;
      if (replaced === undefined) continue;
      found.dispose();
      loaded[key] = replaced;
    }
    noisy.push(loaded);
  }
  return { side, weights, noisy, loaded: ledger.expected(tolerance) };
}

/** Frees the weights. */
export function forget({ side, weights, noisy }: Noted): void {
  for (const each of [weights, ...noisy]) side.module.dispose(each);
}

/**
 * Computes a case, and twice again with noise, which tells how far rounding may carry each value.
 * @param wanted the values to keep
 * @param exact inputs whose numbers mean something each: ids, counts, masks
 */
export function expectationOf(
  { side, weights, noisy }: Noted,
  inputs: ReadonlyMap<string, Held>,
  wanted: ReadonlySet<string>,
  exact: ReadonlySet<string>,
  tolerance: number,
): Expectation {
  const ledger = new Ledger();
  try {
    const outputs = side.predict(weights, inputs, (name, found) => void (wanted.has(name) && ledger.note(name, heldIn(found))));
    for (const [key, held] of outputs) ledger.note(OUTPUT + key, held);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { values: new Map(), outputs: new Map(), failure: error };
  }
  for (const [i, level] of LEVELS.entries()) {
    ledger.again(level);
    let start = 0;
    const given = new Map<string, Held>();
    for (const [key, held] of inputs) {
      start += held.data.length;
      given.set(key, exact.has(key) ? held : noisyInput(held, level, start));
    }
    try {
      const outputs = side.predict(noisy[i] as NamedTensorMap, given, (name, found) => {
        if (wanted.has(name)) ledger.learn(name, heldIn(found));
        start += found.size;
        return noisyTensor(found, level, start);
      });
      for (const [key, held] of outputs) ledger.learn(OUTPUT + key, held);
    } catch (error) {
      // Noise may lead out of what an op takes; then it tells nothing more.
      if (!(error instanceof Failure)) throw error;
    }
  }
  const values = ledger.expected(tolerance);
  const outputs = new Map<string, Expected>();
  for (const [name, [only]] of values) {
    if (!name.startsWith(OUTPUT)) continue;
    if (only !== undefined) outputs.set(name.slice(OUTPUT.length), only);
    values.delete(name);
  }
  return { values, outputs, failure: null };
}
