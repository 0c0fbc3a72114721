/**
 * The matches of a shortest edit script of insertions and deletions (E. Myers, An O(ND) difference algorithm and its variations, 1986).
 * @param most edits to look for; more of them take memory with their square
 * @returns null where the lists differ by more
 */
export function shortestEdit(a: Int32Array, b: Int32Array, most: number): readonly (readonly [i: number, j: number])[] | null {
  const [n, m] = [a.length, b.length];
  const limit = Math.min(most, n + m);
  /** Of each number of edits, how far into `a` one comes on each diagonal, from the lowest on. */
  const trace: Int32Array[] = [];
  let before = new Int32Array([0, 0]);
  for (let d = 0; d <= limit; d++) {
    const reached = new Int32Array(d + 1);
    for (let index = 0; index <= d; index++) {
      const k = 2 * index - d;
      let x = 0;
      if (d > 0) {
        const [down, right] = [before[index] ?? -1, (before[index - 1] ?? -2) + 1];
        x = index === 0 || (index < d && right <= down) ? down : right;
      }
      while (x < n && x - k < m && a[x] === b[x - k]) x++;
      reached[index] = x;
      if (x >= n && x - k >= m) {
        trace.push(reached);
        return matches(n, m, trace);
      }
    }
    trace.push(reached);
    before = reached;
  }
  return null;
}

function matches(n: number, m: number, trace: readonly Int32Array[]): readonly (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  let [x, y] = [n, m];
  for (let d = trace.length - 1; d > 0; d--) {
    const index = (x - y + d) / 2;
    const before = trace[d - 1] as Int32Array;
    const [down, right] = [before[index] ?? -1, (before[index - 1] ?? -2) + 1];
    const isDown = index === 0 || (index < d && right <= down);
    const start = isDown ? down : right;
    while (x > start) pairs.push([--x, --y]);
    if (isDown) y--;
    else x--;
  }
  while (x > 0) pairs.push([--x, --y]);
  return pairs.reverse();
}
