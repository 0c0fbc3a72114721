/** How far values of a variable are from what they were. */
export interface Distance {
  /** ||b - a||, the Euclidean norm. */
  readonly norm: number;
  /** ||b - a|| / ||a||; null where a is all zeros. */
  readonly relative: number | null;
  /** max |b - a| */
  readonly largest: number;
}

/** The distance of two lists of one length, in float64. What is no number in one list alone makes it NaN. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): Distance {
  let change = 0;
  let before = 0;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const [one, two] = [a[i] as number, b[i] as number];
    before += one * one;
    // Two infinities, or two that are no numbers, are alike.
    if (Object.is(one, two) || one === two) continue;
    const step = Math.abs(two - one);
    change += step * step;
    if (step > largest || Number.isNaN(step)) largest = step;
  }
  const norm = Math.sqrt(change);
  return { norm, relative: before === 0 ? null : norm / Math.sqrt(before), largest };
}
