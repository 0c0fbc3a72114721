import { sameType } from '../../ir/types.ts';
import { object, oneOf } from '../../schema/build.ts';
import { code, tf } from '../code.ts';
import { at, free, op, takes } from '../row.ts';

const TFJS_DTYPE = { f32: 'float32', i32: 'int32', bool: 'bool', str: 'string' } as const;

/** The name tfjs has for a dtype. */
export const tfjsDType = (dtype: keyof typeof TFJS_DTYPE): string => TFJS_DTYPE[dtype];

export const cast = op({
  doc: 'the same numbers as another dtype; to i32 truncates, to bool is true where x is not 0',
  attrs: object({ dtype: oneOf('f32', 'i32', 'bool') }),
  arity: 1,
  infer(operands, { dtype }) {
    takes(['f32', 'i32', 'bool'], 'cast', operands);
    return { dtype, shape: at(operands, 0).shape };
  },
  cost: free,
  identity: (_, operands, results) => sameType(at(operands, 0), at(results, 0)),
  kernels: ['Cast', 'NotEqual'],
  emit({ args, attrs, operands }) {
    // The wasm kernel makes 0.5 false.
    if (attrs.dtype === 'bool' && at(operands, 0).dtype !== 'bool') return code`${tf('notEqual')}(${at(args, 0)}, 0)`;
    return code`${tf('cast')}(${at(args, 0)}, ${tfjsDType(attrs.dtype)})`;
  },
});
