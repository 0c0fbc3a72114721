import { array, integer, object } from '../../schema/build.ts';
import { code, join, runtime, tensorType } from '../code.ts';
import { kernelFunction } from '../kernel.ts';
import { at, free, mismatch, op } from '../row.ts';

const SPLIT = kernelFunction({
  name: 'split',
  kernel: 'SplitV',
  inputs: ['x'],
  attrs: { numOrSizeSplits: 'number[]', axis: 'number' },
  parts: true,
});

export const split = op({
  doc: 'consecutive parts along an axis',
  attrs: object({ sizes: array(integer({ minimum: 0 }), { minItems: 1 }), axis: integer({ minimum: 0 }) }),
  arity: 1,
  infer(operands, { sizes, axis }) {
    const x = at(operands, 0);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (x.shape[axis] !== total) mismatch(`split into [${sizes}] along axis ${axis}`, operands);
    return sizes.map((size) => ({ dtype: x.dtype, shape: x.shape.map((dim, i) => (i === axis ? size : dim)) }));
  },
  cost: free,
  identity: ({ sizes }) => sizes.length === 1,
  // Images may be turned first, on wasm.
  kernels: ['SplitV', 'Transpose', 'Reshape'],
  emit({ args, attrs, operands, results }) {
    const types = join(
      results.map((type) => tensorType(type.shape.length)),
      ', ',
    );
    const rank = at(operands, 0).shape.length;
    const isEqual = attrs.sizes.every((size) => size === attrs.sizes[0]);
    if (rank > 3 && attrs.axis === rank - 1 && isEqual)
      return code`${runtime('splitChannels')}(${at(args, 0)}, ${attrs.sizes.length}) as [${types}]`;
    return code`${SPLIT}(${at(args, 0)}, ${attrs.sizes}, ${attrs.axis}) as [${types}]`;
  },
});
