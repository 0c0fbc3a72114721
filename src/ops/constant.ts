import { elements } from '../ir/types.ts';
import { array, integer, number, object, oneOf, withDefault } from '../schema/build.ts';
import { code, tf } from './code.ts';
import { tfjsDType } from './elementwise/cast.ts';
import { free, mismatch, op } from './row.ts';

export const constant = op({
  doc: 'numbers that are known when compiling',
  attrs: object({
    values: array(number()),
    shape: withDefault(array(integer({ minimum: 0 })), []),
    dtype: withDefault(oneOf('f32', 'i32', 'bool'), 'f32'),
  }),
  arity: 0,
  infer(_, { values, shape, dtype }) {
    if (elements(shape) !== values.length) mismatch(`a constant of ${values.length} values`, [{ dtype, shape }]);
    return { dtype, shape };
  },
  cost: free,
  kernels: [],
  emit: ({ attrs: { values, shape, dtype } }) =>
    shape.length === 0
      ? code`${tf('scalar')}(${values[0]}, ${tfjsDType(dtype)})`
      : code`${tf('tensor')}(${values}, ${shape}, ${tfjsDType(dtype)})`,
});
