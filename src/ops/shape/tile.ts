import { isKnown, times } from '../../ir/types.ts';
import { array, integer, object } from '../../schema/build.ts';
import { code, tf } from '../code.ts';
import { at, free, mismatch, op } from '../row.ts';

export const tile = op({
  doc: 'the operand repeated along each axis',
  attrs: object({ reps: array(integer({ minimum: 1 })) }),
  arity: 1,
  infer(operands, { reps }) {
    const x = at(operands, 0);
    if (reps.length !== x.shape.length) mismatch('tile takes a count for each axis', operands);
    const shape = x.shape.map((dim, i) => (isKnown(dim) ? dim * at(reps, i) : times(dim, at(reps, i))));
    return { dtype: x.dtype, shape };
  },
  cost: free,
  identity: ({ reps }) => reps.every((count) => count === 1),
  kernels: ['Tile'],
  emit: ({ args, attrs }) => code`${tf('tile')}(${at(args, 0)}, ${attrs.reps})`,
});
