import { type Dim, elements, mayEqual } from '../../ir/types.ts';
import { boolean, object, withDefault } from '../../schema/build.ts';
import { code, tf } from '../code.ts';
import { broadcast } from '../elementwise/binary.ts';
import { at, mismatch, op, takes } from '../row.ts';

export const matMul = op({
  doc: 'matrix product over the last two axes, the others broadcast',
  attrs: object({ transposeA: withDefault(boolean, false), transposeB: withDefault(boolean, false) }),
  arity: 2,
  infer(operands, { transposeA, transposeB }) {
    takes(['f32'], 'matMul', operands);
    const [a, b] = [at(operands, 0), at(operands, 1)];
    if (a.shape.length < 2 || b.shape.length < 2) mismatch('matMul takes two tensors of rank 2 or more', operands);
    const [rows, inner] = lastTwo(a.shape, transposeA);
    const [innerOfB, columns] = lastTwo(b.shape, transposeB);
    if (!mayEqual(inner, innerOfB)) mismatch('matMul: the inner sizes differ', operands);
    const batch = broadcast(
      operands.map((type) => ({ dtype: type.dtype, shape: type.shape.slice(0, -2) })),
      'matMul: the outer sizes do not broadcast',
    );
    return { dtype: 'f32', shape: [...batch, rows, columns] };
  },
  cost(operands, results, { transposeA }) {
    const [, inner] = lastTwo(at(operands, 0).shape, transposeA);
    return 2 * elements(at(results, 0).shape) * elements([inner]);
  },
  kernels: ['BatchMatMul'],
  emit: ({ args, attrs: { transposeA, transposeB } }) =>
    transposeA || transposeB
      ? code`${tf('matMul')}(${at(args, 0)}, ${at(args, 1)}, ${transposeA}, ${transposeB})`
      : code`${tf('matMul')}(${at(args, 0)}, ${at(args, 1)})`,
});

function lastTwo(shape: readonly Dim[], transposed: boolean): readonly [Dim, Dim] {
  const [rows, columns] = [at(shape, shape.length - 2), at(shape, shape.length - 1)];
  return transposed ? [columns, rows] : [rows, columns];
}
