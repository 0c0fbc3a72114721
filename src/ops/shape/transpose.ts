import { array, integer, object } from '../../schema/build.ts';
import { code, tf } from '../code.ts';
import { at, free, mismatch, op } from '../row.ts';

export const transpose = op({
  doc: 'the axes in another order: axis i of the result is axis perm[i] of the operand',
  attrs: object({ perm: array(integer({ minimum: 0 })) }),
  arity: 1,
  infer(operands, { perm }) {
    const x = at(operands, 0);
    if ([...perm].sort((a, b) => a - b).join() !== x.shape.map((_, i) => i).join()) mismatch(`[${perm}] is no order of the axes`, operands);
    return { dtype: x.dtype, shape: perm.map((axis) => at(x.shape, axis)) };
  },
  cost: free,
  identity: ({ perm }) => perm.every((axis, i) => axis === i),
  kernels: ['Transpose'],
  emit: ({ args, attrs }) => code`${tf('transpose')}(${at(args, 0)}, ${attrs.perm})`,
});
