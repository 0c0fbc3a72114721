import { fail, type Location } from '../diagnostics/error.ts';
import type { DType } from '../ir/types.ts';

/** What each dtype of Keras is computed in: tfjs has one float and one integer type. */
const COMPUTED_AS = new Map<string, DType>([
  ...['float16', 'bfloat16', 'float32', 'float64', 'half', 'float', 'double'].map((name) => [name, 'f32'] as const),
  ...['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'].map((name) => [name, 'i32'] as const),
  ['bool', 'bool'],
  ['string', 'str'],
]);

/** @throws SkipcError `dtype-unknown` */
export function dtypeOf(name: string, where: Location): DType {
  return COMPUTED_AS.get(name) ?? fail('dtype-unknown', { dtype: name }, where);
}

const NARROW: ReadonlySet<string> = new Set(['int8', 'uint8', 'int16', 'uint16']);

/** True for integers that Keras computes in fewer bits than tfjs has. */
export const isNarrowInteger = (name: string): boolean => NARROW.has(name);
