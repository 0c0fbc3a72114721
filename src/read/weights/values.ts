import { createHash } from 'node:crypto';
import { decodeStored } from '../../runtime/safetensors.ts';
import type { WeightEntry } from './index.ts';

/** What a variable holds once it is loaded; booleans are 0 and 1. */
export type LoadedValues = Float32Array | Int32Array | Uint8Array;

/** What a variable is to the program that loads it, whatever its file says. */
export interface LoadedType {
  readonly dtype: WeightEntry['dtype'];
  readonly shape: readonly number[];
}

/** What safetensors files call the dtypes that weights are stored in. */
export const SAFETENSORS_DTYPES = { float32: 'F32', int32: 'I32', bool: 'BOOL', uint8: 'U8', uint16: 'U16', float16: 'F16' } as const;

/** The numbers that the bytes of a weight stand for; quantised ones are told by scale and minimum. */
export function decoded(
  { name, shape, dtype, stored }: Pick<WeightEntry, 'name' | 'shape' | 'dtype' | 'stored'>,
  bytes: Uint8Array,
): LoadedValues {
  const { scale = 1, min = 0 } = stored;
  const place = { name, shape, dtype, scale, min, start: 0, end: bytes.byteLength };
  return decodeStored(bytes, { ...place, stored: SAFETENSORS_DTYPES[stored.dtype] }, true);
}

/**
 * Reads a variable as a module loads it: dequantised, and cast where the program has it in another dtype.
 * @throws SkipcError as `WeightEntry.read`
 */
export async function loadedValues(entry: WeightEntry, dtype: LoadedType['dtype']): Promise<LoadedValues> {
  const values = decoded(entry, await entry.read());
  if (entry.dtype === dtype) return values;
  if (dtype === 'float32') return Float32Array.from(values);
  return dtype === 'int32' ? Int32Array.from(values) : Uint8Array.from(values, (value) => (value === 0 ? 0 : 1));
}

const DIGITS = 16;

/** First 16 hex digits of the SHA-256 of dtype, shape and values: files that load alike have one hash, however they store it. */
export function valuesHash({ dtype, shape }: LoadedType, values: LoadedValues): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return createHash('sha256').update(`${dtype}[${shape}]\n`).update(bytes).digest('hex').slice(0, DIGITS);
}
