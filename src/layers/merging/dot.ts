import type { Value } from '../../ir/program.ts';
import { type Dim, showShape } from '../../ir/types.ts';
import { array, boolean, either, integer, nullable, object, withDefault } from '../../schema/build.ts';
import { axisOf } from '../axes.ts';
import { unitLength } from '../normalization/moments.ts';
import { type Lowering, layer } from '../row.ts';
import { operandsOf } from './operands.ts';

export const dot = layer({
  className: 'Dot',
  takesList: true,
  doc: 'dot products of two tensors along an axis of each, sample by sample; with normalize, cosines',
  config: object({
    axes: either(integer(), array(integer(), { minItems: 2, maxItems: 2 })),
    normalize: withDefault(nullable(boolean), false),
  }),
  onMask: 'drops',
  lower(layer) {
    const operands = operandsOf(layer);
    const [a, b] = operands;
    if (a === undefined || b === undefined || operands.length > 2) return layer.mismatch('Dot takes two tensors', `${operands.length}`);
    const [axisOfA = -1, axisOfB = -1] = [layer.config.axes, layer.config.axes].flat().slice(0, 2);
    const [left, right] = [side(layer, a, axisOfA), side(layer, b, axisOfB)];
    if (left.value.type.shape.length === 2 && right.value.type.shape.length === 2) {
      return layer.op('sum', [layer.op('mul', [left.value, right.value], {}, 'products')], { axes: [1], keepDims: true });
    }
    return product(layer, left, right);
  },
});

interface Side {
  readonly value: Value;
  /** The axis that the products are summed over. */
  readonly axis: number;
  /** Sizes of the axes that stay, without the batch. */
  readonly kept: readonly Dim[];
}

function side(layer: Lowering<{ normalize: boolean | null }>, operand: Value, given: number): Side {
  const { shape } = operand.type;
  const axis = axisOf(layer, given, operand);
  if (axis === 0) return layer.mismatch('Dot cannot sum over the batch', shape);
  const float = layer.cast(operand, 'f32');
  const value = layer.config.normalize === true ? unitLength(layer, float, [axis], smallestSquare(layer)) : float;
  return { value, axis, kept: shape.filter((_, i) => i !== 0 && i !== axis) };
}

/** Below which a sum of squares does not count: each writer has its own epsilon, and takes it of another quantity. */
function smallestSquare({ origin }: Lowering): number {
  if (origin.writer === 'tfjs-layers') return 1e-7;
  return origin.keras === 3 ? 1e-14 : 1e-12;
}

/** [batch, ...kept of a, ...kept of b], by one product of matrices. */
function product(layer: Lowering, a: Side, b: Side): Value {
  const [rows, columns] = [asMatrices(layer, a, 'last', 'left'), asMatrices(layer, b, 'first', 'right')];
  const result = layer.op('matMul', [rows.value, columns.value], { transposeA: rows.turned, transposeB: columns.turned });
  if (a.kept.length === 1 && b.kept.length === 1) return result;
  const shape = [result.type.shape[0] ?? 1, ...a.kept, ...b.kept];
  if (shape.filter((size) => typeof size !== 'number' && !result.type.shape.includes(size)).length > 1) {
    return layer.unsupported(
      `this Dot would part one axis into several of unknown size, for a result ${showShape(shape)}`,
      'give the sizes in the shapes of the model inputs, all but one',
    );
  }
  return layer.op('reshape', [result], { shape });
}

/** One matrix a sample, in which the axis that is summed over is the last or the first, or else has yet to be turned. */
function asMatrices(layer: Lowering, { value, axis, kept }: Side, place: 'last' | 'first', role: string) {
  const { shape } = value.type;
  const last = shape.length - 1;
  const sum = shape[axis] ?? 1;
  if (last === 2) return { value, turned: axis !== (place === 'last' ? 2 : 1) };
  const others = shape.map((_, i) => i).filter((i) => i !== 0 && i !== axis);
  const perm = place === 'last' ? [0, ...others, axis] : [0, axis, ...others];
  const moved = perm.every((from, to) => from === to) ? value : layer.op('transpose', [value], { perm }, `${role}_moved`);
  const whole = kept.length === 0 ? 1 : kept.every((size) => typeof size === 'number') ? kept.reduce((a, b) => a * Number(b), 1) : null;
  const matrix = place === 'last' ? [shape[0] ?? 1, whole, sum] : [shape[0] ?? 1, sum, whole];
  return { value: layer.op('reshape', [moved], { shape: matrix }, `${role}_matrix`), turned: false };
}
