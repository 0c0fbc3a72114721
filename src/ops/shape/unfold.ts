import { isKnown } from '../../ir/types.ts';
import { integer, object } from '../../schema/build.ts';
import { code, tf } from '../code.ts';
import { at, free, mismatch, op } from '../row.ts';

/** Undoes a reshape that made one axis of several, where more than one of these is unknown: the second operand still has them. */
export const unfold = op({
  doc: 'the first axis parted into as many axes as `axes` says, of the sizes that the first ones of the second operand have',
  attrs: object({ axes: integer({ minimum: 1 }) }),
  arity: 2,
  infer(operands, { axes }) {
    const [x, like] = [at(operands, 0), at(operands, 1)];
    if (x.shape.length === 0 || like.shape.length < axes) mismatch(`unfold into ${axes} axes`, operands);
    return { dtype: x.dtype, shape: [...like.shape.slice(0, axes), ...x.shape.slice(1)] };
  },
  cost: free,
  kernels: ['Reshape'],
  emit({ args, attrs: { axes }, operands }) {
    const [x, like] = [at(args, 0), at(args, 1)];
    const [folded, parted] = [at(operands, 0).shape.slice(1), at(operands, 1).shape.slice(0, axes)];
    const outer = parted.map((dim, i) => (isKnown(dim) ? dim : code`${like}.shape[${i}]`));
    return code`${tf('reshape')}(${x}, ${[...outer, ...folded.map((dim, i) => (isKnown(dim) ? dim : code`${x}.shape[${i + 1}]`))]})`;
  },
});
