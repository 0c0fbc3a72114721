import type { DType } from '../../ir/types.ts';

/** True where a config's `dtype` (a name, or a policy as Keras 3 writes it) is one of integers. */
export function isIntegerPolicy(dtype: unknown): boolean {
  const config = typeof dtype === 'object' && dtype !== null ? (dtype as { config?: unknown }).config : undefined;
  const name = typeof config === 'object' && config !== null ? (config as { name?: unknown }).name : dtype;
  return typeof name === 'string' && /^u?int\d+$/.test(name);
}

/** The dtype in which a layer gives vectors: floats, but under a policy of integers. */
export const vectorDType = (dtype: unknown): DType => (isIntegerPolicy(dtype) ? 'i32' : 'f32');
