import { integer, object } from '../../schema/build.ts';
import { code } from '../code.ts';
import { kernelFunction } from '../kernel.ts';
import { at, free, mismatch, op } from '../row.ts';

const GATHER = kernelFunction({
  name: 'gather',
  kernel: 'GatherV2',
  inputs: ['x', 'indices'],
  attrs: { axis: 'number', batchDims: { is: '0' } },
});

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
  emit: ({ args, attrs }) => code`${GATHER}(${at(args, 0)}, ${at(args, 1)}, ${attrs.axis})`,
});
