import { integer, object } from '../../schema/build.ts';
import { code, tensorType, tf } from '../code.ts';
import { at, free, mismatch, op } from '../row.ts';

export const gather = op({
  doc: 'the slices of the first operand along an axis that the second, i32, names',
  attrs: object({ axis: integer({ minimum: 0 }) }),
  arity: 2,
  infer(operands, { axis }) {
    const [x, indices] = [at(operands, 0), at(operands, 1)];
    if (indices.dtype !== 'i32') mismatch('gather takes i32 indices', operands);
    if (axis >= x.shape.length) mismatch(`gather: there is no axis ${axis}`, operands);
    return { dtype: x.dtype, shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)] };
  },
  cost: free,
  kernels: ['GatherV2'],
  emit({ args, attrs, operands, results }) {
    const [x, indices] = [at(args, 0), at(args, 1)];
    // tfjs declares indices as rank 1 and the result with the rank of the operand, but takes and gives any rank.
    const flat = at(operands, 1).shape.length === 1 ? indices : code`${indices} as ${tensorType(7)} as ${tensorType(1)}`;
    return code`${tf('gather')}<${tensorType(7)}, ${tensorType(1)}>(${x}, ${flat}, ${attrs.axis}) as ${tensorType(at(results, 0).shape.length)}`;
  },
});
