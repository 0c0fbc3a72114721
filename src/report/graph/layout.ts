import ElkModule, { type ElkEdgeSection, type ElkExtendedEdge, type ElkNode } from 'elkjs/lib/elk.bundled.js';
import { type Column, columnsOf, SPACE } from './columns.ts';
import { framesOf, type Place } from './frames.ts';
import { type Measured, measureAll } from './measure.ts';
import type { Edge, Picture } from './picture.ts';

export interface PlacedNode extends Place, Pick<Measured, 'lines' | 'foot'> {
  /** Its place among the nodes of the picture. */
  readonly node: number;
}

/** A line from one node to another, or to where it leaves a column. */
export interface PlacedEdge {
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly tone: Edge['tone'];
  readonly hasHead: boolean;
  /** The nodes that it stands between; of what leads out of a column, all that it leads to. */
  readonly from: number;
  readonly to: readonly number[];
}

export interface Placed {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
  /** Nested models, the outer before the inner. */
  readonly groups: readonly (Place & { readonly name: string })[];
}

// The types of elkjs declare its class as the module's default export, where Node sees the module itself.
const Elk = ElkModule as unknown as typeof ElkModule.default;

/** Layers from top to bottom, lines with right angles; what stands before something in the model stands left of it. */
const LAYERED = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.padding': '[top=0,left=0,bottom=0,right=0]',
  'elk.spacing.nodeNode': `${SPACE.boxes}`,
  'elk.layered.spacing.nodeNodeBetweenLayers': `${SPACE.rows}`,
  'elk.spacing.edgeNode': '14',
  'elk.spacing.edgeEdge': '10',
  'elk.layered.spacing.edgeNodeBetweenLayers': '12',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '8',
  'elk.layered.mergeEdges': 'true',
  'elk.layered.mergeHierarchyEdges': 'true',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.separateConnectedComponents': 'false',
  'org.eclipse.elk.json.shapeCoords': 'ROOT',
  'org.eclipse.elk.json.edgeCoords': 'ROOT',
} as const;

const GROUP = { 'elk.padding': '[top=28,left=14,bottom=14,right=14]' } as const;
const CORNER = 14;

/**
 * Places a picture: what ELK's layered algorithm makes of each column, and the columns side by side, with a line from the foot of one to the
 * head of the next. The same picture is always placed alike.
 */
export async function place(picture: Picture): Promise<Placed> {
  const sizes = measureAll(picture.nodes);
  const columns = columnsOf(picture, sizes);
  const columnOf = new Map(columns.flatMap(({ nodes }, i) => nodes.map((node) => [node, i] as const)));
  /** The edges of what leaves a column that lead behind it. */
  const edgesPast = (column: number): readonly Edge[] =>
    picture.edges.filter(({ from, to }) => from === columns[column]?.exit && (columnOf.get(to) ?? 0) > column);
  const nodes: PlacedNode[] = [];
  const edges: PlacedEdge[] = [];
  const groups: (Place & { readonly name: string })[] = [];
  let left = 0;
  let height = 0;
  let leaving: { readonly edge: Omit<PlacedEdge, 'hasHead'>; readonly right: number } | null = null;
  for (const [i, column] of columns.entries()) {
    const past = edgesPast(i);
    const placed = await placeColumn(column, past, picture, sizes);
    const move = ([x, y]: readonly [number, number]): readonly [number, number] => [x + left, y];
    for (const node of placed.nodes) nodes.push({ ...node, x: node.x + left });
    for (const group of placed.groups) groups.push({ ...group, x: group.x + left });
    for (const edge of placed.edges) edges.push({ ...edge, points: edge.points.map(move) });
    if (leaving !== null && placed.entry !== null) edges.push(betweenColumns(leaving, move(placed.entry)));
    leaving = null;
    if (placed.exit !== null && column.exit !== null) {
      const to = past.map((edge) => edge.to);
      leaving = { edge: { points: [move(placed.exit)], tone: toneOf(past), from: column.exit, to }, right: left + placed.width };
    }
    left += placed.width + SPACE.columns;
    height = Math.max(height, placed.height);
  }
  return { width: Math.max(0, left - SPACE.columns), height: height + (columns.length > 1 ? CORNER : 0), nodes, edges, groups };
}

/** Down from the foot of a column, up between the two, and down into the next. */
function betweenColumns(
  { edge, right }: { readonly edge: Omit<PlacedEdge, 'hasHead'>; readonly right: number },
  [x, y]: readonly [number, number],
): PlacedEdge {
  const [fromX, fromY] = edge.points[0] ?? [0, 0];
  const middle = right + SPACE.columns / 2;
  const points = [
    [fromX, fromY],
    [fromX, fromY + CORNER],
    [middle, fromY + CORNER],
    [middle, y - CORNER],
    [x, y - CORNER],
    [x, y],
  ] as const;
  return { ...edge, points, hasHead: false };
}

const TONES: readonly Edge['tone'][] = ['live', 'prefix', 'dead'];
const toneOf = (edges: readonly Edge[]): Edge['tone'] => TONES.find((tone) => edges.some((edge) => edge.tone === tone)) ?? 'dead';

interface PlacedColumn extends Placed {
  readonly entry: readonly [number, number] | null;
  readonly exit: readonly [number, number] | null;
}

const ENTRY = 'entry';
const EXIT = 'exit';

async function placeColumn(column: Column, past: readonly Edge[], picture: Picture, sizes: readonly Measured[]): Promise<PlacedColumn> {
  const own = new Set(column.nodes);
  const inside: Inside[] = [];
  for (const edge of picture.edges) {
    if (!own.has(edge.to)) continue;
    if (own.has(edge.from)) inside.push({ ...edge, ends: [`${edge.from}`, `${edge.to}`] });
    else if (edge.from === column.entry) inside.push({ ...edge, ends: [ENTRY, `${edge.to}`] });
  }
  const { exit } = column;
  // All that lead on are one line to the foot of the column, of what stands in it or above it.
  if (exit !== null && past.length > 0)
    inside.push({ from: exit, to: exit, tone: toneOf(past), ends: [own.has(exit) ? `${exit}` : ENTRY, EXIT] });
  const hasEntry = inside.some(({ ends }) => ends[0] === ENTRY);
  const hasExit = inside.some(({ ends }) => ends[1] === EXIT);
  const dot = (id: string, layerConstraint: string): ElkNode => ({
    id,
    width: 1,
    height: 1,
    layoutOptions: { 'elk.layered.layering.layerConstraint': layerConstraint },
  });
  const layout = (children: readonly ElkNode[]): Promise<ElkNode> =>
    new Elk().layout({
      id: 'root',
      layoutOptions: { ...LAYERED },
      children: [...(hasEntry ? [dot(ENTRY, 'FIRST')] : []), ...children, ...(hasExit ? [dot(EXIT, 'LAST')] : [])],
      edges: inside.map(({ ends: [from, to] }, i) => ({ id: `e${i}`, sources: [from], targets: [to] })),
    });
  // Straighter without nested models; and where what is of one stands together all the same, a frame around it is enough.
  let root = await layout(column.nodes.map((node) => boxOf(node, sizes)));
  let found = placesIn(root);
  let edges = linesOf(root, inside);
  const frames = framesOf(column.nodes, picture, found.nodes, edges);
  if (frames === null) {
    root = await layout(groupTree(column.nodes, picture, sizes));
    found = placesIn(root);
    edges = linesOf(root, inside);
  }
  const head = edges.find(({ ends }) => ends[0] === ENTRY)?.points[0] ?? null;
  const foot = edges.find(({ ends }) => ends[1] === EXIT)?.points.at(-1) ?? null;
  const groups = frames ?? found.groups;
  const left = groups.reduce((least, { x }) => Math.min(least, x), 0);
  const top = groups.reduce((least, { y }) => Math.min(least, y), 0);
  const right = groups.reduce((most, { x, width }) => Math.max(most, x + width), root.width ?? 0);
  const moved = ([x, y]: Point): Point => [round(x - left), round(y - top)];
  return {
    width: round(right - left),
    height: round(groups.reduce((most, { y, height }) => Math.max(most, y + height), root.height ?? 0) - top),
    nodes: column.nodes.map((node) => {
      const { lines, foot } = sizes[node] as Measured;
      const place = found.nodes.get(`${node}`) as Place;
      return { node, ...place, x: round(place.x - left), y: round(place.y - top), lines, foot };
    }),
    groups: groups.map((group) => ({ ...group, x: round(group.x - left), y: round(group.y - top) })),
    edges: edges.map(({ points, tone, ends, from, to }) => ({
      points: points.map(moved),
      tone,
      hasHead: ends[1] !== EXIT,
      from,
      to: ends[1] === EXIT ? past.map((edge) => edge.to) : [to],
    })),
    entry: head && moved(head),
    exit: foot && moved(foot),
  };
}

type Point = readonly [x: number, y: number];

/** An edge as it is laid out: one end may be where it enters the column or leaves it. */
interface Inside extends Edge {
  readonly ends: readonly [string, string];
}

/** The lines of edges, in their order. */
function linesOf(root: ElkNode, inside: readonly Inside[]): readonly (Inside & { readonly points: readonly Point[] })[] {
  const byId = new Map(edgesIn(root).map((edge) => [edge.id, edge]));
  return inside.flatMap((edge, i) => (byId.get(`e${i}`)?.sections ?? []).map((section) => ({ ...edge, points: pointsOf(section) })));
}

const boxOf = (place: number, sizes: readonly Measured[]): ElkNode => {
  const { width, height } = sizes[place] as Measured;
  return { id: `${place}`, width, height };
};

/** Boxes inside their nested models, and these inside each other. */
function groupTree(nodes: readonly number[], { nodes: all }: Picture, sizes: readonly Measured[]): ElkNode[] {
  const groups = new Map<string, ElkNode & { children: ElkNode[] }>();
  const top: ElkNode[] = [];
  const groupOf = (path: string): ElkNode[] => {
    if (path === '') return top;
    const known = groups.get(path);
    if (known !== undefined) return known.children;
    const group = { id: `group ${path}`, layoutOptions: GROUP, children: [] };
    groups.set(path, group);
    groupOf(path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '').push(group);
    return group.children;
  };
  for (const place of nodes) {
    const node = all[place];
    groupOf(node?.kind === 'box' ? node.group : '').push(boxOf(place, sizes));
  }
  return top;
}

function placesIn(root: ElkNode): { readonly nodes: ReadonlyMap<string, Place>; readonly groups: (Place & { readonly name: string })[] } {
  const nodes = new Map<string, Place>();
  const groups: (Place & { readonly name: string })[] = [];
  const queue = [...(root.children ?? [])];
  for (const { id, x = 0, y = 0, width = 0, height = 0, children } of queue) {
    const place = { x: round(x), y: round(y), width: round(width), height: round(height) };
    if (children === undefined) nodes.set(id, place);
    else groups.push({ name: id.slice('group '.length), ...place });
    queue.push(...(children ?? []));
  }
  return { nodes, groups };
}

/** The library may hang edges below the groups that they are in. */
function edgesIn(root: ElkNode): readonly ElkExtendedEdge[] {
  const found: ElkExtendedEdge[] = [];
  const queue = [root];
  for (const node of queue) {
    found.push(...(node.edges ?? []));
    queue.push(...(node.children ?? []));
  }
  return found;
}

const pointsOf = ({ startPoint, bendPoints = [], endPoint }: ElkEdgeSection): (readonly [number, number])[] =>
  [startPoint, ...bendPoints, endPoint].map(({ x, y }) => [round(x), round(y)]);

const round = (value: number): number => Math.round(value * 10) / 10;
