import type { AnalyseOptions } from '../analyse.ts';
import { fail, type SkipcError } from '../diagnostics/error.ts';
import type { BackendChoice } from '../eval/choices.ts';
import type { ModelSource } from '../read/read.ts';

/** What a module may be compared with. */
export interface Against {
  /** Null where it is compared if tfjs-layers can run the model. */
  readonly layers: boolean | null;
  /** Paths of `.npz` files. */
  readonly files: readonly string[];
}

export interface VerifyOptions {
  readonly compile: Omit<AnalyseOptions, 'skipPasses' | 'checkPasses'>;
  readonly weightsFrom?: ModelSource | undefined;
  /** A module on disk, in place of one that is compiled for this. */
  readonly module?: string | undefined;
  readonly against: Against;
  readonly batchSizes: readonly number[];
  readonly seed: number;
  /** The least part of a value's largest magnitude that two computations may be apart; by default that of the backend. */
  readonly tolerance?: number | undefined;
  /** Tried in this order. */
  readonly backends: readonly BackendChoice[];
  /** A model.json to write, with the part of the model that shows the mismatch. */
  readonly reduce?: string | undefined;
  /** Writes that model. */
  readonly writeFiles?: (files: readonly { readonly path: string; readonly content: string | Uint8Array }[]) => void;
  /** True where it is enough to know whether something differs. */
  readonly isQuick?: boolean;
  readonly observer: Observer;
}

/** Is told what goes on. */
export interface Observer {
  warn(warning: SkipcError): void;
  begin(about: { readonly program: string; readonly model: string; readonly backend: string; readonly cases: number }): void;
  advance(cases: number): void;
  /** What takes its time behind the cases: looking for what is at fault. */
  stage(what: string): void;
}

export const BATCH_SIZES = [1, 2, 5] as const;
const MOST_BATCH = 4096;
const MOST_BATCHES = 16;
const MOST_SEED = 2 ** 31;

/** @throws SkipcError `data-option` */
export function batchSizesOf(given: string): readonly number[] {
  const sizes = given.split(',').map((text) => (/^\d{1,4}$/.test(text.trim()) ? Number(text) : Number.NaN));
  if (sizes.length <= MOST_BATCHES && sizes.every((size) => size <= MOST_BATCH)) return [...new Set(sizes)];
  return fail('data-option', {
    option: '--batch-sizes',
    given,
    expected: `up to ${MOST_BATCHES} numbers from 0 to ${MOST_BATCH}, such as 1,2,5`,
  });
}

/** @throws SkipcError `data-option` */
export function seedOf(given: string): number {
  const seed = /^\d{1,10}$/.test(given) ? Number(given) : Number.NaN;
  return seed < MOST_SEED ? seed : fail('data-option', { option: '--seed', given, expected: `a whole number below ${MOST_SEED}` });
}

/** @throws SkipcError `data-option` */
export function toleranceOf(given: string): number {
  const tolerance = /^[\d.]+(?:e[+-]?\d+)?$/i.test(given) ? Number(given) : Number.NaN;
  if (tolerance >= 0 && tolerance < 1) return tolerance;
  return fail('data-option', {
    option: '--tolerance',
    given,
    expected: 'a part of the largest magnitude, from 0 to below 1, such as 1e-4',
  });
}

/** @throws SkipcError `verify-against-unknown` */
export function againstOf(given: readonly string[]): Against {
  const files = given.filter((each) => each !== 'layers' && each !== 'unoptimised');
  const other = files.find((path) => !/\.npz$/i.test(path));
  if (other !== undefined) fail('verify-against-unknown', { given: other });
  return { layers: given.includes('layers') ? true : given.length === 0 || given.length === files.length ? null : false, files };
}
