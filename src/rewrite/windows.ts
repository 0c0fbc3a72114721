import { type Allowance, searchOrder } from './order-search.ts';
import { type Buffer, lowestPeak, MemoryCount, peakOf, type Storage } from './storage.ts';

/** The most ops that are ordered together. */
const LARGEST_WINDOW = 256;

/** Places in a line, from one up to, not including, another. */
interface Window {
  readonly start: number;
  readonly end: number;
}

/**
 * The line's order with as few changes as bring its peak down: windows of it are ordered by themselves, and only those that hold more
 * than what the highest of them needs at the least.
 * @param bound the peak that is to be brought down
 * @returns places in the line, or null where the peak stays at the bound or above
 */
export function orderWindows(storage: Storage, bound: number, allowance: Allowance): number[] | null {
  const count = new MemoryCount(storage);
  const during: number[] = [];
  const behind: number[] = [];
  for (const op of storage.before.keys()) {
    during.push(count.run(op));
    behind.push(count.now);
  }
  let target = lowestPeak(storage);
  const places = [...storage.before.keys()];
  const high: { readonly window: Window; readonly own: number; readonly order: readonly number[] }[] = [];
  for (const window of windowsOf(storage, behind)) {
    const own = during.slice(window.start, window.end).reduce((most, bytes) => Math.max(most, bytes), 0);
    if (own <= target) continue;
    const part = partOf(storage, window);
    const order = searchOrder(part, allowance) ?? [...part.before.keys()];
    // What only passes through is alive all along.
    const best = own - peakOf(part) + peakOf(part, order);
    target = Math.max(target, best);
    if (target >= bound) return null;
    high.push({ window, own, order });
  }
  for (const { window, own, order } of high) {
    if (own <= target) continue;
    for (const [i, op] of order.entries()) places[window.start + i] = window.start + op;
  }
  return places;
}

/**
 * Parts a line behind each op that all ops before it lead to and all behind it come from: there nothing is lost by it, since every order
 * has the same ops before it. What is still longer than a window is parted where least is alive.
 * @param behind bytes alive behind each op
 */
function windowsOf({ before, after }: Storage, behind: readonly number[]): Window[] {
  const size = before.length;
  // All ops behind a place need something from that place on: the first such need, from the end.
  const needs = new Array<number>(size + 1).fill(size);
  for (let op = size - 1; op >= 0; op--) {
    const last = (before[op] as readonly number[]).reduce((most, needed) => Math.max(most, needed), -1);
    needs[op] = Math.min(needs[op + 1] as number, last);
  }
  const windows: Window[] = [];
  let start = 0;
  let used = 0;
  for (let op = 0; op < size; op++) {
    const isWaist = used <= op && (needs[op + 1] as number) >= op;
    if (isWaist) {
      windows.push({ start, end: op + 1 });
      start = op + 1;
    } else if (op + 1 - start > LARGEST_WINDOW) {
      let least = start + (LARGEST_WINDOW >> 1);
      for (let place = least; place < op; place++) if ((behind[place] as number) < (behind[least] as number)) least = place;
      windows.push({ start, end: least + 1 });
      start = least + 1;
    }
    used = Math.max(
      used,
      (after[op] as readonly number[]).reduce((least, user) => Math.min(least, user), size),
    );
  }
  if (start < size) windows.push({ start, end: size });
  return windows.filter(({ start, end }) => end - start > 1);
}

/** A window as a line of its own; what it shares with ops outside is there at its start, or outlives it. */
function partOf(storage: Storage, { start, end }: Window): Storage {
  const isInside = (op: number): boolean => op >= start && op < end;
  const inside = (ops: readonly number[]): number[] => ops.filter(isInside).map((op) => op - start);
  const numbers = new Map<number, number>();
  const buffers: Buffer[] = [];
  const numberOf = (number: number): number => {
    const known = numbers.get(number);
    if (known !== undefined) return known;
    const { bytes, maker, users, kept } = storage.buffers[number] as Buffer;
    const own = { bytes, maker: isInside(maker) ? maker - start : -1, users: inside(users), kept: kept || (users.at(-1) ?? 0) >= end };
    numbers.set(number, buffers.length);
    return buffers.push(own) - 1;
  };
  const makes = storage.makes.slice(start, end).map((made) => made.map(numberOf));
  const uses = storage.uses.slice(start, end).map((used) => used.map(numberOf));
  const [before, after] = [storage.before.slice(start, end).map(inside), storage.after.slice(start, end).map(inside)];
  return { buffers, makes, uses, before, after, scratch: storage.scratch.slice(start, end) };
}
