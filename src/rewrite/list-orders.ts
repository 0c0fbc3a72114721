import { Heap } from './heap.ts';
import { MemoryCount, madeBytes, type Storage } from './storage.ts';

/** Of the ops that can run, always one that leaves the fewest bytes alive, and of equals the first of the line. */
export function greedyOrder(storage: Storage): number[] {
  const { before, after, uses, buffers } = storage;
  const count = new MemoryCount(storage);
  const missing = before.map((needed) => needed.length);
  const hasRun = new Uint8Array(before.length);
  const readers = Int32Array.from(buffers, ({ users }) => users.length);
  const ready = new Heap<{ readonly op: number; readonly change: number }>((a, b) =>
    a.change === b.change ? a.op < b.op : a.change < b.change,
  );
  const offer = (op: number): void => ready.push({ op, change: count.change(op) });
  const order: number[] = [];
  for (const [op, number] of missing.entries()) if (number === 0) offer(op);
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    if (hasRun[next.op] === 1) continue;
    hasRun[next.op] = 1;
    count.run(next.op);
    order.push(next.op);
    for (const op of after[next.op] as readonly number[]) {
      missing[op] = (missing[op] as number) - 1;
      if (missing[op] === 0) offer(op);
    }
    for (const number of uses[next.op] as readonly number[]) {
      readers[number] = (readers[number] as number) - 1;
      if (readers[number] !== 1) continue;
      // The only reader that is left now frees the buffer: it is offered again, as a better choice than before.
      const last = buffers[number]?.users.find((op) => hasRun[op] === 0);
      if (last !== undefined && missing[last] === 0) offer(last);
    }
  }
  return order;
}

/**
 * Depth first from the ends: before an op the branches that it needs, one wholly after the other, first the one that needs most beyond
 * what it leaves. For trees that is the best of such orders (J. W. H. Liu, "On the storage requirement in the out-of-core multifrontal
 * method", 1986, after R. Sethi and J. D. Ullman, 1970); a graph is taken as if its branches shared nothing.
 */
export function depthFirstOrder(storage: Storage): number[] {
  const { before, after, scratch } = storage;
  const leaves = before.map((_, op) => madeBytes(storage, op));
  const need: number[] = [];
  const branches = before.map((needed, op) => {
    const sorted = [...needed].sort((a, b) => surplus(b) - surplus(a) || a - b);
    let [held, most] = [0, 0];
    for (const branch of sorted) {
      most = Math.max(most, held + (need[branch] as number));
      held += leaves[branch] as number;
    }
    need.push(Math.max(most, held + (leaves[op] as number) + (scratch[op] as number)));
    return sorted;
  });
  function surplus(op: number): number {
    return (need[op] as number) - (leaves[op] as number);
  }

  const order: number[] = [];
  const seen = new Uint8Array(before.length);
  const next = new Int32Array(before.length);
  const ends = [...after.keys()].filter((op) => (after[op] as readonly number[]).length === 0);
  for (const end of ends.sort((a, b) => surplus(b) - surplus(a) || a - b)) {
    const path = [end];
    seen[end] = 1;
    for (let op = path.at(-1); op !== undefined; op = path.at(-1)) {
      const branch = branches[op]?.[next[op] as number];
      if (branch === undefined) order.push(path.pop() as number);
      else {
        next[op] = (next[op] as number) + 1;
        if (seen[branch] === 0) path.push(branch);
        seen[branch] = 1;
      }
    }
  }
  return order;
}
