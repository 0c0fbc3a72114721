import { printable } from '../../diagnostics/text.ts';
import { showShape } from '../../ir/types.ts';
import { hasFoot, SIZES } from './measure.ts';
import type { Box, Node, Picture, Pill } from './picture.ts';
import type { Placed, PlacedEdge, PlacedNode } from './placed.ts';

/** What both the page and the static picture draw, as SVG below some group. */
export interface DrawingOptions {
  /** Nodes get identifiers of this and their place, names for screen readers, and can be focused. */
  readonly idPrefix: string | null;
}

/** Text and attribute values of XML; characters that it cannot hold are replaced. */
export const escaped = (text: string): string =>
  printable(text)
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/[\ufffe\uffff]/g, ' ');

/** The drawing of a placed picture. */
export function drawing(picture: Picture, placed: Placed, { idPrefix }: DrawingOptions): string {
  const most = picture.nodes.reduce((most, node) => (node.kind === 'box' ? Math.max(most, node.flops) : most), 0);
  return [
    ...placed.groups.map(
      ({ name, x, y, width, height }) =>
        `<rect class="group" x="${x}" y="${y}" width="${width}" height="${height}" rx="12"/>` +
        `<text class="groupname" x="${x + 14}" y="${y + 18}">${escaped(fitted(name, width))}</text>`,
    ),
    // What is left out lies below what runs.
    ...(['dead', 'prefix', 'live'] as const).flatMap((tone) => placed.edges.filter((edge) => edge.tone === tone).map(edgeOf)),
    ...placed.nodes.map((node) => nodeOf(picture.nodes[node.node] as Node, node, most, idPrefix)),
  ].join('\n');
}

const AVERAGE = 6.6;

/** The end of a name that a nested model's frame has room for. */
function fitted(name: string, width: number): string {
  const room = Math.max(4, Math.floor((width - 28) / AVERAGE));
  const characters = [...name];
  return characters.length <= room ? name : `\u2026${characters.slice(1 - room).join('')}`;
}

const RADIUS = 7;
const HEAD = 6;

function edgeOf({ points, tone, hasHead }: PlacedEdge): string {
  const [endX, endY] = points.at(-1) ?? [0, 0];
  const path = roundedPath(hasHead ? [...points.slice(0, -1), [endX, endY - HEAD + 1]] : points);
  const head = hasHead ? `<path class="head ${tone}" d="M${endX - 4} ${n(endY - HEAD)}h8L${endX} ${endY}z"/>` : '';
  return `<path class="edge ${tone}" d="${path}"/>${head}`;
}

const n = (value: number): number => Math.round(value * 10) / 10;

/** A line through points with its corners rounded. */
function roundedPath(points: PlacedEdge['points']): string {
  const [[startX, startY] = [0, 0]] = points;
  let path = `M${n(startX)} ${n(startY)}`;
  for (let i = 1; i < points.length; i++) {
    const [x, y] = points[i] as readonly [number, number];
    const next = points[i + 1];
    if (next === undefined) {
      path += `L${n(x)} ${n(y)}`;
      continue;
    }
    const before = points[i - 1] as readonly [number, number];
    const radius = Math.min(RADIUS, distance(before, [x, y]) / 2, distance([x, y], next) / 2);
    const [ax, ay] = toward([x, y], before, radius);
    const [bx, by] = toward([x, y], next, radius);
    path += `L${n(ax)} ${n(ay)}Q${n(x)} ${n(y)} ${n(bx)} ${n(by)}`;
  }
  return path;
}

type Point = readonly [number, number];
const distance = ([ax, ay]: Point, [bx, by]: Point): number => Math.hypot(bx - ax, by - ay);
function toward(from: Point, to: Point, by: number): Point {
  const whole = distance(from, to);
  return whole === 0 ? from : [from[0] + ((to[0] - from[0]) * by) / whole, from[1] + ((to[1] - from[1]) * by) / whole];
}

function nodeOf(node: Node, placed: PlacedNode, most: number, idPrefix: string | null): string {
  const { x, y, node: place } = placed;
  const isSolid =
    node.kind === 'pill' && (node.role === 'feature' || node.role === 'cut' || (node.role === 'output' && node.tone !== 'removed'));
  const classes = ['node', node.kind, node.tone, ...(isSolid ? ['solid'] : [])].join(' ');
  const label = labelOf(node);
  const handle = idPrefix === null ? '' : ` id="${idPrefix}${place}" tabindex="-1" role="button" aria-label="${escaped(label)}"`;
  const content = node.kind === 'box' ? boxOf(node, placed, most) : pillOf(placed);
  return `<g class="${classes}" transform="translate(${x} ${y})"${handle}><title>${escaped(label)}</title>${content}</g>`;
}

/** What a box is, for who cannot see it, and for whom a name is cut. */
function labelOf(node: Node): string {
  const shape = node.shape === null ? '' : ` ${showShape(node.shape)}`;
  if (node.kind === 'pill') return `${PILLS[node.role]} ${node.name}${shape}`;
  const rows = node.rows.map(({ layer, className, fate }) => `${layer} (${className}, ${fate})`).join(' + ');
  return `${rows}${node.repeats === null ? '' : ` and ${node.repeats.count - 1} more alike`}${shape}`;
}

const PILLS: Readonly<Record<Pill['role'], string>> = {
  input: 'input',
  output: 'output',
  cut: 'input in place of what is before it:',
  feature: 'where the prefix ends:',
};

const LONGEST_RADIUS = 8;

function boxOf(box: Box, { width, height, lines, foot }: PlacedNode, most: number): string {
  const { pad, row, subRow, bar, card } = SIZES;
  const frame = (offset: number): string =>
    `<rect class="frame" x="${offset}" y="${-offset}" width="${width}" height="${height}" rx="${LONGEST_RADIUS}"/>`;
  const cards = box.repeats === null ? '' : frame(2 * card) + frame(card);
  const texts = lines.map(({ name, kind }, i) => {
    const y = i === 0 ? row - 2 : row - 2 + i * subRow;
    const own = name === '' ? '' : `<text class="${i === 0 ? 'name' : 'sub'}" x="${pad}" y="${y}">${escaped(name)}</text>`;
    return `${own}<text class="end" x="${width - pad}" y="${y}">${escaped(kind)}</text>`;
  });
  if (!hasFoot(box)) return cards + frame(0) + texts.join('');
  const y = height - bar - 10;
  const room = width - 2 * pad;
  const part = most === 0 || box.flops === 0 ? 0 : Math.max(2, Math.round((room * box.flops) / most));
  const bars =
    `<rect class="track" x="${pad}" y="${height - bar - 5}" width="${room}" height="${bar}" rx="2"/>` +
    `<rect class="heat" x="${pad}" y="${height - bar - 5}" width="${part}" height="${bar}" rx="2"/>`;
  const cost = `<text class="end cost" x="${width - pad}" y="${y}">${foot.right}</text>`;
  return `${cards}${frame(0)}${texts.join('')}<text x="${pad}" y="${y}">${escaped(foot.left)}</text>${cost}${bars}`;
}

function pillOf({ width, height, lines, foot }: PlacedNode): string {
  const { pad } = SIZES;
  const [line] = lines;
  const y = height / 2 + 4;
  const right = foot.right === '' ? '' : `<text class="end" x="${width - pad}" y="${y}">${escaped(foot.right)}</text>`;
  return (
    `<rect class="frame" width="${width}" height="${height}" rx="${height / 2}"/>` +
    `<text x="${pad + 2}" y="${y}">${escaped(line?.kind ?? '')} <tspan class="name">${escaped(line?.name ?? '')}</tspan></text>${right}`
  );
}
