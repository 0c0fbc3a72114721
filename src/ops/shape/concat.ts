import { type Dim, isKnown, mayEqual } from '../../ir/types.ts';
import { integer, object } from '../../schema/build.ts';
import { code, tf } from '../code.ts';
import { listKernelFunction } from '../kernel.ts';
import { at, free, mismatch, op } from '../row.ts';

export const concat = op({
  doc: 'the operands one after the other along an axis',
  attrs: object({ axis: integer({ minimum: 0 }) }),
  arity: null,
  infer(operands, { axis }) {
    const first = at(operands, 0);
    const fits = operands.every(
      ({ dtype, shape }) =>
        dtype === first.dtype &&
        shape.length === first.shape.length &&
        shape.every((dim, i) => i === axis || mayEqual(dim, at(first.shape, i))),
    );
    if (!fits || axis >= first.shape.length) mismatch(`concat along axis ${axis}: the other sizes differ`, operands);
    const total = operands.reduce<Dim | null>((sum, { shape }) => {
      const dim = at(shape, axis);
      return sum !== null && isKnown(sum) && isKnown(dim) ? sum + dim : null;
    }, 0);
    const known = first.shape.map((_, i) => operands.map(({ shape }) => at(shape, i)).find(isKnown) ?? at(first.shape, i));
    return { dtype: first.dtype, shape: known.map((dim, i) => (i === axis ? (operands.length === 1 ? at(first.shape, i) : total) : dim)) };
  },
  cost: free,
  identity: (_, operands) => operands.length === 1,
  kernels: ['Concat', 'Identity'],
  // TensorFlow's kernel takes two at least.
  emit: ({ args, attrs }) =>
    args.length === 1 ? code`${tf('clone')}(${at(args, 0)})` : code`${listKernelFunction('concat', 'Concat')}(${args}, ${attrs.axis})`,
});
