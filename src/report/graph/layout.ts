import { placeColumn } from './column-layout.ts';
import { columnsOf, SPACE } from './columns.ts';
import { measureAll } from './measure.ts';
import { type Edge, type Picture, toneOf } from './picture.ts';
import type { Place, Placed, PlacedEdge, PlacedNode, Point } from './placed.ts';

/** A line on its way between two columns. */
interface Leaving {
  readonly from: number;
  readonly edges: readonly Edge[];
  readonly point: Point;
}

/** Between a column and a line around it, and between two such lines. */
const CORNER = 14;
const LINES = 8;

/**
 * Places a picture: its columns side by side, with lines from the foot of one to the head of the next. The same picture is always placed
 * alike.
 */
export async function place(picture: Picture): Promise<Placed> {
  const sizes = measureAll(picture.nodes);
  const columns = columnsOf(picture, sizes);
  const columnOf = new Map(columns.flatMap(({ nodes }, i) => nodes.map((node) => [node, i] as const)));
  const nodes: PlacedNode[] = [];
  const edges: PlacedEdge[] = [];
  const groups: (Place & { readonly name: string })[] = [];
  let left = 0;
  let leaving: readonly Leaving[] = [];
  for (const [i, column] of columns.entries()) {
    const exits = new Set(column.exits);
    const past = picture.edges.filter(({ from, to }) => exits.has(from) && (columnOf.get(to) ?? 0) > i);
    const placed = await placeColumn(column, past, picture, sizes);
    const move = ([x, y]: Point): Point => [x + left, y];
    for (const node of placed.nodes) nodes.push({ ...node, x: node.x + left });
    for (const group of placed.groups) groups.push({ ...group, x: group.x + left });
    for (const edge of placed.edges) edges.push({ ...edge, points: edge.points.map(move) });
    edges.push(
      ...betweenColumns(leaving, new Map([...placed.entries].map(([from, point]) => [from, move(point)])), left - SPACE.columns / 2),
    );
    leaving = [...placed.exits].map(([from, point]) => ({ from, edges: past.filter((edge) => edge.from === from), point: move(point) }));
    left += placed.width + SPACE.columns;
  }
  return framed({ width: Math.max(0, left - SPACE.columns), height: 0, nodes, edges, groups });
}

/**
 * Down from the foot of a column, up between the two, and down into the next. What leaves furthest right turns first, and stays above and left
 * of the others, so that few lines cross.
 * @param middle where between the columns the lines go up
 */
function betweenColumns(leaving: readonly Leaving[], entries: ReadonlyMap<number, Point>, middle: number): PlacedEdge[] {
  const lines = leaving.toSorted((a, b) => b.point[0] - a.point[0]);
  const foot = lines.reduce((most, { point }) => Math.max(most, point[1]), 0) + CORNER;
  const head = [...entries.values()].reduce((least, [, y]) => Math.min(least, y), Infinity) - CORNER;
  return lines.flatMap(({ from, edges, point }, i) => {
    const entry = entries.get(from);
    if (entry === undefined) return [];
    const up = middle + (i - (lines.length - 1) / 2) * LINES;
    const [below, above] = [foot + i * LINES, head - (lines.length - 1 - i) * LINES];
    const points: Point[] = [point, [point[0], below], [up, below], [up, above], [entry[0], above], entry];
    return [{ points, tone: toneOf(edges), hasHead: false, from, to: edges.map(({ to }) => to) }];
  });
}

/** All of it within a frame that begins at 0, lines around columns included. */
function framed(placed: Placed): Placed {
  const lines = placed.edges.flatMap(({ points }) => points.map(([, y]) => y));
  const boxes = [...placed.nodes, ...placed.groups];
  const top = [...lines, ...boxes.map(({ y }) => y)].reduce((least, y) => Math.min(least, y), 0);
  const bottom = [...lines, ...boxes.map(({ y, height }) => y + height)].reduce((most, y) => Math.max(most, y), 0);
  return {
    width: placed.width,
    height: bottom - top,
    nodes: placed.nodes.map((node) => ({ ...node, y: node.y - top })),
    groups: placed.groups.map((group) => ({ ...group, y: group.y - top })),
    edges: placed.edges.map((edge) => ({ ...edge, points: edge.points.map(([x, y]): Point => [x, y - top]) })),
  };
}
