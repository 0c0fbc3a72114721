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

/** The most values of a weight that no file holds, and whose size therefore no file bounds. */
const MOST_ZEROS = 2 ** 28;

/** A weight that a model reads as zeros where its file leaves it out: `read` throws SkipcError `weights-dtype` where it is too large. */
export function zeroEntry(name: string, shape: readonly number[], where: Location): WeightEntry {
  const values = shape.reduce((product, length) => product * length, 1);
  const read = async () => {
    if (values > MOST_ZEROS) fail('weights-dtype', { name, why: `it would be ${values} zeros, which the file does not hold` }, where);
    return new Uint8Array(4 * values);
  };
  return numberEntry({ name, shape, type: { kind: 'float', size: 4 }, what: 'zeros', read }, where);
}
