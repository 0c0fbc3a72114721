import { isKnown } from '../../ir/types.ts';
import { array, integer, number, object } from '../../schema/build.ts';
import { code } from '../code.ts';
import { kernelFunction } from '../kernel.ts';
import { at, free, mismatch, op } from '../row.ts';

const PAD = kernelFunction({
  name: 'pad',
  kernel: 'PadV2',
  inputs: ['x'],
  attrs: { paddings: '[number, number][]', constantValue: 'number' },
});

export const pad = op({
  doc: 'the operand with a constant around it: [before, after] for each axis',
  attrs: object({ paddings: array(array(integer({ minimum: 0 }), { minItems: 2, maxItems: 2 })), value: number() }),
  arity: 1,
  infer(operands, { paddings }) {
    const x = at(operands, 0);
    if (paddings.length !== x.shape.length) mismatch('pad takes a pair for each axis', operands);
    const shape = x.shape.map((dim, i) => {
      const added = (paddings[i]?.[0] ?? 0) + (paddings[i]?.[1] ?? 0);
      return added === 0 ? dim : isKnown(dim) ? dim + added : null;
    });
    return { dtype: x.dtype, shape };
  },
  cost: free,
  identity: ({ paddings }) => paddings.flat().every((count) => count === 0),
  kernels: ['PadV2'],
  emit: ({ args, attrs }) => code`${PAD}(${at(args, 0)}, ${attrs.paddings}, ${attrs.value})`,
});
