import { fail, type Location } from '../../diagnostics/error.ts';
import type { WeightEntry } from './index.ts';

/** Numbers as a file of HDF5 or NumPy holds them, little-endian; `size` is in bytes. */
export interface NumberType {
  readonly kind: 'float' | 'bfloat' | 'int' | 'uint' | 'bool';
  readonly size: number;
}

/** How numbers of a type become a weight: what it is, what is kept of it, and the bytes. */
export interface NumberForm {
  readonly dtype: WeightEntry['dtype'];
  readonly stored: 'float32' | 'float16' | 'int32' | 'bool';
  /** Bytes of one value in the result. */
  readonly size: number;
  /** @throws SkipcError `weights-range` where an integer is larger than int32 holds */
  convert(bytes: Uint8Array, name: string, where: Location): Uint8Array;
}

/** The form for a type; null where there is none. float16 is kept, as tfjs keeps it; what is wider than 32 bits is narrowed. */
export function formOf({ kind, size }: NumberType): NumberForm | null {
  const same = (dtype: WeightEntry['dtype'], stored: NumberForm['stored']): NumberForm => ({
    dtype,
    stored,
    size,
    convert: (bytes) => bytes,
  });
  const floats = (read: Reader): NumberForm => ({
    dtype: 'float32',
    stored: 'float32',
    size: 4,
    convert: (bytes) => each(bytes, size, (view, at, out) => out.setFloat32(at.out, read(view, at.in), true)),
  });
  if (kind === 'bool') return size === 1 ? same('bool', 'bool') : null;
  if (kind === 'bfloat') return size === 2 ? floats(bfloat16) : null;
  if (kind === 'float') {
    if (size === 4) return same('float32', 'float32');
    if (size === 2) return same('float32', 'float16');
    return size === 8 ? floats((view, at) => view.getFloat64(at, true)) : null;
  }
  if (kind === 'int' && size === 4) return same('int32', 'int32');
  const read = (kind === 'int' ? INTEGERS : NATURALS).get(size);
  return read === undefined ? null : { dtype: 'int32', stored: 'int32', size: 4, convert: integers(read, size) };
}

type Reader = (view: DataView, at: number) => number;
type IntegerReader = (view: DataView, at: number) => number | bigint;

const INTEGERS: ReadonlyMap<number, IntegerReader> = new Map<number, IntegerReader>([
  [1, (view, at) => view.getInt8(at)],
  [2, (view, at) => view.getInt16(at, true)],
  [8, (view, at) => view.getBigInt64(at, true)],
]);
const NATURALS: ReadonlyMap<number, IntegerReader> = new Map<number, IntegerReader>([
  [1, (view, at) => view.getUint8(at)],
  [2, (view, at) => view.getUint16(at, true)],
  [4, (view, at) => view.getUint32(at, true)],
  [8, (view, at) => view.getBigUint64(at, true)],
]);

/** The upper half of a float32. */
const scratch = new DataView(new ArrayBuffer(4));
function bfloat16(view: DataView, at: number): number {
  scratch.setUint32(0, view.getUint16(at, true) << 16);
  return scratch.getFloat32(0);
}

const LARGEST = 2 ** 31 - 1;

function integers(read: IntegerReader, size: number): NumberForm['convert'] {
  return (bytes, name, where) =>
    each(bytes, size, (view, at, out) => {
      const value = read(view, at.in);
      if (value > LARGEST || value < -LARGEST - 1) fail('weights-range', { name, value: String(value) }, where);
      out.setInt32(at.out, Number(value), true);
    });
}

/** Four bytes for each value of `size` bytes. */
function each(bytes: Uint8Array, size: number, put: (view: DataView, at: { in: number; out: number }, out: DataView) => void): Uint8Array {
  const count = Math.floor(bytes.length / size);
  const result = new Uint8Array(count * 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new DataView(result.buffer);
  const at = { in: 0, out: 0 };
  for (let i = 0; i < count; i++, at.in += size, at.out += 4) put(view, at, out);
  return result;
}
