import { object, oneOf } from '../../schema/build.ts';
import { code, tf } from '../code.ts';
import { at, free, op } from '../row.ts';

const TFJS_DTYPE = { f32: 'float32', i32: 'int32', bool: 'bool', str: 'string' } as const;

/** The name tfjs has for a dtype. */
export const tfjsDType = (dtype: keyof typeof TFJS_DTYPE): string => TFJS_DTYPE[dtype];

export const cast = op({
  doc: 'the same numbers as another dtype; to i32 truncates',
  attrs: object({ dtype: oneOf('f32', 'i32', 'bool') }),
  arity: 1,
  infer: (operands, { dtype }) => ({ dtype, shape: at(operands, 0).shape }),
  cost: free,
  kernels: ['Cast'],
  emit: ({ args, attrs }) => code`${tf('cast')}(${at(args, 0)}, ${tfjsDType(attrs.dtype)})`,
});
