import { expect } from 'vitest';
import type { StoredArray } from './golden.ts';

/** A run of Keras's `Model.evaluate(return_dict=True)`. */
export interface KerasRun {
  readonly weights: readonly StoredArray[];
  /** With names where they were given as a dict. */
  readonly x: readonly StoredArray[];
  readonly y: readonly StoredArray[];
  readonly sample_weight: readonly StoredArray[] | null;
  readonly batch_size: number;
  readonly result: Readonly<Record<string, number>>;
}

export type Results = Readonly<Record<string, number | readonly number[]>>;

export function expectNear(found: number, wanted: number, name: string): void {
  expect(Math.abs(found - wanted), `${name}: ${found} instead of ${wanted}`).toBeLessThanOrEqual(2e-5 + 1e-4 * Math.abs(wanted));
}

export function expectKeras(found: Results | undefined, wanted: KerasRun['result']): void {
  expect(Object.keys(found ?? {}).sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, value] of Object.entries(wanted)) expectNear(Number(found?.[name]), value, name);
}
