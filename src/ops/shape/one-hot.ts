import { elements } from '../../ir/types.ts';
import { integer, object } from '../../schema/build.ts';
import { code, tensorType, tf } from '../code.ts';
import { at, op, takes } from '../row.ts';

export const oneHot = op({
  doc: 'along a new last axis, 1 in the place that each i32 element names and 0 elsewhere; zeros where there is no such place',
  attrs: object({ depth: integer({ minimum: 1 }) }),
  arity: 1,
  infer(operands, { depth }) {
    takes(['i32'], 'oneHot', operands);
    // The wasm kernel writes the bits of integers, whatever dtype it is asked for.
    return { dtype: 'i32', shape: [...at(operands, 0).shape, depth] };
  },
  cost: (_, results) => elements(at(results, 0).shape),
  kernels: ['OneHot'],
  emit: ({ args, attrs: { depth }, results }) =>
    code`${tf('oneHot')}(${at(args, 0)}, ${depth}) as ${tensorType(at(results, 0).shape.length)}`,
});
