import { endianness } from 'node:os';
import { readNpyHeader } from '../../read/npy.ts';
import type { NDArray } from '../../runtime/evaluate/ndarray.ts';
import { Amiss } from './amiss.ts';

type DType = NDArray['dtype'];

interface Form {
  readonly descr: string;
  readonly size: number;
  readonly of: Float32ArrayConstructor | Int32ArrayConstructor | Uint8ArrayConstructor;
}

const FORMS: Readonly<Record<DType, Form>> = {
  float32: { descr: '<f4', size: 4, of: Float32Array },
  int32: { descr: '<i4', size: 4, of: Int32Array },
  bool: { descr: '|b1', size: 1, of: Uint8Array },
};

/** As many as any NumPy takes. */
const MAX_RANK = 32;
const ALIGNMENT = 64;

export const isDType = (value: unknown): value is DType => typeof value === 'string' && Object.hasOwn(FORMS, value);

export const isShape = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.length <= MAX_RANK && value.every((length) => Number.isSafeInteger(length) && length >= 0);

const countOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** What is wrong with an array that should be written; null where nothing is. */
export function arrayFault({ dtype, shape, data }: NDArray): string | null {
  if (!isDType(dtype)) return `its dtype is ${JSON.stringify(dtype)}`;
  if (!isShape(shape)) return `its shape is ${JSON.stringify(shape)}`;
  if (!(data instanceof FORMS[dtype].of)) return `its data is no ${FORMS[dtype].of.name}`;
  return data.length === countOf(shape) ? null : `it has ${data.length} values where its shape [${shape}] has ${countOf(shape)}`;
}

/**
 * The header of a `.npy` file of version 1.0, after which rows of values follow
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 */
export function npyHead(dtype: DType, shape: readonly number[]): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dict = `{'descr': '${FORMS[dtype].descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const head = Buffer.alloc(Math.ceil((10 + dict.length + 1) / ALIGNMENT) * ALIGNMENT, ' ');
  head.write('\x93NUMPY\x01\x00', 'latin1');
  head.writeUInt16LE(head.length - 10, 8);
  head.write(dict, 10, 'latin1');
  head.write('\n', head.length - 1, 'latin1');
  return head;
}

/** What a `.npy` file of such an array takes. */
export const npyBytes = (dtype: DType, shape: readonly number[]): number =>
  npyHead(dtype, shape).length + countOf(shape) * FORMS[dtype].size;

/** The values as the file holds them, little-endian. */
export function npyData({ dtype, data }: NDArray): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return asLittleEndian(FORMS[dtype].size, bytes, () => bytes.slice());
}

/**
 * The array of a `.npy` file that `npyHead` and `npyData` made; its values are those of `file`, not a copy.
 * @throws Amiss where the file holds another dtype or shape
 */
export function npyArray(file: Uint8Array<ArrayBuffer>, dtype: DType, shape: readonly number[]): NDArray {
  const header = readNpyHeader(file);
  const { descr, size, of } = FORMS[dtype];
  const isSame = header !== null && header.descr === descr && !header.fortran && String(header.shape) === String(shape);
  if (!isSame) throw new Amiss(`does not hold ${dtype} of shape [${shape}]`);
  const bytes = asLittleEndian(size, file.subarray(header.start), () => file.slice(header.start));
  if (bytes.length !== countOf(shape) * size) throw new Amiss('has another number of values than its header says');
  return { dtype, shape: [...shape], data: new of(bytes.buffer, bytes.byteOffset, countOf(shape)) };
}

function asLittleEndian<B extends Uint8Array>(size: number, bytes: B, copy: () => B): B {
  if (endianness() === 'LE' || size === 1) return bytes;
  const swapped = copy();
  Buffer.from(swapped.buffer, swapped.byteOffset, swapped.byteLength).swap32();
  return swapped;
}
