import type { Value } from '../ir/program.ts';
import { type Dim, isKnown, times } from '../ir/types.ts';
import { type Labels, parseEquation } from './einsum-equation.ts';
import type { Lowering } from './row.ts';

/** A tensor whose axes have names; no name stands twice. */
interface Labelled {
  readonly value: Value;
  readonly labels: Labels;
}

/**
 * Einstein summation of one, two or more tensors, as numpy defines it: axes of one name run together, those that the output leaves
 * out are summed over. Two tensors meet in one product of matrices, with as few transpositions as their axes allow; more are taken from
 * left to right. Sizes may be unknown; one of size 1 broadcasts.
 * @param operands all f32, or all i32
 * @param role what the tensor is for, where it is not the layer's own result
 * @throws SkipcError `shape-mismatch` where the equation does not fit the operands, `layer-unsupported`
 */
export function einsum(layer: Lowering, equation: string, operands: readonly Value[], role?: string): Value {
  const { operands: labels, output } = parseEquation(layer, equation, operands);
  const parts = operands.map((value, i) => diagonal(layer, { value, labels: labels[i] ?? [] }, role));
  const [first, ...others] = parts;
  if (first === undefined) return layer.mismatch('einsum takes one tensor or more', 'none');
  const lastUses = new Map(others.flatMap((part, i) => part.labels.map((label) => [label, i] as const)));
  const result = others.reduce<Labelled>((left, right, i) => {
    const both = [...new Set([...left.labels, ...right.labels])];
    const kept = both.filter((label) => output.includes(label) || (lastUses.get(label) ?? -1) > i);
    return contract(layer, left, right, i === others.length - 1 ? output : kept, role);
  }, first);
  return ordered(layer, summed(layer, result, new Set(output), role), output, role);
}

const named = (role: string | undefined, part: string): string => (role === undefined ? part : `${role}_${part}`);

const sizeOf = ({ value, labels }: Labelled, label: string): Dim => value.type.shape[labels.indexOf(label)] ?? 1;

const LARGEST_DIAGONAL = 1024;

/** Where a name stands twice, only the elements of equal positions. */
function diagonal(layer: Lowering, given: { value: Value; labels: Labels }, role: string | undefined): Labelled {
  let { value, labels } = given;
  for (;;) {
    const second = labels.findIndex((label, i) => labels.indexOf(label) < i);
    if (second < 0) return { value, labels };
    const first = labels.indexOf(labels[second] as string);
    const { dtype, shape } = value.type;
    const size = shape[first] ?? 1;
    if (!isKnown(size) || shape[second] !== size)
      return layer.mismatch('the diagonal of an einsum takes two axes of one known size', `${shape[first]} and ${shape[second]}`);
    if (size > LARGEST_DIAGONAL)
      return layer.unsupported(`the diagonal of ${size} by ${size} elements`, `sum over axes of no more than ${LARGEST_DIAGONAL} elements`);
    const onDiagonal = Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
    const place = shape.map((_, i) => (i === first || i === second ? size : 1));
    const kept = layer.constant(onDiagonal, place, named(role, 'on_diagonal'), 'bool');
    const others = layer.op('where', [kept, value, layer.scalar(0, named(role, 'zero'), dtype)], {}, named(role, 'kept'));
    value = layer.op('sum', [others], { axes: [second] }, named(role, 'diagonal'));
    labels = labels.filter((_, i) => i !== second);
  }
}

/** Sums over every axis that is not to stay. */
function summed(layer: Lowering, { value, labels }: Labelled, kept: ReadonlySet<string>, role: string | undefined): Labelled {
  const axes = labels.flatMap((label, i) => (kept.has(label) ? [] : [i]));
  if (axes.length === 0) return { value, labels };
  return { value: layer.op('sum', [value], { axes }, named(role, 'sum')), labels: labels.filter((label) => kept.has(label)) };
}

/** The axes in another order. */
function ordered(layer: Lowering, { value, labels }: Labelled, order: Labels, role: string | undefined): Value {
  const perm = order.map((label) => labels.indexOf(label));
  if (perm.every((axis, i) => axis === i)) return value;
  return layer.op('transpose', [value], { perm }, named(role, 'ordered'));
}

function reshaped(layer: Lowering, value: Value, shape: readonly (Dim | null)[], role: string): Value {
  const same = shape.length === value.type.shape.length && shape.every((dim, i) => dim === value.type.shape[i]);
  return same ? value : layer.op('reshape', [value], { shape }, role);
}

/** The axes of two tensors by what a product does with them. */
interface Parts {
  readonly batch: Labels;
  readonly rows: Labels;
  readonly columns: Labels;
  readonly inner: Labels;
}

/** The product of two tensors, summed over what is not in the output; its axes may come in another order. */
function contract(layer: Lowering, left: Labelled, right: Labelled, output: Labels, role: string | undefined): Labelled {
  const [stretchedA, stretchedB] = [unstretched(layer, left, right, role), unstretched(layer, right, left, role)];
  const a = summed(layer, stretchedA, new Set([...output, ...stretchedB.labels]), named(role, 'left'));
  const b = summed(layer, stretchedB, new Set([...output, ...stretchedA.labels]), named(role, 'right'));
  const parts: Parts = {
    batch: output.filter((label) => a.labels.includes(label) && b.labels.includes(label)),
    rows: output.filter((label) => a.labels.includes(label) && !b.labels.includes(label)),
    columns: output.filter((label) => b.labels.includes(label) && !a.labels.includes(label)),
    inner: a.labels.filter((label) => b.labels.includes(label) && !output.includes(label)),
  };
  const open = (of: Labelled, labels: Labels) => labels.filter((label) => !isKnown(sizeOf(of, label))).length;
  const [openRows, openColumns] = [open(a, parts.rows), open(b, parts.columns)];
  const together = parts.batch.length > 0 ? Math.max(openRows, openColumns) : Math.min(openRows, openColumns);
  // Several unknown sizes cannot be parted again once they are one; integers have no product of matrices.
  if (parts.inner.length === 0 || together > 1 || a.value.type.dtype !== 'f32') return multiplied(layer, a, b, output, role);
  const turned =
    parts.batch.length > 0
      ? isBefore(output, parts.columns, parts.rows)
      : openColumns > 1 || (openRows < 2 && isBefore(output, parts.columns, parts.rows));
  return turned ? product(layer, b, a, { ...parts, rows: parts.columns, columns: parts.rows }, role) : product(layer, a, b, parts, role);
}

const isBefore = (order: Labels, first: Labels, second: Labels): boolean =>
  first.length > 0 && second.length > 0 && order.indexOf(first[0] as string) < order.indexOf(second[0] as string);

/** Without the axes of size 1 that the other tensor has longer: a product broadcasts over them. */
function unstretched(layer: Lowering, one: Labelled, other: Labelled, role: string | undefined): Labelled {
  const stretched = one.labels.filter((label) => sizeOf(one, label) === 1 && other.labels.includes(label) && sizeOf(other, label) !== 1);
  if (stretched.length === 0) return one;
  const labels = one.labels.filter((label) => !stretched.includes(label));
  const shape = labels.map((label) => sizeOf(one, label));
  return { value: reshaped(layer, one.value, shape, named(role, 'squeezed')), labels };
}

/** Element by element over all axes at once, and then the sums: for what matrices cannot do. */
function multiplied(layer: Lowering, a: Labelled, b: Labelled, output: Labels, role: string | undefined): Labelled {
  const all = [...output, ...a.labels.filter((label) => !output.includes(label))];
  const spread = (of: Labelled, part: string): Value => {
    const order = all.filter((label) => of.labels.includes(label));
    const value = ordered(layer, of, order, named(role, part));
    const firstUsed = all.findIndex((label) => of.labels.includes(label));
    const shape = all.slice(firstUsed < 0 ? all.length : firstUsed).map((label) => (of.labels.includes(label) ? sizeOf(of, label) : 1));
    return reshaped(layer, value, shape, named(role, part));
  };
  const value = layer.op('mul', [spread(a, 'left'), spread(b, 'right')], {}, named(role, 'products'));
  return summed(layer, { value, labels: all }, new Set(output), role);
}

/** One product of matrices: [batch, rows, inner] by [batch, inner, columns]. */
function product(layer: Lowering, a: Labelled, b: Labelled, parts: Parts, role: string | undefined): Labelled {
  const { batch, rows, columns } = parts;
  const inner = best(a, b, parts);
  // Without a batch, rows whose sizes could not be parted again stay axes of their own.
  const separate = rows.filter((label) => !isKnown(sizeOf(a, label))).length > 1 ? rows.slice(0, -1) : [];
  const left = matrix(layer, a, [...batch, ...separate], rows.slice(separate.length), inner, named(role, 'left'));
  const right = matrix(layer, b, batch, inner, columns, named(role, 'right'));
  const attrs = { transposeA: left.turned, transposeB: right.turned };
  const multiplied = layer.op('matMul', [left.value, right.value], attrs, named(role, 'matMul'));
  const outer = multiplied.type.shape.slice(0, batch.length + separate.length);
  const shape = [...outer, ...rows.slice(separate.length).map((label) => sizeOf(a, label)), ...columns.map((label) => sizeOf(b, label))];
  return { value: reshaped(layer, multiplied, shape, named(role, 'parted')), labels: [...batch, ...rows, ...columns] };
}

/** The order of the inner axes that leaves the most operands as they are. */
function best(a: Labelled, b: Labelled, { batch, rows, columns, inner }: Parts): Labels {
  const asInB = b.labels.filter((label) => inner.includes(label));
  const moves = (order: Labels): number =>
    Number(isMoved(a, [...batch, ...rows, ...order]) && isMoved(a, [...batch, ...order, ...rows])) +
    Number(isMoved(b, [...batch, ...columns, ...order]) && isMoved(b, [...batch, ...order, ...columns]));
  return moves(asInB) < moves(inner) ? asInB : inner;
}

const isMoved = ({ labels }: Labelled, order: Labels): boolean => order.some((label, i) => labels[i] !== label);

/** [...outer, rows, columns], or with the last two turned, where that spares a transposition. */
function matrix(
  layer: Lowering,
  of: Labelled,
  outer: Labels,
  rows: Labels,
  columns: Labels,
  role: string,
): { readonly value: Value; readonly turned: boolean } {
  const turned = isMoved(of, [...outer, ...rows, ...columns]) && !isMoved(of, [...outer, ...columns, ...rows]);
  const [first, second] = turned ? [columns, rows] : [rows, columns];
  const value = ordered(layer, of, [...outer, ...first, ...second], role);
  const shape = [...outer.map((label) => sizeOf(of, label)), merged(of, first), merged(of, second)];
  return { value: reshaped(layer, value, shape, `${role}_matrix`), turned };
}

/** The size of several axes as one; null where more than one is unknown. */
function merged(of: Labelled, labels: Labels): Dim | null {
  const sizes = labels.map((label) => sizeOf(of, label));
  const known = sizes.filter(isKnown).reduce((product, size) => product * size, 1);
  const [symbol, ...more] = sizes.filter((size): size is string => !isKnown(size));
  if (symbol === undefined) return known;
  return more.length > 0 ? null : times(symbol, known);
}
