import { isKnown, sameType } from '../../ir/types.ts';
import { array, either, integer, object, oneOf } from '../../schema/build.ts';
import { code, runtime } from '../code.ts';
import { kernelFunction } from '../kernel.ts';
import { at, free, mismatch, op } from '../row.ts';

const SLICE = kernelFunction({ name: 'slice', kernel: 'Slice', inputs: ['x'], attrs: { begin: 'number[]', size: 'number[]' } });

export const slice = op({
  doc: 'the part of each axis that begins at `begin` and holds `size` elements; null is all the rest',
  attrs: object({ begin: array(integer({ minimum: 0 })), size: array(either(integer({ minimum: 0 }), oneOf(null))) }),
  arity: 1,
  infer(operands, { begin, size }) {
    const x = at(operands, 0);
    if (begin.length !== x.shape.length || size.length !== x.shape.length)
      mismatch('slice takes a begin and a size for each axis', operands);
    const shape = x.shape.map((dim, i) => {
      const [from, count] = [at(begin, i), at(size, i)];
      if (count !== null) {
        if (isKnown(dim) && from + count > dim) mismatch(`slice of ${count} from ${from} along axis ${i} reaches past the end`, operands);
        return count;
      }
      if (from === 0) return dim;
      if (!isKnown(dim)) return null;
      if (from > dim) mismatch(`slice from ${from} along axis ${i} begins past the end`, operands);
      return dim - from;
    });
    return { dtype: x.dtype, shape };
  },
  cost: free,
  identity: (_, operands, results) => sameType(at(operands, 0), at(results, 0)),
  kernels: ['Slice'],
  emit({ args, attrs: { begin, size }, operands }) {
    const isOpen = at(operands, 0).shape.some((dim, i) => !isKnown(dim) && (at(begin, i) > 0 || at(size, i) !== null));
    return code`${isOpen ? runtime('sliceWithin') : SLICE}(${at(args, 0)}, ${begin}, ${size.map((count) => count ?? -1)})`;
  },
});
