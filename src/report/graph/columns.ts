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
  /** Nodes before it of which something in it or behind it takes the result. */
  readonly entries: readonly number[];
  /** Nodes in it or before it of which something behind it does. */
  readonly exits: readonly number[];
}

/** So many lines at most lead from one column to the next. */
const MOST_LINES = 4;
/** What is so much higher than wide is parted also where several lines lead on. */
const TOO_HIGH = 1.5;

/**
 * A picture in columns, as text is set on a page: a model of a hundred layers, one below the other, would be a line. It is parted where few
 * tensors lead from what is above to what is below, one if that will do, and so that the page is about as wide as a screen.
 */
export function columnsOf({ nodes, edges }: Picture, sizes: readonly Measured[]): readonly Column[] {
  const { ranks, lasts } = ranksOf(nodes.length, edges);
  const rows: number[][] = Array.from({ length: ranks.reduce((most, rank) => Math.max(most, rank + 1), 0) }, () => []);
  for (const [i, rank] of ranks.entries()) rows[rank]?.push(i);
  const counts = crossings(ranks, lasts, rows.length);
  let parts: readonly (readonly Segment[])[] = [];
  for (let lines = 1; lines <= MOST_LINES; lines++) {
    parts = bestParts(segmentsOf(rows, counts, sizes, lines));
    const { width, height } = sizeOf(parts);
    if (height < width * TOO_HIGH) break;
  }
  // What leads over the line below a row.
  const crossing = (row: number): number[] => [...ranks.keys()].filter((i) => (ranks[i] ?? 0) <= row && (lasts[i] ?? 0) > row);
  return parts.map((part, i): Column => {
    const [first, last] = [part[0]?.first ?? 0, part.at(-1)?.last ?? 0];
    return {
      nodes: rows
        .slice(first, last + 1)
        .flat()
        .sort((a, b) => a - b),
      entries: i === 0 ? [] : crossing(first - 1),
      exits: i === parts.length - 1 ? [] : crossing(last),
    };
  });
}

type Ends = readonly { readonly from: number; readonly to: number }[];

/**
 * The row of each node: so many stand above it at least, and what is given stands right above what takes it first. Beside that, the row of
 * the last that takes its result.
 */
function ranksOf(count: number, edges: Ends): { readonly ranks: readonly number[]; readonly lasts: readonly number[] } {
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
  const lasts = behind.map((users, i) => users.reduce((last, to) => Math.max(last, ranks[to] ?? 0), ranks[i] ?? 0));
  return { ranks, lasts };
}

/** How many nodes' results lead over the line below each row. */
function crossings(ranks: readonly number[], lasts: readonly number[], rows: number): readonly number[] {
  const changes = new Array<number>(rows + 1).fill(0);
  for (const [i, rank] of ranks.entries()) {
    const last = lasts[i] ?? rank;
    changes[rank] = (changes[rank] ?? 0) + 1;
    changes[last] = (changes[last] ?? 0) - 1;
  }
  let count = 0;
  return Array.from({ length: rows }, (_, row) => {
    count += changes[row] ?? 0;
    return count;
  });
}

/** Rows that stay together. */
interface Segment {
  readonly first: number;
  readonly last: number;
  readonly height: number;
  readonly width: number;
}

/** @param lines so many at most lead from one segment to the next */
function segmentsOf(
  rows: readonly (readonly number[])[],
  crossing: readonly number[],
  sizes: readonly Measured[],
  lines: number,
): readonly Segment[] {
  const segments: Segment[] = [];
  let [first, height, width] = [0, 0, 0];
  rows.forEach((row, i) => {
    height += row.reduce((most, node) => Math.max(most, sizes[node]?.height ?? 0), 0) + SPACE.rows;
    width = Math.max(
      width,
      row.reduce((sum, node) => sum + (sizes[node]?.width ?? 0) + SPACE.boxes, 0),
    );
    if ((crossing[i] ?? 0) > lines && i < rows.length - 1) return;
    segments.push({ first, last: i, height, width });
    [first, height, width] = [i + 1, 0, 0];
  });
  return segments;
}

/** A further column must let the picture be shown so much larger. */
const WORTH_PARTING = 0.92;
/** So much of the columns' room must be taken: a few boxes in a column of their own look lost. */
const LEAST_FILLED = 0.55;

/** Segments in as many columns as make the picture largest on a screen. */
function bestParts(segments: readonly Segment[]): readonly (readonly Segment[])[] {
  const total = segments.reduce((sum, { height }) => sum + height, 0);
  let best: readonly (readonly Segment[])[] = [segments];
  let least = Infinity;
  for (let count = 1; count <= segments.length; count++) {
    const parts = filled(segments, total / count);
    const { width, height } = sizeOf(parts);
    const size = Math.max(width / ASPECT, height);
    const isFilled = total >= parts.length * height * LEAST_FILLED;
    if (isFilled && size < least * WORTH_PARTING) [best, least] = [parts, size];
    // More columns are wider still.
    else if (width > height * ASPECT) break;
  }
  return best;
}

function sizeOf(parts: readonly (readonly Segment[])[]): { readonly width: number; readonly height: number } {
  const widthOf = (part: readonly Segment[]): number => part.reduce((most, { width }) => Math.max(most, width), 0) + SPACE.columns;
  const heightOf = (part: readonly Segment[]): number => part.reduce((sum, { height }) => sum + height, 0);
  return {
    width: parts.reduce((sum, part) => sum + widthOf(part), 0),
    height: parts.reduce((most, part) => Math.max(most, heightOf(part)), 0),
  };
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
