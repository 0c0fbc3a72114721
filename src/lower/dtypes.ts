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

/**
 * Refuses dtype policies under which Keras computes in another arithmetic than floats: int8 and float8 round on the way.
 * A float16 policy is computed in float32, which is what it approximates.
 */
export function checkPolicy(config: Readonly<Record<string, unknown>>, where: Location): void {
  const dtype = config['dtype'];
  const name = typeof dtype === 'string' ? dtype : policyName(dtype);
  if (name !== null && !/^(mixed_)?(float16|bfloat16|float32|float64)$/.test(name) && !COMPUTED_AS.has(name))
    fail('dtype-unknown', { dtype: name }, where);
}

function policyName(dtype: unknown): string | null {
  if (typeof dtype !== 'object' || dtype === null) return null;
  const { class_name: className, config } = dtype as { class_name?: unknown; config?: unknown };
  if (typeof className === 'string' && /Quantized/.test(className)) return className;
  const name = typeof config === 'object' && config !== null ? (config as { name?: unknown }).name : undefined;
  return typeof name === 'string' ? name : null;
}
