/** Cheapest edit scripts by dynamic programming. */

/** What it costs to open a gap, and each node that is in it. */
const OPEN = 0.5;
const EACH = 1;

/** Where the cells of a row begin and end, in columns from 0 to the length of the other list. */
export type Band = (row: number) => readonly [first: number, last: number];

const NEVER = Number.POSITIVE_INFINITY;

/** How a cell was reached: by a match, by leaving out of the first list, or of the second. */
const MATCH = 0;
const FIRST = 1;
const SECOND = 2;

/**
 * The pairs of a cheapest edit script between two lists, with affine gaps (O. Gotoh, An improved algorithm for matching biological
 * sequences, 1982): one long gap is cheaper than two short ones. Time and a byte of memory for each cell of the band.
 * @param cost of taking two items for counterparts: Infinity where they cannot be
 * @param band the cells that are looked at: all of them give the cheapest script, fewer the cheapest among these
 */
export function editScript(
  n: number,
  m: number,
  cost: (i: number, j: number) => number,
  band: Band = () => [0, m],
): readonly (readonly [i: number, j: number])[] {
  // For each cell, in two bits each, from what state each of its three was reached.
  const rows: { readonly first: number; readonly from: Uint8Array }[] = [];
  let above = { first: 0, match: filled(0), one: filled(0), two: filled(0) };
  for (let i = 0; i <= n; i++) {
    const [first, last] = band(i);
    const width = last - first + 1;
    const from = new Uint8Array(width);
    const row = { first, match: filled(width), one: filled(width), two: filled(width) };
    for (let j = first; j <= last; j++) {
      const at = j - first;
      if (i === 0 && j === 0) {
        row.match[at] = 0;
        continue;
      }
      const up = j - above.first;
      const diagonal = least(above, up - 1);
      const step = i > 0 && j > 0 && diagonal.cost < NEVER ? cost(i - 1, j - 1) : NEVER;
      row.match[at] = diagonal.cost + step;
      const upMatch = (above.match[up] ?? NEVER) + OPEN;
      const upOne = above.one[up] ?? NEVER;
      const upTwo = (above.two[up] ?? NEVER) + OPEN;
      row.one[at] = Math.min(upMatch, upOne, upTwo) + EACH;
      const leftMatch = (row.match[at - 1] ?? NEVER) + OPEN;
      const leftOne = (row.one[at - 1] ?? NEVER) + OPEN;
      const leftTwo = row.two[at - 1] ?? NEVER;
      row.two[at] = Math.min(leftMatch, leftOne, leftTwo) + EACH;
      from[at] = diagonal.state | (smallest(upMatch, upOne, upTwo) << 2) | (smallest(leftMatch, leftOne, leftTwo) << 4);
    }
    rows.push({ first, from });
    above = row;
  }
  return traced(n, m, rows, least(above, m - above.first).state);
}

const filled = (width: number) => new Float64Array(width).fill(NEVER);

/** Which of three is smallest, the first on a tie. */
const smallest = (match: number, one: number, two: number): number => (two < match && two < one ? SECOND : one < match ? FIRST : MATCH);

interface Row {
  readonly match: Float64Array;
  readonly one: Float64Array;
  readonly two: Float64Array;
}

const end = { cost: NEVER, state: MATCH };

/** The cheapest of a cell's states; the same object each time. */
function least({ match, one, two }: Row, at: number): { cost: number; state: number } {
  end.cost = match[at] ?? NEVER;
  end.state = MATCH;
  const [inOne, inTwo] = [one[at] ?? NEVER, two[at] ?? NEVER];
  if (inOne < end.cost) {
    end.cost = inOne;
    end.state = FIRST;
  }
  if (inTwo < end.cost) {
    end.cost = inTwo;
    end.state = SECOND;
  }
  return end;
}

function traced(
  n: number,
  m: number,
  rows: readonly { readonly first: number; readonly from: Uint8Array }[],
  last: number,
): readonly (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  let [i, j, state] = [n, m, last];
  while (i > 0 || j > 0) {
    const row = rows[i] as (typeof rows)[number];
    const from = row.from[j - row.first] ?? 0;
    if (state === MATCH) {
      pairs.push([--i, --j]);
      state = from & 3;
    } else if (state === FIRST) {
      i--;
      state = (from >> 2) & 3;
    } else {
      j--;
      state = from >> 4;
    }
  }
  return pairs.reverse();
}
