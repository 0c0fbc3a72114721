import type { Values } from './run-module.ts';
import { Difference } from './suite.ts';

/** How far a value may be from one that is expected, given that one and the largest of the tensor. */
export type Tolerance = (expected: number, largest: number) => number;

/** |a - b| <= 1e-4 + 1e-3 |b|: float32 on any backend, for single layers. */
export const LAYER: Tolerance = (expected) => 1e-4 + 1e-3 * Math.abs(expected);

/** max |a - b| <= 1e-3 max |b|, for whole models. */
export const MODEL: Tolerance = (_, largest) => 1e-3 * largest;

/**
 * @param what which tensor, for the message
 * @throws Difference where the shapes differ, or a value is beyond the tolerance
 */
export function compare(what: string, actual: Values, expected: Values, tolerance: Tolerance): void {
  if (actual.shape.join() !== expected.shape.join())
    throw new Difference(`${what}: shape [${actual.shape}] instead of [${expected.shape}]`);
  let largest = 0;
  for (const value of expected.values) if (Math.abs(value) > largest && Number.isFinite(value)) largest = Math.abs(value);
  let wrong = 0;
  let worst = { over: 0, text: '' };
  for (const [i, wanted] of expected.values.entries()) {
    const given = actual.values[i] as number;
    // NaN and infinity are right only where they are expected.
    if (Object.is(given, wanted) || given === wanted) continue;
    const difference = Math.abs(given - wanted);
    const over = Number.isFinite(difference) ? difference - tolerance(wanted, largest) : Number.POSITIVE_INFINITY;
    if (over <= 0) continue;
    wrong++;
    if (over > worst.over) worst = { over, text: `${given} instead of ${wanted} at ${i}` };
  }
  if (wrong > 0) throw new Difference(`${what}: ${wrong} of ${expected.values.length} values differ, ${worst.text}`);
}
