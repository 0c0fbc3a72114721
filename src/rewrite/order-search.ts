import { Heap } from './heap.ts';
import { type Buffer, lowestPeak, madeBytes, peakOf, type Storage, startBytes } from './storage.ts';

/** How many sets of ops one climb may look at, beside some for each op. */
const SETS = 2_000;
const SETS_PER_OP = 32;

/** How many sets of ops the searches of one line may still look at together: the time they take grows no faster than the line. */
export class Allowance {
  left: number;

  /** @param size ops of the line */
  constructor(size: number) {
    this.left = 100 * SETS + SETS_PER_OP * size;
  }
}

/** A set of ops that have run, how the climb came to it, and what it takes. */
interface Reached {
  readonly set: Uint32Array;
  readonly hash: readonly [number, number];
  /** Bytes alive behind it. */
  readonly bytes: number;
  /** The most bytes alive on the way to it. */
  readonly peak: number;
  readonly number: number;
  readonly steps: number;
  readonly from: Reached | null;
  readonly op: number;
  /** Ops that can be the next. */
  readonly next: readonly number[];
}

const has = (set: Uint32Array, op: number): boolean => (((set[op >> 5] as number) >> (op & 31)) & 1) === 1;
function toggled(set: Uint32Array, op: number): Uint32Array {
  const other = set.slice();
  other[op >> 5] = (other[op >> 5] as number) ^ (1 << (op & 31));
  return other;
}

/** Two words that stand for an op in the hash of a set (the finalizer of MurmurHash3, over two counters). */
function wordsOf(op: number): readonly [number, number] {
  const mix = (seed: number): number => {
    const a = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b);
    const b = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
    return b ^ (b >>> 16);
  };
  return [mix(2 * op + 1), mix(0x9e3779b9 ^ (2 * op + 2))];
}

/**
 * An order that holds fewer bytes at once than the line's own, or null where none was found.
 *
 * What a set of ops leaves alive does not depend on their order, so that orders are paths through such sets (B. H. Ahn et al.,
 * "Ordering Chaos: Memory-Aware Scheduling of Irregularly Wired Neural Networks for Edge Devices", 2020). A path climbs over the lowest
 * hill to a set that leaves no more alive than where it began. This is final: what a tensor needs is submodular in the set, so that
 * whatever comes later needs no more for it (the hills and valleys of J. W. H. Liu, 1987). It climbs from the start on, and where there
 * is no such valley, from the end backwards; should both be too many sets, what is between stays as it is.
 */
export function searchOrder(storage: Storage, allowance = new Allowance(storage.before.length)): number[] | null {
  return new Search(storage, allowance).order();
}

class Search {
  readonly #storage: Storage;
  readonly #allowance: Allowance;
  readonly #bound: number;
  readonly #size: number;
  /** What has run, and what has run in the end: the search is for a path from the one to the other. */
  #start: Uint32Array;
  #end: Uint32Array;
  /** What the path so far, and any op by itself, holds at the most. */
  #floor: number;

  constructor(storage: Storage, allowance: Allowance) {
    this.#storage = storage;
    this.#allowance = allowance;
    this.#bound = peakOf(storage);
    this.#size = storage.before.length;
    const words = (this.#size + 31) >> 5;
    this.#start = new Uint32Array(words);
    this.#end = new Uint32Array(words);
    for (let op = 0; op < this.#size; op++) this.#end = toggled(this.#end, op);
    this.#floor = lowestPeak(storage);
  }

  order(): number[] | null {
    const [front, back]: [number[], number[]] = [[], []];
    let now = startBytes(this.#storage);
    let then = this.#storage.buffers.reduce((sum, { bytes, kept }) => sum + (kept ? bytes : 0), 0);
    let [isForwardStuck, isBackwardStuck] = [false, false];
    while (front.length + back.length < this.#size && !(isForwardStuck && isBackwardStuck)) {
      const isForward = !isForwardStuck;
      const reached = this.#climb(isForward, isForward ? now : then, this.#size - front.length - back.length);
      if (reached === 'none') return null;
      if (reached === 'stuck') {
        if (isForward) isForwardStuck = true;
        else isBackwardStuck = true;
        continue;
      }
      const path: number[] = [];
      for (let at: Reached = reached; at.from !== null; at = at.from) path.push(at.op);
      this.#floor = Math.max(this.#floor, reached.peak);
      if (isForward) {
        front.push(...path.reverse());
        [this.#start, now] = [reached.set, reached.bytes];
      } else {
        back.push(...path.reverse());
        [this.#end, then] = [reached.set, reached.bytes];
      }
    }
    for (let op = 0; op < this.#size; op++) if (!has(this.#start, op) && has(this.#end, op)) front.push(op);
    const order = [...front, ...back.reverse()];
    return peakOf(this.#storage, order) < this.#bound ? order : null;
  }

  /**
   * Over the lowest hill to a set that leaves no more alive than the one it starts from, or to the other end.
   * @returns `none` where every way is as high as the line's own order, `stuck` where there are too many sets to look at
   */
  #climb(isForward: boolean, bytes: number, distance: number): Reached | 'none' | 'stuck' {
    const set = isForward ? this.#start : this.#end;
    const heap = new Heap<Reached>((a, b) =>
      a.peak !== b.peak ? a.peak < b.peak : a.bytes !== b.bytes ? a.bytes < b.bytes : a.number < b.number,
    );
    const seen = new Set<number>();
    let number = 0;
    heap.push({
      set,
      hash: [0, 0],
      bytes,
      peak: Math.max(bytes, this.#floor),
      number,
      steps: 0,
      from: null,
      op: -1,
      next: this.#next(isForward),
    });
    let left = SETS + SETS_PER_OP * this.#size;
    for (let at = heap.pop(); at !== undefined; at = heap.pop()) {
      if (at.from !== null && (at.bytes <= bytes || at.steps === distance)) return at;
      const key = (at.hash[0] >>> 0) * 2 ** 21 + (at.hash[1] >>> 11);
      if (seen.has(key)) continue;
      seen.add(key);
      for (const op of isForward ? at.next : at.next.toReversed()) {
        const step = isForward ? this.#forward(at, op) : this.#backward(at, op);
        const peak = Math.max(at.peak, step.during);
        if (peak >= this.#bound) continue;
        if (--left < 0 || --this.#allowance.left < 0) return 'stuck';
        const words = wordsOf(op);
        const hash = [at.hash[0] ^ words[0], at.hash[1] ^ words[1]] as const;
        const set = toggled(at.set, op);
        const next = at.next.filter((other) => other !== op);
        next.push(...this.#opened(isForward, set, op));
        heap.push({ set, hash, bytes: step.bytes, peak, number: ++number, steps: at.steps + 1, from: at, op, next });
      }
    }
    return 'none';
  }

  #buffer(number: number): Buffer {
    return this.#storage.buffers[number] as Buffer;
  }

  /** The ops with which a path can begin, or end. */
  #next(isForward: boolean): number[] {
    const between = [...this.#storage.before.keys()].filter((op) => !has(this.#start, op) && has(this.#end, op));
    return between.filter((op) => this.#isNext(isForward, isForward ? this.#start : this.#end, op));
  }

  #isNext(isForward: boolean, set: Uint32Array, op: number): boolean {
    const { before, after } = this.#storage;
    if (isForward) return (before[op] as readonly number[]).every((needed) => has(set, needed));
    return !(after[op] as readonly number[]).some((user) => has(set, user));
  }

  /** The ops that can be next now that this one is among those that have run, or no longer is. */
  #opened(isForward: boolean, set: Uint32Array, op: number): number[] {
    const { before, after } = this.#storage;
    const beside = (isForward ? after[op] : before[op]) as readonly number[];
    return beside.filter((other) => (isForward ? has(this.#end, other) : !has(this.#start, other)) && this.#isNext(isForward, set, other));
  }

  #forward({ set, bytes }: Reached, op: number): { readonly bytes: number; readonly during: number } {
    const { makes, uses, scratch } = this.#storage;
    const made = madeBytes(this.#storage, op);
    let after = bytes + made;
    for (const number of makes[op] as readonly number[]) {
      const buffer = this.#buffer(number);
      if (!buffer.kept && buffer.users.length === 0) after -= buffer.bytes;
    }
    for (const number of uses[op] as readonly number[]) {
      const buffer = this.#buffer(number);
      if (!buffer.kept && buffer.users.every((user) => user === op || has(set, user))) after -= buffer.bytes;
    }
    return { bytes: after, during: bytes + made + (scratch[op] as number) };
  }

  #backward({ set, bytes }: Reached, op: number): { readonly bytes: number; readonly during: number } {
    const { makes, uses, scratch } = this.#storage;
    let before = bytes;
    for (const number of makes[op] as readonly number[]) {
      const buffer = this.#buffer(number);
      if (buffer.kept || buffer.users.length > 0) before -= buffer.bytes;
    }
    for (const number of uses[op] as readonly number[]) {
      const buffer = this.#buffer(number);
      if (!buffer.kept && buffer.users.every((user) => has(set, user))) before += buffer.bytes;
    }
    return { bytes: before, during: before + madeBytes(this.#storage, op) + (scratch[op] as number) };
  }
}
