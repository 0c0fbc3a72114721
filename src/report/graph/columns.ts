import type { Measured } from './measure.ts';
import type { Picture } from './picture.ts';

/** Width by height of a page or a screen. */
const ASPECT = 1.6;
/** What lies between two rows of boxes, two boxes of a row, and two columns, about. */
export const SPACE = { rows: 30, boxes: 26, columns: 56 } as const;

/** A part of the picture that is drawn from top to bottom, beside the others. */
export interface Column {
  /** Places of its nodes in the picture. */
  readonly nodes: readonly number[];
  /** The node before it that something of it, or behind it, takes; null for the first. */
  readonly entry: number | null;
  /** The node, of this column or before it, that something behind it takes. */
  readonly exit: number | null;
}

/**
 * A picture in columns, as text is set on a page: a model of a hundred layers, one below the other, would be a line. It is parted only where
 * one tensor leads from what is above to what is below, and so that the page is about as wide as a screen.
 */
export function columnsOf({ nodes, edges }: Picture, sizes: readonly Measured[]): readonly Column[] {
  const ranks = ranksOf(nodes.length, edges);
  const rows: number[][] = Array.from({ length: ranks.reduce((most, rank) => Math.max(most, rank + 1), 0) }, () => []);
  for (const [i, rank] of ranks.entries()) rows[rank]?.push(i);
  const crossing = crossings(ranks, rows.length, edges);
  const segments = segmentsOf(rows, crossing, sizes);
  const parted = bestParts(segments);
  return parted.map((part, i): Column => {
    const [first, last] = [part[0]?.first ?? 0, part.at(-1)?.last ?? 0];
    return {
      nodes: rows
        .slice(first, last + 1)
        .flat()
        .sort((a, b) => a - b),
      entry: i === 0 ? null : (crossing[first - 1]?.only ?? null),
      exit: i === parted.length - 1 ? null : (crossing[last]?.only ?? null),
    };
  });
}

type Ends = readonly { readonly from: number; readonly to: number }[];

/** How many boxes stand above each at least. What is given stands right above what takes it first. */
function ranksOf(count: number, edges: Ends): readonly number[] {
  const behind = Array.from({ length: count }, (): number[] => []);
  const waiting = new Array<number>(count).fill(0);
  for (const { from, to } of edges) {
    behind[from]?.push(to);
    waiting[to] = (waiting[to] ?? 0) + 1;
  }
  const ranks = new Array<number>(count).fill(0);
  const sources = [...waiting.keys()].filter((i) => waiting[i] === 0);
  const ready = [...sources];
  for (const i of ready) {
    for (const to of behind[i] ?? []) {
      ranks[to] = Math.max(ranks[to] ?? 0, (ranks[i] ?? 0) + 1);
      waiting[to] = (waiting[to] ?? 0) - 1;
      if (waiting[to] === 0) ready.push(to);
    }
  }
  for (const i of sources) {
    const first = (behind[i] ?? []).reduce((least, to) => Math.min(least, ranks[to] ?? 0), Infinity);
    if (Number.isFinite(first)) ranks[i] = first - 1;
  }
  return ranks;
}

/** What leads over the line below each row: how many nodes, and which where it is one. */
function crossings(
  ranks: readonly number[],
  rows: number,
  edges: Ends,
): readonly { readonly count: number; readonly only: number | null }[] {
  const last = new Map<number, number>();
  for (const { from, to } of edges) last.set(from, Math.max(last.get(from) ?? 0, ranks[to] ?? 0));
  const counts = new Array<number>(rows + 1).fill(0);
  // The sum of the places of all that cross is the place of the one where there is but one.
  const sums = new Array<number>(rows + 1).fill(0);
  for (const [from, end] of last) {
    const start = ranks[from] ?? 0;
    counts[start] = (counts[start] ?? 0) + 1;
    sums[start] = (sums[start] ?? 0) + from;
    counts[end] = (counts[end] ?? 0) - 1;
    sums[end] = (sums[end] ?? 0) - from;
  }
  let [count, sum] = [0, 0];
  return Array.from({ length: rows }, (_, row) => {
    count += counts[row] ?? 0;
    sum += sums[row] ?? 0;
    return { count, only: count === 1 ? sum : null };
  });
}

/** Rows that stay together. */
interface Segment {
  readonly first: number;
  readonly last: number;
  readonly height: number;
  readonly width: number;
}

function segmentsOf(
  rows: readonly (readonly number[])[],
  crossing: readonly { readonly count: number }[],
  sizes: readonly Measured[],
): Segment[] {
  const segments: Segment[] = [];
  let [first, height, width] = [0, 0, 0];
  rows.forEach((row, i) => {
    height += row.reduce((most, node) => Math.max(most, sizes[node]?.height ?? 0), 0) + SPACE.rows;
    width = Math.max(
      width,
      row.reduce((sum, node) => sum + (sizes[node]?.width ?? 0) + SPACE.boxes, 0),
    );
    if ((crossing[i]?.count ?? 0) > 1 && i < rows.length - 1) return;
    segments.push({ first, last: i, height, width });
    [first, height, width] = [i + 1, 0, 0];
  });
  return segments;
}

/** A further column must let the picture be shown so much larger. */
const WORTH_PARTING = 0.92;

/** Segments in as many columns as make the picture largest on a screen. */
function bestParts(segments: readonly Segment[]): readonly (readonly Segment[])[] {
  const total = segments.reduce((sum, { height }) => sum + height, 0);
  let best: readonly (readonly Segment[])[] = [segments];
  let least = Infinity;
  for (let count = 1; count <= segments.length; count++) {
    const parts = filled(segments, total / count);
    const width = parts.reduce((sum, part) => sum + part.reduce((most, segment) => Math.max(most, segment.width), 0) + SPACE.columns, 0);
    const height = parts.reduce(
      (most, part) =>
        Math.max(
          most,
          part.reduce((sum, segment) => sum + segment.height, 0),
        ),
      0,
    );
    const size = Math.max(width / ASPECT, height);
    if (size < least * WORTH_PARTING) [best, least] = [parts, size];
    // More columns are wider still.
    else if (width > height * ASPECT) break;
  }
  return best;
}

/** Columns about as high as that, the last perhaps lower. */
function filled(segments: readonly Segment[], height: number): readonly (readonly Segment[])[] {
  const parts: Segment[][] = [];
  let [used, end] = [0, 0];
  for (const segment of segments) {
    const middle = used + segment.height / 2;
    if (middle >= end || parts.length === 0) {
      parts.push([]);
      end += height;
    }
    parts.at(-1)?.push(segment);
    used += segment.height;
  }
  return parts;
}
