import { type Shape, showShape } from '../../ir/types.ts';
import { byteCount, count } from '../format.ts';
import type { Box, Node, Pill, Row } from './picture.ts';
import { monoWidth, sansWidth, shortened } from './text-size.ts';

/** Sizes in the picture's own units, which are pixels where it is shown as it is. */
export const SIZES = { name: 12, sub: 10.5, small: 10.5, pad: 10, row: 19, subRow: 15, foot: 20, bar: 4, pill: 26, card: 4 } as const;

const LONGEST_NAME = 30;
const LONGEST_CLASS = 24;
const GAP = 14;
const NARROWEST = 148;
const COMMON_WIDTH = 236;

/** A line of a box: a name, what it is, and how it came there. */
export interface Line {
  readonly name: string;
  readonly kind: string;
}

/** A box or pill with its texts as they are shown, and the room that these need. */
export interface Measured {
  readonly width: number;
  readonly height: number;
  readonly lines: readonly Line[];
  /** Below the lines: a shape and a cost. */
  readonly foot: { readonly left: string; readonly right: string };
}

/** Boxes are as wide as the widest, as far as that is not much: so their edges are in line. */
export function measureAll(nodes: readonly Node[]): readonly Measured[] {
  const sizes = nodes.map(measure);
  const widths = sizes.filter((_, i) => nodes[i]?.kind === 'box').map(({ width }) => width);
  const common = Math.min(
    COMMON_WIDTH,
    widths.reduce((most, width) => Math.max(most, width), 0),
  );
  return sizes.map((size, i) => (nodes[i]?.kind === 'box' ? { ...size, width: Math.max(size.width, common) } : size));
}

const measure = (node: Node): Measured => (node.kind === 'box' ? measureBox(node) : measurePill(node));

function measureBox(box: Box): Measured {
  const { rows, repeats } = box;
  const lines = (repeats === null ? rows : rows.slice(0, 1)).map((row, i) => ({
    name: `${i === 0 || row.fate === 'removed' ? '' : '+ '}${shortened(row.name, LONGEST_NAME)}`,
    kind: shortened(kindOf(row), LONGEST_CLASS),
  }));
  if (repeats !== null) {
    lines.push({ name: `\u2026 ${shortened(repeats.last, LONGEST_NAME - 2)}`, kind: `${repeats.count} alike` });
    lines.push(...rows.slice(1).map(({ className }) => ({ name: '', kind: `each with ${shortened(className, LONGEST_CLASS)}` })));
  }
  const foot = { left: box.shape === null ? '' : shapeText(box.shape), right: box.flops === 0 ? '' : count(box.flops) };
  const widths = lines.map(({ name, kind }, i) => monoWidth(name, i === 0 ? SIZES.name : SIZES.sub) + GAP + sansWidth(kind, SIZES.small));
  const footWidth = sansWidth(foot.left, SIZES.small) + GAP + sansWidth(WIDEST_COST, SIZES.small);
  return {
    width: Math.ceil(Math.max(NARROWEST, footWidth + 2 * SIZES.pad, ...widths.map((width) => width + 2 * SIZES.pad))),
    height: SIZES.row + 5 + (lines.length - 1) * SIZES.subRow + (hasFoot(box) ? SIZES.foot + SIZES.bar : 5),
    lines,
    foot,
  };
}

/** Room for whatever cost is shown: the page can show another than the picture began with. */
const WIDEST_COST = '8.88 M params';

/** What does nothing costs nothing, and gives the shape that it is given. */
export const hasFoot = ({ tone, flops, parameters, rows }: Box): boolean =>
  tone !== 'identity' && (flops > 0 || parameters > 0 || rows.some(({ fate }) => fate === 'kept' || fate === 'removed'));

const kindOf = ({ className, fate }: Row): string => (fate === 'skipped' ? `${className}, skipped` : className);

const ROLES: Readonly<Record<Pill['role'], string>> = { input: 'input', output: 'output', cut: 'given', feature: 'cut' };

function measurePill({ role, name, shape, bytes, tone }: Pill): Measured {
  const line = { name: shortened(name, LONGEST_NAME), kind: role === 'output' && tone === 'removed' ? 'not chosen' : ROLES[role] };
  const foot = {
    left: '',
    right: [shape === null ? '' : shapeText(shape), bytes === null ? '' : byteCount(bytes)].filter((text) => text !== '').join(' \u00b7 '),
  };
  const width =
    sansWidth(line.kind, SIZES.small) +
    GAP / 2 +
    monoWidth(line.name, SIZES.name) +
    (foot.right === '' ? 0 : GAP / 2 + sansWidth(foot.right, SIZES.small));
  return { width: Math.ceil(width + 3 * SIZES.pad), height: SIZES.pill, lines: [line], foot };
}

/** Sizes of one sample: `28×28×16`. */
export function shapeText(shape: Shape): string {
  if (shape.length < 2) return showShape(shape);
  return shortened(
    shape
      .slice(1)
      .map((dim) => (typeof dim === 'number' ? String(dim) : '?'))
      .join('\u00d7'),
    LONGEST_NAME,
  );
}
