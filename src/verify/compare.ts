import { type Held, indexOf, isText } from './held.ts';

/** How far two computations of a value may be apart. */
export interface Allowance {
  /** For every element. */
  readonly absolute: number;
  /** Elements that rounding alone decides, 1 each: a maximum of two equal numbers, a step at its threshold. */
  readonly unstable: Uint8Array | null;
}

/** Of the element that is the furthest from what it is to be. */
export interface Worst {
  readonly index: readonly number[];
  readonly found: number | string;
  readonly expected: number | string;
}

export interface Comparison {
  readonly isWithin: boolean;
  /** The largest difference, as part of the largest magnitude that is expected; infinite where no difference can be told. */
  readonly error: number;
  /** What is allowed, as part of the same. */
  readonly allowed: number;
  /** Elements that differ, and of which rounding alone decides. */
  readonly ties: number;
  readonly worst: Worst | null;
  /** Shapes, where these differ: then nothing else is compared. */
  readonly shapes: { readonly found: readonly number[]; readonly expected: readonly number[] } | null;
}

/** Rounding of what cancels out: no magnitude of the result tells of it. */
const LEAST = 1e-10;

/**
 * Compares what was computed with what was expected. What is not finite must be so in the same way.
 * @param allowance of whole numbers and texts only what is unstable counts
 */
export function compare(found: Held, expected: Held, { absolute, unstable }: Allowance): Comparison {
  if (found.shape.join() !== expected.shape.join()) {
    const shapes = { found: found.shape, expected: expected.shape };
    return { isWithin: false, error: Number.POSITIVE_INFINITY, allowed: 0, ties: 0, worst: null, shapes };
  }
  if (isText(found.data) || isText(expected.data)) return compareTexts(found, expected);
  const [a, b] = [found.data, expected.data];
  let [largest, worst, at, ties] = [0, 0, -1, 0];
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    const magnitude = Math.abs(y);
    if (magnitude > largest && magnitude < Number.POSITIVE_INFINITY) largest = magnitude;
    if (Object.is(x, y) || x === y) continue;
    const apart = Math.abs(x - y);
    const difference = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
    if (unstable !== null && unstable[i] === 1) {
      ties += 1;
      continue;
    }
    if (difference > worst) [worst, at] = [difference, i];
  }
  const isExact = expected.dtype !== 'float32' && found.dtype !== 'float32';
  const allowed = isExact ? 0 : Math.max(absolute, LEAST);
  const scale = largest > 0 ? largest : 1;
  return {
    isWithin: worst <= allowed,
    error: worst / scale,
    allowed: allowed / scale,
    ties,
    worst: at < 0 ? null : { index: indexOf(at, expected.shape), found: a[at] as number, expected: b[at] as number },
    shapes: null,
  };
}

function compareTexts(found: Held, expected: Held): Comparison {
  const [a, b] = [found.data as ArrayLike<unknown>, expected.data as ArrayLike<unknown>];
  let at = -1;
  for (let i = 0; i < b.length && at < 0; i++) if (a[i] !== b[i]) at = i;
  return {
    isWithin: at < 0,
    error: at < 0 ? 0 : 1,
    allowed: 0,
    ties: 0,
    worst: at < 0 ? null : { index: indexOf(at, expected.shape), found: String(a[at]), expected: String(b[at]) },
    shapes: null,
  };
}

/** The largest magnitude among finite numbers; 0 where there are none. */
export function magnitudeOf({ data }: Held): number {
  if (isText(data)) return 0;
  let largest = 0;
  for (let i = 0; i < data.length; i++) {
    const magnitude = Math.abs(data[i] as number);
    if (magnitude > largest && magnitude < Number.POSITIVE_INFINITY) largest = magnitude;
  }
  return largest;
}
