import { fail } from '../diagnostics/error.ts';

/** Python's own JSON writer gives up near 1 000 levels; real models stay below 40. */
export const DEEPEST = 512;

/**
 * Refuses JSON that is nested so deeply that recursion over it could exhaust the stack, and what JSON cannot hold. Runs before
 * anything that recurses, and does not recurse itself. A cyclic object counts as nested too deeply.
 * @throws SkipcError `nesting-too-deep`, `not-a-model`
 */
export function checkNesting(json: unknown, file: string | undefined): void {
  const open: { readonly values: readonly unknown[]; next: number }[] = [{ values: [json], next: 0 }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (top.next >= top.values.length) {
      open.pop();
      continue;
    }
    const value = top.values[top.next++];
    if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol') {
      fail('not-a-model', { found: `a ${typeof value} inside it` }, { file });
    }
    if (typeof value !== 'object' || value === null || isBinary(value)) continue;
    if (open.length > DEEPEST) fail('nesting-too-deep', { deepest: DEEPEST }, { file });
    open.push({ values: Array.isArray(value) ? value : Object.values(value), next: 0 });
  }
}

/** tfjs artifacts hold their weights, and a graph-model its topology, as bytes. */
const isBinary = (value: object): boolean =>
  ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
