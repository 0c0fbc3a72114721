import { isKnown, times } from '../../ir/types.ts';
import { array, integer, object } from '../../schema/build.ts';
import { code } from '../code.ts';
import { kernelFunction } from '../kernel.ts';
import { at, free, mismatch, op } from '../row.ts';

const TILE = kernelFunction({ name: 'tile', kernel: 'Tile', inputs: ['x'], attrs: { reps: 'number[]' } });

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
  emit: ({ args, attrs }) => code`${TILE}(${at(args, 0)}, ${attrs.reps})`,
});
