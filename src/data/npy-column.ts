import type { Hash } from 'node:crypto';
import { fail } from '../diagnostics/error.ts';
import type { ByteSource } from '../read/bytes.ts';
import { NPY_HEAD, type NpyHeader, npyValues, readNpyHeader } from '../read/npy.ts';
import { type Column, hashTexts, rowSize, sampleAt } from './column.ts';
import { numpyReader } from './numpy-values.ts';

const CHUNK = 1 << 20;
/** Bytes of an array whose columns come before its rows: it has to be read whole. */
const MOST_IN_MEMORY = 2 ** 30;

/** Texts of a fixed length, as NumPy writes them: UCS-4, or bytes. */
const TEXT = /^[<>|=]?([US])(\d+)$/;

/**
 * The array of a `.npy` file as samples along its first axis, read where they are needed.
 * @param what what messages call it
 * @throws SkipcError `file-damaged`, `data-dtype`, `data-shape`, `data-empty`
 */
export function npyColumn(bytes: ByteSource, what: string, file: string): Column {
  const head = new Uint8Array(Math.min(NPY_HEAD, bytes.size));
  bytes.read(0, head);
  const header = readNpyHeader(head);
  const damaged = (why: string): never => fail('file-damaged', { kind: 'NumPy array', why }, { file });
  if (header === null) return damaged('it has no header of a plain array');
  const { shape, descr, start } = header;
  const text = TEXT.exec(descr);
  const read = header.type && numpyReader(header.type);
  const size = text ? Number(text[2]) * (text[1] === 'U' ? 4 : 1) : (header.type?.size ?? 0);
  const wrongType = (found: string): never => fail('data-dtype', { what, found, expected: 'numbers or texts' }, { file });
  if (descr.endsWith('O')) wrongType('Python objects');
  if (text === null && read === null) wrongType(descr === '' ? 'records' : `values of the NumPy type ${descr}`);
  if (shape.length === 0) fail('data-shape', { what, found: [], expected: ['samples', '...'], of: 'the data' }, { file });
  const count = shape.reduce((product, length) => product * length, 1);
  if (count === 0 || size === 0) fail('data-empty', { what }, { file });
  if (start + count * size > bytes.size) damaged(`it is shorter than the array [${shape}] that it declares`);

  const rows = rowReader(bytes, header, size, what, file);
  const about = { what, shape, at: sampleAt };
  const hash = (to: Hash): void => hashArray(bytes, header, count * size, to);
  if (read !== null) {
    const { kind } = header.type as NonNullable<NpyHeader['type']>;
    const ours = kind === 'uint' ? 'int' : kind === 'bfloat' ? 'float' : kind;
    return { ...about, kind: ours, hash, read: (from, to, into) => read(rows(from, to), into) };
  }
  const texts = text?.[1] === 'U' ? (from: number, to: number) => ucs4(rows(from, to), size, header.bigEndian) : byteTexts(rows, size);
  return { ...about, kind: 'text', texts, hash: (to) => hashTexts(to, texts(0, shape[0] as number)) };
}

/** Reads samples as they are stored, numbers made little-endian. */
function rowReader(
  bytes: ByteSource,
  header: NpyHeader,
  size: number,
  what: string,
  file: string,
): (from: number, to: number) => Uint8Array {
  const { shape, start, bigEndian, fortran, type } = header;
  const row = rowSize({ shape }) * size;
  if (fortran && shape.length > 1) {
    const total = (shape[0] as number) * row;
    if (total > MOST_IN_MEMORY) fail('data-too-large', { what, bytes: total, most: MOST_IN_MEMORY }, { file });
    let all: Uint8Array | undefined;
    return (from, to) => {
      if (all === undefined) {
        const stored = new Uint8Array(start + total);
        bytes.read(0, stored);
        all = npyValues(stored, { ...header, type: { kind: type?.kind ?? 'uint', size }, bigEndian: bigEndian && type !== null });
      }
      return all.slice(from * row, to * row);
    };
  }
  return (from, to) => {
    const values = new Uint8Array((to - from) * row);
    bytes.read(start + from * row, values);
    if (bigEndian && type !== null && size > 1) {
      for (let at = 0; at + size <= values.length; at += size) values.subarray(at, at + size).reverse();
    }
    return values;
  };
}

function hashArray(bytes: ByteSource, { shape, descr, fortran, start }: NpyHeader, length: number, hash: Hash): void {
  hash.update(JSON.stringify({ shape, descr, fortran }));
  for (let at = 0; at < length; at += CHUNK) {
    const part = new Uint8Array(Math.min(CHUNK, length - at));
    bytes.read(start + at, part);
    hash.update(part);
  }
}

/** Texts in UCS-4, filled up with zeros. */
function ucs4(bytes: Uint8Array, size: number, bigEndian: boolean): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  for (let from = 0; from < bytes.length; from += size) {
    let text = '';
    for (let at = from; at < from + size; at += 4) {
      const point = view.getUint32(at, !bigEndian);
      text += point > 0x10ffff ? '\ufffd' : String.fromCodePoint(point);
    }
    texts.push(withoutFill(text));
  }
  return texts;
}

const byteTexts =
  (rows: (from: number, to: number) => Uint8Array, size: number) =>
  (from: number, to: number): string[] => {
    const bytes = Buffer.from(rows(from, to));
    return Array.from({ length: bytes.length / size }, (_, i) => withoutFill(bytes.toString('utf8', i * size, (i + 1) * size)));
  };

/** NumPy fills texts up with zeros, and drops all that stand at the end. */
function withoutFill(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  return text.slice(0, end);
}
