import type { Values } from './peers/peer.ts';

/** Peers agree where no value differs by more than this part of the largest. */
export const TOLERANCE = 1e-3;

/** The largest difference of two results, as a part of the largest value of the output it is in; infinite where sizes differ or one is no number. */
export function difference(found: Values, wanted: Values): number {
  if (found.length !== wanted.length) return Number.POSITIVE_INFINITY;
  return wanted.reduce((worst, output, k) => Math.max(worst, differenceOf(found[k] as Values[number], output)), 0);
}

function differenceOf(found: Values[number], wanted: Values[number]): number {
  if (found.length !== wanted.length) return Number.POSITIVE_INFINITY;
  let [worst, largest] = [0, 0];
  for (const [i, value] of wanted.entries()) {
    const apart = Math.abs((found[i] as number) - value);
    if (Number.isNaN(apart)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, apart);
    largest = Math.max(largest, Math.abs(value));
  }
  return worst === 0 ? 0 : worst / largest;
}
