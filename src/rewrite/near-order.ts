import { MemoryCount, type Storage } from './storage.ts';

/** How many ops may be run on trial, beside some for each op of the line. */
const TRIALS = 1_000_000;
const TRIALS_PER_OP = 32;

/**
 * An order nearer to the line's own that stays within a peak: the next op is the first of the line that has not run, wherever the rest
 * can still run behind it in the order that is given, else the next of that. An order that was searched for moves ops that need not
 * move; this leaves them where they were.
 * @param order places in the line, in an order that stays within the peak
 */
export function nearOrder(storage: Storage, order: readonly number[], peak: number): number[] {
  const { before } = storage;
  const count = new MemoryCount(storage);
  const hasRun = new Uint8Array(order.length);
  const isReady = (op: number): boolean => (before[op] as readonly number[]).every((needed) => hasRun[needed] === 1);
  const near: number[] = [];
  let [first, next] = [0, 0];
  let trials = TRIALS + TRIALS_PER_OP * order.length;

  /** True where an op can run now and the others in the given order behind it. */
  const fits = (op: number): boolean => {
    const now = count.now;
    const tried = [op];
    let fits = count.run(op) <= peak;
    for (let place = next; fits && order[place] !== op; place++) {
      const other = order[place] as number;
      if (hasRun[other] === 1) continue;
      fits = count.run(other) <= peak && --trials > 0;
      tried.push(other);
    }
    count.undo(tried, now);
    return fits;
  };

  while (near.length < order.length) {
    while (hasRun[first] === 1) first++;
    while (hasRun[order[next] as number] === 1) next++;
    const isFirst = first === order[next] || (trials > 0 && isReady(first) && fits(first));
    const chosen = isFirst ? first : (order[next] as number);
    count.run(chosen);
    hasRun[chosen] = 1;
    near.push(chosen);
  }
  return near;
}

/** How many ops have to move to get from the line's own order to another: all but the longest part that stays in order. */
export function moved(order: readonly number[]): number {
  // Patience sorting: the least end of an ascending part, by the number of ops in it.
  const ends: number[] = [];
  for (const op of order) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] as number) < op) low = middle + 1;
      else high = middle;
    }
    ends[low] = op;
  }
  return order.length - ends.length;
}
