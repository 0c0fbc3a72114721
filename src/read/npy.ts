import type { NumberType } from './weights/numbers.ts';

/**
 * The header of a `.npy` file (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): a magic, a version, the
 * header's length, and a Python dict of three keys.
 */
export interface NpyHeader {
  readonly shape: readonly number[];
  /** As NumPy writes it, such as `<f4`. */
  readonly descr: string;
  /** Null where the values are no plain numbers. */
  readonly type: NumberType | null;
  readonly bigEndian: boolean;
  /** Columns before rows. */
  readonly fortran: boolean;
  /** Where the values begin. */
  readonly start: number;
}

/** Bytes that hold any header NumPy writes for an array of numbers. */
export const NPY_HEAD = 1 << 12;

const MAGIC = '\x93NUMPY';
const KINDS: Readonly<Record<string, NumberType['kind']>> = { f: 'float', i: 'int', u: 'uint', b: 'bool' };

/** Reads the header out of a file's first bytes; null where that is none. */
export function readNpyHeader(head: Uint8Array): NpyHeader | null {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  if (!text.startsWith(MAGIC) || head.length < 12) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const [from, length] = head[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  const dict = text.slice(from, from + length);
  const descr = /'descr':\s*'([^']*)'/.exec(dict)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(dict)?.[1];
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(dict)?.[1];
  if (order === undefined || sizes === undefined || from + length > head.length) return null;
  const shape = sizes
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number);
  if (!shape.every(Number.isSafeInteger)) return null;
  return { shape, ...typeOf(descr ?? ''), fortran: order === 'True', start: from + length };
}

function typeOf(descr: string): Pick<NpyHeader, 'descr' | 'type' | 'bigEndian'> {
  const [, order = '', letter = '', digits = ''] = /^([<>|=]?)([a-zA-Z])(\d+)$/.exec(descr) ?? [];
  const size = Number(digits);
  // ml_dtypes' bfloat16, in which Keras keeps weights, is bytes without a meaning to NumPy.
  if (letter === 'V' && size === 2) return { descr, type: { kind: 'bfloat', size }, bigEndian: order === '>' };
  const kind = Object.hasOwn(KINDS, letter) ? KINDS[letter] : undefined;
  return { descr, type: kind === undefined ? null : { kind, size }, bigEndian: order === '>' };
}

/** The values of a `.npy` file as rows, little-endian. */
export function npyValues(file: Uint8Array, { shape, type, bigEndian, fortran, start }: NpyHeader): Uint8Array {
  const size = type?.size ?? 1;
  const count = shape.reduce((product, length) => product * length, 1);
  const values = Uint8Array.prototype.slice.call(file, start, start + count * size);
  if (bigEndian && size > 1) for (let at = 0; at + size <= values.length; at += size) values.subarray(at, at + size).reverse();
  return fortran && shape.length > 1 ? asRows(values, shape, size) : values;
}

function asRows(columns: Uint8Array, shape: readonly number[], size: number): Uint8Array {
  const rows = new Uint8Array(columns.length);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, length) => product * length, size));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < rows.length; to += size) {
    for (let byte = 0; byte < size; byte++) rows[to + byte] = columns[from + byte] as number;
    // The next index, its last axis first.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      from -= (strides[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return rows;
}
