import ElkModule, { type ElkEdgeSection, type ElkExtendedEdge, type ElkNode } from 'elkjs/lib/elk.bundled.js';
import { type Column, SPACE } from './columns.ts';
import { framesOf } from './frames.ts';
import type { Measured } from './measure.ts';
import { type Edge, type Picture, toneOf } from './picture.ts';
import type { Place, Placed, Point } from './placed.ts';

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
interface PlacedColumn extends Placed {
  /** Where the lines of nodes before it come in, and where those lead on that are needed behind it, by these nodes. */
  readonly entries: ReadonlyMap<number, Point>;
  readonly exits: ReadonlyMap<number, Point>;
}

const entryOf = (node: number): string => `entry ${node}`;
const exitOf = (node: number): string => `exit ${node}`;

/**
 * Places a column: what ELK's layered algorithm makes of it, with a dot at the head for each line that comes in, and one at the foot for each
 * that leads on.
 * @param past the edges of its exits that lead behind it
 */
export async function placeColumn(
  column: Column,
  past: readonly Edge[],
  picture: Picture,
  sizes: readonly Measured[],
): Promise<PlacedColumn> {
  const own = new Set(column.nodes);
  const before = new Set(column.entries);
  const inside: Inside[] = [];
  for (const edge of picture.edges) {
    if (!own.has(edge.to)) continue;
    if (own.has(edge.from)) inside.push({ ...edge, ends: [`${edge.from}`, `${edge.to}`], leads: 'inside' });
    else if (before.has(edge.from)) inside.push({ ...edge, ends: [entryOf(edge.from), `${edge.to}`], leads: 'in' });
  }
  // All that lead on from a node are one line to the foot of the column; the node stands in it or above it.
  for (const exit of column.exits) {
    const tone = toneOf(past.filter(({ from }) => from === exit));
    inside.push({ from: exit, to: exit, tone, ends: [own.has(exit) ? `${exit}` : entryOf(exit), exitOf(exit)], leads: 'on' });
  }
  const dots = (ids: readonly string[], layerConstraint: string): ElkNode[] =>
    [...new Set(ids)].map((id) => ({
      ...{ id, width: 1, height: 1 },
      layoutOptions: { 'elk.layered.layering.layerConstraint': layerConstraint },
    }));
  const heads = dots(
    column.entries.map(entryOf).filter((id) => inside.some(({ ends }) => ends[0] === id)),
    'FIRST',
  );
  const feet = dots(column.exits.map(exitOf), 'LAST');
  const layout = (children: readonly ElkNode[]): Promise<ElkNode> =>
    new Elk().layout({
      id: 'root',
      layoutOptions: { ...LAYERED },
      children: [...heads, ...children, ...feet],
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
    edges: edges.map(({ points, tone, leads, from, to }) => ({
      points: points.map(moved),
      tone,
      hasHead: leads !== 'on',
      from,
      to: leads === 'on' ? past.filter((edge) => edge.from === from).map((edge) => edge.to) : [to],
    })),
    entries: new Map(edges.flatMap(({ from, ends, points }) => (ends[0] === entryOf(from) ? [[from, moved(points[0] ?? [0, 0])]] : []))),
    exits: new Map(edges.flatMap(({ from, leads, points }) => (leads === 'on' ? [[from, moved(points.at(-1) ?? [0, 0])]] : []))),
  };
}

/** An edge as it is laid out: one end may be where it enters the column or leaves it. */
interface Inside extends Edge {
  readonly ends: readonly [string, string];
  /** `in` from a column before, `on` to one behind. */
  readonly leads: 'inside' | 'in' | 'on';
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
