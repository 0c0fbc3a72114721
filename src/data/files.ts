import { closeSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { fail } from '../diagnostics/error.ts';

/** What a path leads to; undefined where it leads nowhere, which a list of classes or the name of a column does as well. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/**
 * The first bytes of a file, as many as there are up to `count`.
 * @throws SkipcError `data-unreadable`
 */
export function headOf(path: string, count: number): Buffer {
  const head = Buffer.alloc(count);
  try {
    const file = openSync(path, 'r');
    try {
      return head.subarray(0, readSync(file, head, 0, count, 0));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return fail('data-unreadable', { path, why: (error as Error).message });
  }
}

/** The lines of a text, without a byte order mark or a line end behind the last. */
export const linesOf = (text: string): string[] =>
  text
    .replace(/^\ufeff/, '')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/);
