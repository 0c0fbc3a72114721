import type { DataOptions, Wanted } from '../data/dataset.ts';
import type { Code } from '../diagnostics/catalogue.ts';
import { type Location, SkipcError } from '../diagnostics/error.ts';
import type { Sums } from '../runtime/evaluate/sums.ts';
import type { Range } from './batches.ts';
import type { BackendChoice } from './choices.ts';

/** What a worker is started with. */
export interface Task {
  /** URL of the module. */
  readonly module: string;
  readonly weights: Uint8Array | null;
  /** Tried one after the other; the first that can be loaded counts. */
  readonly backends: readonly BackendChoice[];
  readonly data: { readonly path: string; readonly wanted: Wanted; readonly options: DataOptions };
  readonly cache: CacheTask | null;
}

export interface CacheTask {
  readonly folder: string;
  readonly maxBytes: number | undefined;
  /** What the data is called in it. */
  readonly id: string;
}

export interface CacheUse {
  readonly hits: number;
  readonly misses: number;
}

/** From a worker: it asks for a batch, has done one, found something amiss with the cache, has ended, or failed. */
export type Report =
  | { readonly is: 'ready'; readonly backend: string }
  | { readonly is: 'next' }
  | { readonly is: 'done'; readonly samples: number }
  | { readonly is: 'problem'; readonly message: string }
  | { readonly is: 'ended'; readonly sums: Readonly<Record<string, Sums>>; readonly cache: CacheUse | null }
  | { readonly is: 'failed'; readonly error: SentError; readonly batch: BatchNames | null };

/** To a worker: the next batch, or that there is none. */
export type Order = Range | null;

/** A batch as a message names it. */
export interface BatchNames extends Range {
  readonly files: readonly string[];
}

/** An error as a thread can hand it to another. */
export interface SentError {
  readonly code: Code | null;
  readonly message: string;
  readonly hint: string;
  readonly location: Location;
}

export function sentError(error: unknown): SentError {
  if (error instanceof SkipcError) {
    const { code, message, hint, location } = error;
    return { code, message, hint, location: { ...location } };
  }
  return { code: null, message: error instanceof Error ? error.message : String(error), hint: '', location: {} };
}

/** The diagnostic that was sent; null for any other error. */
export const receivedError = ({ code, message, hint, location }: SentError): SkipcError | null =>
  code === null ? null : new SkipcError(code, message, hint, location);
