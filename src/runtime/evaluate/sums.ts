/**
 * Sums that grow sample by sample, each as the two halves of a double-double: rounding is so far below the last digit that the order
 * of what is added, and the parts in which it is, do not show. Plain data, so that parts of an evaluation can be sent and added.
 */
export interface Sums {
  readonly high: number[];
  readonly low: number[];
}

export const noSums = (): Sums => ({ high: [], low: [] });

/** Adds to one of the sums; those up to it begin at zero. (The exact error of a sum: Knuth, TAOCP 2, 4.2.2, theorem B.) */
export function addTo(sums: Sums, index: number, x: number): void {
  for (let i = sums.high.length; i <= index; i++) sums.low[i] = sums.high[i] = 0;
  const high = sums.high[index] as number;
  const sum = high + x;
  const part = sum - high;
  const rest = high - (sum - part) + (x - part);
  sums.high[index] = sum;
  // An infinite sum has no rest; what is not a number stays so.
  if (Number.isFinite(sum)) sums.low[index] = (sums.low[index] as number) + rest;
}

/** One of the sums; zero where nothing was added. */
export const sumAt = (sums: Sums, index: number): number => (sums.high[index] ?? 0) + (sums.low[index] ?? 0);

/** Adds all of one to another. */
export function addSums(sums: Sums, others: Sums): void {
  others.high.forEach((high, index) => {
    addTo(sums, index, high);
    addTo(sums, index, others.low[index] ?? 0);
  });
}
