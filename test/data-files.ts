import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { SkipcError } from '../src/diagnostics/error.ts';

/** Writes files into a new folder; gives the path of a name in it. */
export function folderOf(files: Readonly<Record<string, string | Uint8Array>>): (name?: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'skipc-data-'));
  const path = (name = ''): string => join(folder, name);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), content);
  }
  return path;
}

type Values = Float32Array | Float64Array | Int32Array | Uint8Array | BigInt64Array | Uint16Array;
const DESCR: Readonly<Record<string, string>> = {
  Float32Array: '<f4',
  Float64Array: '<f8',
  Int32Array: '<i4',
  Uint8Array: '|u1',
  BigInt64Array: '<i8',
  Uint16Array: '<f2',
};

/** A `.npy` file as numpy.save writes it. */
export function npy(shape: readonly number[], values: Values, descr = DESCR[values.constructor.name] ?? '', fortran = false): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dict = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${sizes}), }`;
  const head = Buffer.alloc(10);
  head.write('\x93NUMPY\x01\x00', 'latin1');
  const text = `${dict.padEnd(64 * Math.ceil((dict.length + 11) / 64) - 11)}\n`;
  head.writeUInt16LE(text.length, 8);
  return Buffer.concat([head, Buffer.from(text), Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}

export const floats = (shape: readonly number[], values?: readonly number[]): Uint8Array =>
  npy(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => values?.[i] ?? i),
  );
export const ints = (...values: readonly number[]): Uint8Array => npy([values.length], BigInt64Array.from(values, BigInt));

/** Texts as NumPy keeps them, UCS-4. */
export function texts(...values: readonly string[]): Uint8Array {
  const longest = Math.max(...values.map((text) => [...text].length));
  const points = new Int32Array(values.length * longest);
  values.forEach((text, i) => {
    points.set(
      [...text].map((character) => character.codePointAt(0) as number),
      i * longest,
    );
  });
  return npy([values.length], points, `<U${longest}`);
}

/** A zip archive of arrays, as numpy.savez (or savez_compressed) writes it. */
export function npz(arrays: Readonly<Record<string, Uint8Array>>, isCompressed = false): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(arrays)) {
    const stored = isCompressed ? deflateRawSync(content) : Buffer.from(content);
    const file = Buffer.from(`${name}.npy`);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(1 << 11, 2);
    common.writeUInt16LE(isCompressed ? 8 : 0, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(stored.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(file.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), common, file, stored);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail.subarray(0, 14), file);
    offset += 30 + file.length + stored.length;
  }
  const index = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(Object.keys(arrays).length, 8);
  end.writeUInt16LE(Object.keys(arrays).length, 10);
  end.writeUInt32LE(index.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, index, end]);
}

export const PNG_COLOURS = { grey: 0, rgb: 2, palette: 3, greyAlpha: 4, rgba: 6 } as const;

/** A PNG of unfiltered rows. */
export function png(
  [height, width]: readonly [number, number],
  colours: keyof typeof PNG_COLOURS,
  rows: readonly (readonly number[])[],
  depth = 8,
  chunks: readonly (readonly [type: string, data: readonly number[]])[] = [],
): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = depth;
  header[9] = PNG_COLOURS[colours];
  const data = deflateSync(Buffer.concat(rows.map((row) => Buffer.from([0, ...row]))));
  const all: (readonly [string, Uint8Array])[] = [
    ['IHDR', header],
    ...chunks.map(([type, bytes]) => [type, Buffer.from(bytes)] as const),
    ['IDAT', data],
    ['IEND', new Uint8Array(0)],
  ];
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), ...all.map(([type, bytes]) => chunk(type, bytes))]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** The check sum of zip and PNG. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A BMP of 24 bits, bottom up, or with a negative height top down. */
export function bmp(
  [height, width]: readonly [number, number],
  pixels: readonly (readonly [number, number, number])[],
  topDown = false,
): Uint8Array {
  const stride = Math.ceil((width * 3) / 4) * 4;
  const file = Buffer.alloc(54 + stride * height);
  file.write('BM');
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(topDown ? -height : height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  pixels.forEach(([red, green, blue], i) => {
    const row = Math.floor(i / width);
    const at = 54 + stride * (topDown ? row : height - 1 - row) + (i % width) * 3;
    file.set([blue, green, red], at);
  });
  return file;
}

/** The message of the diagnostic that a promise ends with, behind its code. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof SkipcError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'was not refused';
}
