import { availableParallelism } from 'node:os';
import { fail } from '../diagnostics/error.ts';
import { type BackendChoice, backendChoices } from './choices.ts';

const MOST_JOBS = Math.max(256, availableParallelism());
const MOST_SAMPLES = 2 ** 24;

/** The backends that may be used: the one that is named, or any. @throws SkipcError `backend-unknown` */
export function backendsOf(given: string | undefined): readonly BackendChoice[] {
  if (given === undefined) return backendChoices;
  const chosen = backendChoices.find((choice) => choice === given);
  return chosen === undefined ? fail('backend-unknown', { given, backends: backendChoices }) : [chosen];
}

/** @throws SkipcError `data-option` */
export const jobsOf = (given: string): number => countOf('--jobs', given, MOST_JOBS, 'threads');

/** @throws SkipcError `data-option` */
export const batchSizeOf = (given: string): number => countOf('--batch-size', given, MOST_SAMPLES, 'samples');

/** The number that an option gives. @throws SkipcError `data-option` */
export function countOf(option: string, given: string, most: number, what: string): number {
  const value = /^\d{1,9}$/.test(given) ? Number(given) : 0;
  return value >= 1 && value <= most ? value : fail('data-option', { option, given, expected: `a number of ${what}, from 1 to ${most}` });
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['kB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
]);

/** A count of bytes: `500000000`, `500MB`, `2GB`. @throws SkipcError `data-option` */
export function bytesOf(given: string): number {
  const { value = '', unit = '' } = /^(?<value>\d{1,15}(?:\.\d{1,6})?) ?(?<unit>[kMGT]B|)$/.exec(given)?.groups ?? {};
  const bytes = Math.floor(Number(value) * (UNITS.get(unit) ?? Number.NaN));
  if (value !== '' && Number.isSafeInteger(bytes)) return bytes;
  return fail('data-option', { option: '--cache-size', given, expected: 'a count of bytes, such as 500MB or 2GB' });
}
