import { type Dim, isKnown } from '../../ir/types.ts';
import { array, either, integer, number, object, oneOf, string } from '../../schema/build.ts';
import { code, tf } from '../code.ts';
import { tfjsDType } from '../elementwise/cast.ts';
import { at, free, mismatch, op } from '../row.ts';
import { axisOf, readOff } from './reshape.ts';

/** The operand lends its unknown sizes alone: `shape` holds sizes and symbols of the operand's own shape. */
export const fill = op({
  doc: 'a tensor of one value throughout, its unknown sizes those of the operand',
  attrs: object({
    shape: array(either(integer({ minimum: 0 }), string)),
    value: number(),
    dtype: oneOf('f32', 'i32', 'bool'),
  }),
  arity: 1,
  infer(operands, { shape, dtype }) {
    const x = at(operands, 0);
    const foreign = shape.find((dim) => !isKnown(dim) && axisOf(dim, x.shape) < 0);
    if (foreign !== undefined) mismatch(`a fill of [${shape.join(',')}] takes its sizes from`, operands);
    return { dtype, shape };
  },
  cost: free,
  kernels: ['Fill'],
  emit({ args, attrs, operands }) {
    const sizes = attrs.shape.map((dim: Dim) => (isKnown(dim) ? dim : readOff(at(args, 0), dim, at(operands, 0).shape)));
    return code`${tf('fill')}(${sizes}, ${attrs.value}, ${tfjsDType(attrs.dtype)})`;
  },
});
