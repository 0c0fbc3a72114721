import { fail, type Location } from '../../diagnostics/error.ts';
import type { WeightEntry } from './index.ts';
import { formOf, type NumberType } from './numbers.ts';

/** A weight that lies in a file of HDF5 or NumPy. */
export interface NumberArray {
  readonly name: string;
  readonly shape: readonly number[];
  /** Null where the file holds no numbers there; `what` then says what it holds. */
  readonly type: NumberType | null;
  readonly what: string;
  /** The numbers as stored, little-endian, row by row. */
  read(): Promise<Uint8Array>;
}

/** The weight as an entry of an index, its numbers in a form that weights have here. */
export function numberEntry({ name, shape, type, what, read }: NumberArray, where: Location): WeightEntry {
  const form = type && formOf(type);
  if (form === null) {
    const refuse = async () => fail('weights-dtype', { name, why: `it holds ${what}` }, where);
    return { name, shape, dtype: 'float32', stored: { dtype: 'float32' }, byteLength: 0, read: refuse };
  }
  return {
    name,
    shape,
    dtype: form.dtype,
    stored: { dtype: form.stored },
    byteLength: shape.reduce((product, length) => product * length, form.size),
    read: async () => form.convert(await read(), name, where),
  };
}
