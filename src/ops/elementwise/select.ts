import { elements, showShape } from '../../ir/types.ts';
import { object } from '../../schema/build.ts';
import { code, runtime, tensorType, tf, tfType } from '../code.ts';
import { at, mismatch, op } from '../row.ts';
import { broadcast } from './binary.ts';

export const where = op({
  doc: 'the element of the second operand where the first is true, else that of the third',
  attrs: object({}),
  arity: 3,
  infer(operands) {
    const [condition, a, b] = [at(operands, 0), at(operands, 1), at(operands, 2)];
    if (condition.dtype !== 'bool' || a.dtype !== b.dtype) mismatch('where takes a bool tensor and two of one dtype', operands);
    return { dtype: a.dtype, shape: broadcast(operands, 'where: the shapes do not broadcast') };
  },
  cost: (_, results) => elements(at(results, 0).shape),
  // tfjs broadcasts the three operands by tile, or clones them, before it selects; of one shape, the kernel takes them as they are.
  kernels: ['Select', 'Tile', 'Identity', 'Reshape'],
  emit({ args, operands, results }) {
    if (new Set(operands.map(({ shape }) => showShape(shape))).size === 1)
      return code`${runtime('select')}(${at(args, 0)}, ${at(args, 1)}, ${at(args, 2)})`;
    const call = code`(${at(args, 0)}, ${at(args, 1)}, ${at(args, 2)})`;
    const rank = at(results, 0).shape.length;
    // tfjs declares one type for both choices, but broadcasts ranks too.
    const same = operands.slice(1).every(({ shape }) => shape.length === rank);
    return same ? code`${tf('where')}${call}` : code`${tf('where')}<${tfType('Tensor')}>${call} as ${tensorType(rank)}`;
  },
});
