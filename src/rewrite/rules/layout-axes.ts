import type { Attrs, BodyOp } from '../../ir/program.ts';
import type { Shape } from '../../ir/types.ts';
import { binaryOps } from '../../ops/elementwise/binary.ts';
import { unaryOps } from '../../ops/elementwise/unary.ts';

/** Axis i of the result is axis perm[i] of the operand, as for the op `transpose`. */
export type Perm = readonly number[];

export const isIdentity = (perm: Perm): boolean => perm.every((axis, i) => axis === i);

export function inverse(perm: Perm): Perm {
  const back: number[] = [];
  perm.forEach((axis, i) => {
    back[axis] = i;
  });
  return back;
}

/** The items as a tensor has them behind the transpose. */
export const permuted = <T>(items: readonly T[], perm: Perm): T[] => perm.map((axis) => items[axis] as T);

/** True where the transpose leaves the elements in the order in which they lie in memory: it moves axes of one element alone. */
export function movesNothing(shape: Shape, perm: Perm): boolean {
  const moved = perm.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, i) => i === 0 || axis > (moved[i - 1] as number));
}

/** An op on operands whose axes are not turned yet. */
export interface Turned {
  readonly attrs: Attrs;
  /** What its result is to be turned by. */
  readonly perm: Perm;
}

type Turn = (attrs: Attrs, perm: Perm) => Turned | null;

const asItIs: Turn = (attrs, perm) => ({ attrs, perm });

/** An attribute with something for each axis. */
const forEachAxis =
  (key: string): Turn =>
  (attrs, perm) => ({ attrs: { ...attrs, [key]: permuted(attrs[key] as readonly number[], inverse(perm)) }, perm });

const alongAxis: Turn = (attrs, perm) => ({ attrs: { ...attrs, axis: perm[attrs['axis'] as number] as number }, perm });

/** The order in which the axes that are left come, once some of the operand's are gone. */
function remaining(perm: Perm, gone: readonly number[]): Perm {
  const left = perm.filter((axis) => !gone.includes(axis));
  const sorted = left.toSorted((a, b) => a - b);
  return left.map((axis) => sorted.indexOf(axis));
}

const reduced: Turn = (attrs, perm) => {
  const axes = attrs['axes'] as readonly number[];
  const turned = axes.map((axis) => perm[axis] as number).sort((a, b) => a - b);
  return { attrs: { ...attrs, axes: turned }, perm: attrs['keepDims'] === true ? perm : remaining(perm, turned) };
};

const sliced: Turn = (attrs, perm) => {
  const [begin = [], size = []] = ['begin', 'size'].map((key) => permuted(attrs[key] as readonly number[], inverse(perm)));
  return { attrs: { ...attrs, begin, size }, perm };
};

const reversed: Turn = (attrs, perm) => {
  const axes = (attrs['axes'] as readonly number[]).map((axis) => perm[axis] as number).sort((a, b) => a - b);
  return { attrs: { ...attrs, axes }, perm };
};

const found: Turn = (attrs, perm) => {
  const axis = perm[attrs['axis'] as number] as number;
  return { attrs: { ...attrs, axis }, perm: remaining(perm, [axis]) };
};

/** The last axis is the op's own. */
const keepingLast: Turn = (attrs, perm) => (perm.at(-1) === perm.length - 1 ? { attrs, perm } : null);

const each = (names: readonly string[], turn: Turn): (readonly [string, Turn])[] => names.map((name) => [name, turn]);

const TURNS: ReadonlyMap<string, Turn> = new Map([
  ...each([...Object.keys(unaryOps), 'cast', ...Object.keys(binaryOps), 'where'], asItIs),
  ...each(['all', 'any', 'max', 'mean', 'min', 'prod', 'sum'], reduced),
  ...each(['argMax', 'argMin'], found),
  ...each(['concat', 'split', 'cumsum', 'cumprod'], alongAxis),
  ...each(['pad'], forEachAxis('paddings')),
  ...each(['tile'], forEachAxis('reps')),
  ...each(['slice'], sliced),
  ...each(['reverse'], reversed),
  ...each(['softmax'], keepingLast),
]);

/** Ops that can be computed before their operands are turned. */
export const TURNABLE: readonly string[] = [...TURNS.keys()];

const BROADCASTING: ReadonlySet<string> = new Set([...Object.keys(binaryOps), 'where']);

/** True where operands may have other shapes than the result, and fewer axes. */
export const broadcasts = (name: string): boolean => BROADCASTING.has(name);

/** op(transpose(x, perm)) = transpose(op'(x), perm'), for every operand turned alike; null where there is no such op'. */
export const turnOf = ({ op, attrs }: BodyOp, perm: Perm): Turned | null => TURNS.get(op)?.(attrs, perm) ?? null;

/** A shape with ones before it, as broadcasting takes it. */
export const withRank = (shape: Shape, rank: number): Shape => [...Array.from({ length: rank - shape.length }, () => 1), ...shape];

/** True where a tensor of that shape, broadcast beside one of `perm.length` axes, can be turned by relabelling its axes. */
export const turnsForFree = (shape: Shape, perm: Perm): boolean =>
  shape.length <= perm.length && movesNothing(withRank(shape, perm.length), perm);
