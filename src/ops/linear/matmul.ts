import { type Dim, elements, mayEqual } from '../../ir/types.ts';
import { boolean, object, withDefault } from '../../schema/build.ts';
import { code, join, runtime } from '../code.ts';
import { broadcast } from '../elementwise/binary.ts';
import { at, mismatch, op, takes } from '../row.ts';
import { checkFinishing, FINISHED_ARITY, finishing, finishingCost, finishingOptions, isFinished } from './activation.ts';

export const matMul = op({
  doc: 'matrix product over the last two axes, the others broadcast, plus a bias, under an activation',
  attrs: object({ transposeA: withDefault(boolean, false), transposeB: withDefault(boolean, false), ...finishing }),
  arity: FINISHED_ARITY,
  infer(operands, attrs) {
    const { transposeA, transposeB } = attrs;
    takes(['f32'], 'matMul', operands);
    const [a, b] = [at(operands, 0), at(operands, 1)];
    if (a.shape.length < 2 || b.shape.length < 2) mismatch('matMul takes two tensors of rank 2 or more', operands);
    const [rows, inner] = lastTwo(a.shape, transposeA);
    const [innerOfB, columns] = lastTwo(b.shape, transposeB);
    if (!mayEqual(inner, innerOfB)) mismatch('matMul: the inner sizes differ', operands);
    const batch = broadcast(
      [a, b].map((type) => ({ dtype: type.dtype, shape: type.shape.slice(0, -2) })),
      'matMul: the outer sizes do not broadcast',
    );
    checkFinishing(operands, attrs, columns);
    return { dtype: 'f32', shape: [...batch, rows, columns] };
  },
  cost(operands, results, attrs) {
    const [, inner] = lastTwo(at(operands, 0).shape, attrs.transposeA);
    return (2 * elements([inner]) + finishingCost(operands.length, attrs)) * elements(at(results, 0).shape);
  },
  kernels: ['BatchMatMul', '_FusedMatMul', 'Reshape'],
  runs: (operands, attrs) => [
    isFinished(operands, attrs) ? '_FusedMatMul' : 'BatchMatMul',
    ...(isFinished(operands, attrs) ? ['Reshape'] : []),
  ],
  emit({ args, attrs }) {
    const { transposeA, transposeB } = attrs;
    const options = [
      ...(transposeA ? [code`transposeA: true`] : []),
      ...(transposeB ? [code`transposeB: true`] : []),
      ...finishingOptions(args.slice(2), attrs),
    ];
    const given = [at(args, 0), at(args, 1), ...(options.length > 0 ? [code`{ ${join(options, ', ')} }`] : [])];
    return code`${runtime('runMatMul')}(${join(given, ', ')})`;
  },
});

function lastTwo(shape: readonly Dim[], transposed: boolean): readonly [Dim, Dim] {
  const [rows, columns] = [at(shape, shape.length - 2), at(shape, shape.length - 1)];
  return transposed ? [columns, rows] : [rows, columns];
}
