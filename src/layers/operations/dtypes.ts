import type { DType } from '../../ir/types.ts';

const ORDER: readonly DType[] = ['bool', 'i32', 'f32', 'str'];

/** The dtype that several have in common, as Keras promotes them: floats over integers over truth values. */
export const commonDType = (dtypes: readonly DType[]): DType =>
  dtypes.reduce((most, dtype) => (ORDER.indexOf(dtype) > ORDER.indexOf(most) ? dtype : most), 'bool' as DType);

/**
 * What a dtype is computed in, by its name in Keras; null for those in which Keras's arithmetic is another: integers of fewer than 32
 * bits and unsigned ones wrap around, complex numbers and strings are none.
 */
export function dtypeNamed(name: string): DType | null {
  if (['float16', 'bfloat16', 'float32', 'float64', 'float', 'half', 'double'].includes(name)) return 'f32';
  if (['int32', 'int64', 'int'].includes(name)) return 'i32';
  return name === 'bool' || name === 'boolean' ? 'bool' : null;
}
