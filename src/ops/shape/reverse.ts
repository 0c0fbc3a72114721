import { array, integer, object } from '../../schema/build.ts';
import { code, runtime, tf } from '../code.ts';
import { at, free, mismatch, op } from '../row.ts';

export const reverse = op({
  doc: 'the elements of some axes in reverse order',
  attrs: object({ axes: array(integer({ minimum: 0 })) }),
  arity: 1,
  infer(operands, { axes }) {
    const x = at(operands, 0);
    if (axes.some((axis) => axis >= x.shape.length)) mismatch(`reverse: there is no axis ${Math.max(...axes)}`, operands);
    return x;
  },
  cost: free,
  identity: ({ axes }) => axes.length === 0,
  kernels: ['Reverse', 'Cast', 'NotEqual', 'Identity'],
  emit: ({ args, attrs, operands }) =>
    code`${at(operands, 0).dtype === 'bool' ? runtime('reverseTruth') : tf('reverse')}(${at(args, 0)}, ${attrs.axes})`,
});
