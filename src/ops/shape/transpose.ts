import { array, integer, object } from '../../schema/build.ts';
import { code } from '../code.ts';
import { kernelFunction } from '../kernel.ts';
import { at, free, mismatch, op } from '../row.ts';

const TRANSPOSE = kernelFunction({ name: 'transpose', kernel: 'Transpose', inputs: ['x'], attrs: { perm: 'number[]' } });

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
  emit: ({ args, attrs }) => code`${TRANSPOSE}(${at(args, 0)}, ${attrs.perm})`,
});
