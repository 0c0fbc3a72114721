import type { NumberType } from '../read/weights/numbers.ts';
import type { Numbers } from './column.ts';

type Reader = (view: DataView, at: number) => number;

/** How one number is read, by kind and bytes; all are little-endian. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['bool1', (view, at) => (view.getUint8(at) === 0 ? 0 : 1)],
  ['uint1', (view, at) => view.getUint8(at)],
  ['uint2', (view, at) => view.getUint16(at, true)],
  ['uint4', (view, at) => view.getUint32(at, true)],
  ['uint8', (view, at) => Number(view.getBigUint64(at, true))],
  ['int1', (view, at) => view.getInt8(at)],
  ['int2', (view, at) => view.getInt16(at, true)],
  ['int4', (view, at) => view.getInt32(at, true)],
  ['int8', (view, at) => Number(view.getBigInt64(at, true))],
  ['float2', (view, at) => half(view.getUint16(at, true))],
  ['float4', (view, at) => view.getFloat32(at, true)],
  ['float8', (view, at) => view.getFloat64(at, true)],
  ['bfloat2', (view, at) => upperHalf(view.getUint16(at, true))],
]);

/** Reads numbers of a type of NumPy into others; null where the type is none of those that can be read. */
export function numpyReader({ kind, size }: NumberType): ((bytes: Uint8Array, into: Numbers) => void) | null {
  const read = READERS.get(kind + size);
  if (read === undefined) return null;
  return (bytes, into) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0, at = 0; at + size <= bytes.length; i++, at += size) into[i] = read(view, at);
  };
}

/** The number of an IEEE 754 half. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const scratch = new DataView(new ArrayBuffer(4));
/** A bfloat16 is the upper half of a float32. */
function upperHalf(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}
