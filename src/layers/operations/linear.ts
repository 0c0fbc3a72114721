import type { Value } from '../../ir/program.ts';
import { axisOf } from '../axes.ts';
import { einsum } from '../einsum.ts';
import { axesOfCall, flattened } from './axes.ts';
import type { Call } from './call.ts';
import { type Operation, operation } from './operation.ts';

/** Products of tensors, all of them Einstein summations. */

const letters = (count: number, from: number): string =>
  Array.from({ length: count }, (_, i) => String.fromCharCode(97 + from + i)).join('');

const both = (call: Call): readonly [Value, Value] => call.together(['x1', 'x2'], 'i32') as [Value, Value];

/** Vectors are rows on the left and columns on the right, and leave no axis behind. */
function matrixProduct(call: Call, a: Value, b: Value): Value {
  const [isRow, isColumn] = [a.type.shape.length === 1, b.type.shape.length === 1];
  if (a.type.shape.length === 0 || b.type.shape.length === 0) return call.mismatch('vectors or matrices', 'a number');
  const left = isRow ? 'j' : call.flag('transpose_a', false) || call.flag('adjoint_a', false) ? '...ji' : '...ij';
  const right = isColumn ? 'j' : call.flag('transpose_b', false) || call.flag('adjoint_b', false) ? '...kj' : '...jk';
  const batch = isRow && isColumn ? '' : '...';
  return einsum(call.layer, `${left},${right}->${batch}${isRow ? '' : 'i'}${isColumn ? '' : 'k'}`, [a, b]);
}

const matmul = operation({
  keras: 'numpy.Matmul',
  call: 'x1 x2',
  tf: {
    'linalg.matmul matmul': 'a:x1 b:x2 transpose_a transpose_b adjoint_a adjoint_b a_is_sparse b_is_sparse output_type grad_a grad_b',
    'linalg.matvec': 'a:x1 b:x2 transpose_a adjoint_a',
    '__operators__.matmul': 'x:x1 y:x2',
  },
  node: { MatMul: 'x1 x2 ; transpose_a transpose_b', 'BatchMatMulV2 BatchMatMul': 'x1 x2 ; adj_x:adjoint_a adj_y:adjoint_b' },
  doc: 'matrix product over the last two axes, the others broadcast',
  lower(call) {
    const [a, b] = both(call);
    return matrixProduct(call, a, b);
  },
});

/** A product summed over axes of each. */
function summedOver(call: Call, a: Value, b: Value, axesOfA: readonly number[], axesOfB: readonly number[]): Value {
  const rank = a.type.shape.length;
  const left = [...letters(rank, 0)];
  const right = [...letters(b.type.shape.length, rank)];
  axesOfB.forEach((axis, i) => {
    right[axis] = left[axesOfA[i] as number] as string;
  });
  const kept = [...left.filter((_, i) => !axesOfA.includes(i)), ...right.filter((_, i) => !axesOfB.includes(i))];
  return einsum(call.layer, `${left.join('')},${right.join('')}->${kept.join('')}`, [a, b]);
}

const dot = operation({
  keras: 'numpy.Dot',
  call: 'x1 x2',
  doc: 'products summed over the last axis of x1 and the last but one of x2',
  lower(call) {
    const [a, b] = both(call);
    const [m, n] = [a.type.shape.length, b.type.shape.length];
    return m === 0 || n === 0 ? call.layer.op('mul', [a, b], {}) : summedOver(call, a, b, [m - 1], [Math.max(n - 2, 0)]);
  },
});

const inner = operation({
  keras: 'numpy.Inner',
  call: 'x1 x2',
  doc: 'products summed over the last axes',
  lower(call) {
    const [a, b] = both(call);
    const [m, n] = [a.type.shape.length, b.type.shape.length];
    return m === 0 || n === 0 ? call.layer.op('mul', [a, b], {}) : summedOver(call, a, b, [m - 1], [n - 1]);
  },
});

const tensordot = operation({
  keras: 'numpy.Tensordot',
  call: 'x1 x2',
  tf: { 'tensordot linalg.tensordot': 'a:x1 b:x2 axes' },
  doc: 'products summed over pairs of axes',
  lower(call) {
    const [a, b] = both(call);
    const given = call.raw('axes') ?? 2;
    const [m, n] = [a.type.shape.length, b.type.shape.length];
    if (typeof given === 'number') {
      if (!Number.isInteger(given) || given < 0 || given > Math.min(m, n)) return call.mismatch('no more axes than both have', given);
      const count = Array.from({ length: given }, (_, i) => i);
      return summedOver(
        call,
        a,
        b,
        count.map((i) => m - given + i),
        count,
      );
    }
    const [first, second] = (Array.isArray(given) ? given : []) as readonly unknown[];
    const listed = (axes: unknown, x: Value): number[] =>
      [axes]
        .flat()
        .map((axis) => (Number.isInteger(axis) ? axisOf(call.layer, axis as number, x) : call.mismatch('axes as integers', given)));
    const [axesOfA, axesOfB] = [listed(first, a), listed(second, b)];
    const isList = axesOfA.length === axesOfB.length && [axesOfA, axesOfB].every((axes) => new Set(axes).size === axes.length);
    return isList ? summedOver(call, a, b, axesOfA, axesOfB) : call.mismatch('two lists of different axes', given);
  },
});

const vdot = operation({
  keras: 'numpy.Vdot',
  call: 'x1 x2',
  doc: 'the sum of all products',
  lower(call) {
    const [a, b] = both(call).map((x) => flattened(call, x)) as [Value, Value];
    return einsum(call.layer, 'i,i->', [a, b]);
  },
});

const outer = operation({
  keras: 'numpy.Outer',
  call: 'x1 x2',
  doc: 'the products of all pairs',
  lower(call) {
    const [a, b] = both(call).map((x) => flattened(call, x)) as [Value, Value];
    return einsum(call.layer, 'i,j->ij', [a, b]);
  },
});

const einsumOperation = operation({
  keras: 'numpy.Einsum',
  call: '*operands',
  tf: { 'einsum linalg.einsum': 'equation:subscripts *operands' },
  node: { Einsum: '*operands ; equation:subscripts' },
  doc: 'Einstein summation',
  lower: (call) => einsum(call.layer, call.text('subscripts', ''), call.tensors('operands', 'i32')),
});

type Norm = (layer: Call['layer'], x: Value, how: { axes: readonly number[]; keepDims: boolean }) => Value;

const euclidean: Norm = (layer, x, how) => layer.op('sqrt', [layer.op('sum', [layer.op('square', [x], {}, 'squared')], how, 'total')], {});

/** The sum of |x|^p, to the power of 1/p. */
const ofPower =
  (p: number): Norm =>
  (layer, x, how) => {
    const size = layer.op('abs', [x], {}, 'magnitude');
    if (p === 1) return layer.op('sum', [size], how);
    const total = layer.op('sum', [layer.op('pow', [size, layer.scalar(p, 'order')], {}, 'powers')], how, 'total');
    return layer.op('pow', [total, layer.scalar(1 / p, 'inverse_order')], {});
  };

const largest: Norm = (layer, x, how) => layer.op('max', [layer.op('abs', [x], {}, 'magnitude')], how);
const smallest: Norm = (layer, x, how) => layer.op('min', [layer.op('abs', [x], {}, 'magnitude')], how);
const nonZero: Norm = (layer, x, how) => layer.op('sum', [layer.cast(layer.cast(x, 'bool'), 'f32')], how);

export function vectorNorm(order: unknown, call: Call): Norm {
  if (order === undefined || order === 'euclidean' || order === 'fro' || order === 2) return euclidean;
  if (order === 0) return nonZero;
  if (order === 'inf' || order === Number.POSITIVE_INFINITY) return largest;
  if (order === '-inf' || order === Number.NEGATIVE_INFINITY) return smallest;
  return typeof order === 'number' ? ofPower(order) : call.unsupported(`the order ${String(order)}`, 'use a number');
}

const norm = operation({
  keras: 'linalg.Norm',
  call: 'x',
  tf: { 'norm linalg.norm': 'tensor:x ord axis keepdims' },
  doc: 'norm of vectors, or of matrices',
  lower(call) {
    const x = call.float('x');
    const { layer } = call;
    const [order, axes, keepDims] = [call.raw('ord'), axesOfCall(call, x), call.flag('keepdims', false)];
    if (axes.length !== 2 || order === undefined || order === 'fro' || order === 'euclidean')
      return vectorNorm(order, call)(layer, x, { axes, keepDims });
    if (order !== 1 && order !== -1) return call.unsupported(`the matrix norm ${String(order)}`, 'use the order 1, -1 or fro');
    const [rows = 0, columns = 1] = axes;
    const sums = ofPower(1)(layer, x, { axes: [rows], keepDims: true });
    const extreme = layer.op(order === 1 ? 'max' : 'min', [sums], { axes: [columns], keepDims: true }, 'of_columns');
    if (keepDims) return extreme;
    return layer.op('reshape', [extreme], { shape: extreme.type.shape.filter((_, i) => i !== rows && i !== columns) });
  },
});

export const linear: readonly Operation[] = [matmul, dot, inner, tensordot, vdot, outer, einsumOperation, norm];
