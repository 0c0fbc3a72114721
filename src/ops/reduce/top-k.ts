import { elements, isKnown } from '../../ir/types.ts';
import { integer, object } from '../../schema/build.ts';
import { code, tensorType, tf } from '../code.ts';
import { at, mismatch, op, takes } from '../row.ts';

export const topK = op({
  doc: 'the k largest along the last axis in descending order, and where they stand; of equal ones the first comes first',
  attrs: object({ k: integer({ minimum: 0 }) }),
  arity: 1,
  infer(operands, { k }) {
    takes(['f32', 'i32'], 'topK', operands);
    const { dtype, shape } = at(operands, 0);
    const last = shape.at(-1);
    if (last === undefined || (isKnown(last) && last < k)) mismatch(`there are no ${k} elements along the last axis`, operands);
    const kept = [...shape.slice(0, -1), k];
    return [
      { dtype, shape: kept },
      { dtype: 'i32', shape: kept },
    ];
  },
  cost: ([x]) => 8 * elements(x?.shape ?? []),
  kernels: ['TopK'],
  emit({ args, attrs: { k }, results }) {
    const type = tensorType(at(results, 0).shape.length);
    return code`(({ values, indices }) => [values, indices])(${tf('topk')}(${at(args, 0)}, ${k})) as [${type}, ${type}]`;
  },
});
