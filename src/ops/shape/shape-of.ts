import { object } from '../../schema/build.ts';
import { code, tf } from '../code.ts';
import { at, free, op } from '../row.ts';

export const shapeOf = op({
  doc: "the sizes of the operand's axes",
  attrs: object({}),
  arity: 1,
  infer: (operands) => ({ dtype: 'i32', shape: [at(operands, 0).shape.length] }),
  cost: free,
  kernels: [],
  emit: ({ args }) => code`${tf('tensor1d')}(${at(args, 0)}.shape, ${'int32'})`,
});
