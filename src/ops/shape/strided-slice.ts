import { isKnown } from '../../ir/types.ts';
import { array, either, integer, object, oneOf } from '../../schema/build.ts';
import { code, tensorType, tf } from '../code.ts';
import { at, free, mismatch, op, takes } from '../row.ts';

export const stridedSlice = op({
  doc: 'every `strides`-th element of each axis from `begin` up to, not including, `end`: null is the end of the axis, -n stands n before it',
  attrs: object({
    begin: array(integer({ minimum: 0 })),
    end: array(either(integer(), oneOf(null))),
    strides: array(integer({ minimum: 1 })),
  }),
  arity: 1,
  infer(operands, { begin, end, strides }) {
    // The wasm kernel gives floats, whatever it is given.
    takes(['f32'], 'stridedSlice', operands);
    const x = at(operands, 0);
    if ([begin, end, strides].some((list) => list.length !== x.shape.length))
      mismatch('stridedSlice takes begin, end and stride for each axis', operands);
    const shape = x.shape.map((dim, i) => {
      const [from, stride] = [at(begin, i), at(strides, i)];
      const to = end[i] ?? null;
      if (from === 0 && to === null && stride === 1) return dim;
      if (!isKnown(dim)) return null;
      const stop = to === null ? dim : to < 0 ? Math.max(dim + to, 0) : Math.min(to, dim);
      return Math.max(Math.ceil((stop - Math.min(from, dim)) / stride), 0);
    });
    return { dtype: x.dtype, shape };
  },
  cost: free,
  kernels: ['StridedSlice', 'Slice', 'Reshape'],
  emit({ args, attrs: { begin, end, strides }, results }) {
    // The end mask's bit i stands for "up to the end of axis i".
    const endMask = end.reduce<number>((mask, to, i) => (to === null ? mask + 2 ** i : mask), 0);
    const stops = end.map((to) => to ?? 0);
    return code`${tf('stridedSlice')}(${at(args, 0)}, ${begin}, ${stops}, ${strides}, 0, ${endMask}) as ${tensorType(at(results, 0).shape.length)}`;
  },
});
