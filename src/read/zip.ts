import { constants } from 'node:buffer';
import { Readable } from 'node:stream';
import type { Entry, ZipFile } from 'yauzl';
import { fail, SkipcError } from '../diagnostics/error.ts';
import { brief } from '../schema/validate.ts';
import { type ByteSource, memoryBytes, partOf } from './bytes.ts';

/** A zip archive whose entries are read one by one; what is not asked for is not inflated. */
export interface Archive {
  readonly names: readonly string[];
  /** Bytes of an entry once inflated, as the archive declares them; undefined where there is no such entry. */
  sizeOf(name: string): number | undefined;
  /**
   * An entry's bytes.
   * @param most bytes that are taken at most
   * @throws SkipcError `file-damaged` where the entry is not what the archive declares, or is larger than `most`
   */
  read(name: string, most: number): Promise<Uint8Array>;
  /** The first bytes of an entry, as many as there are up to `count`. */
  head(name: string, count: number): Promise<Uint8Array>;
  /** An entry's bytes wherever they are needed: in the archive itself where it is stored as it is, else inflated to memory. */
  source(name: string): Promise<ByteSource>;
}

const CHUNK = 1 << 20;
const STORED = 0;
const MOST_ENTRIES = 1_000_000;
/** No deflate stream grows by more than this factor (zlib's technical notes: 1032 to 1). */
const MOST_INFLATION = 1040;
/** Keras stores its weights as they are; what somebody has compressed is held in memory while they are read. */
const MOST_IN_MEMORY = 2 ** 30;

/**
 * Reads the directory of a zip archive.
 * @throws SkipcError `file-damaged`
 */
export async function openZip(bytes: ByteSource, file: string | undefined): Promise<Archive> {
  const damaged = (why: string): never => fail('file-damaged', { kind: 'zip archive', why }, { file });
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      return error instanceof SkipcError ? Promise.reject(error) : damaged((error as Error).message);
    }
  };
  const yauzl = await import('yauzl');
  const reader = new (class extends yauzl.RandomAccessReader {
    override _readStreamForRange(start: number, end: number): Readable {
      return Readable.from(chunks(bytes, start, end), { objectMode: false });
    }
  })();
  // Names are kept as they are written, since nothing is unpacked: one that leads out of the folder leads nowhere.
  const zip: ZipFile = await attempt(() =>
    yauzl.fromRandomAccessReaderPromise(reader, bytes.size, { autoClose: false, lazyEntries: true, decodeStrings: false }),
  );
  if (zip.entryCount > MOST_ENTRIES) damaged(`it declares ${zip.entryCount} entries`);
  const entries = new Map<string, Entry>();
  await attempt(async () => {
    for await (const entry of zip.eachEntry()) entries.set(Buffer.from(entry.fileName as unknown as Uint8Array).toString('utf8'), entry);
  });

  const entryOf = (name: string): Entry => entries.get(name) ?? damaged(`it has no entry ${brief(name)}`);
  const streamOf = (entry: Entry): Promise<Readable> => attempt(() => zip.openReadStreamPromise(entry));
  const checkSize = (name: string, { uncompressedSize: size, compressedSize }: Entry, most: number): void => {
    if (size > most || size > constants.MAX_LENGTH) damaged(`its entry ${brief(name)} is declared to have ${size} bytes`);
    if (size > compressedSize * MOST_INFLATION + CHUNK)
      damaged(`its entry ${brief(name)} is declared to have ${size} bytes, which its ${compressedSize} cannot give`);
  };
  const read = async (name: string, most: number): Promise<Uint8Array> => {
    const entry = entryOf(name);
    checkSize(name, entry, most);
    // The reader refuses an entry that gives more bytes or fewer than it declares.
    return attempt(async () => Buffer.concat(await (await streamOf(entry)).toArray()));
  };
  return {
    names: [...entries.keys()],
    sizeOf: (name) => entries.get(name)?.uncompressedSize,
    read,
    async head(name, count) {
      const stream = await streamOf(entryOf(name));
      const parts: Uint8Array[] = [];
      let length = 0;
      return attempt(async () => {
        for await (const part of stream) {
          parts.push(part as Uint8Array);
          length += (part as Uint8Array).length;
          if (length >= count) break;
        }
        return Buffer.concat(parts).subarray(0, count);
      });
    },
    async source(name) {
      const entry = entryOf(name);
      if (entry.compressionMethod !== STORED || entry.isEncrypted()) {
        if (entry.uncompressedSize > MOST_IN_MEMORY)
          damaged(`its entry ${brief(name)} of ${entry.uncompressedSize} bytes is too large to be inflated: zip it without compression`);
        return memoryBytes(await read(name, MOST_IN_MEMORY));
      }
      const { fileDataStart } = await attempt(() => zip.readLocalFileHeaderPromise(entry, { minimal: true }));
      if (fileDataStart + entry.compressedSize > bytes.size || entry.compressedSize !== entry.uncompressedSize)
        damaged(`its entry ${brief(name)} is cut short`);
      return partOf(bytes, fileDataStart, entry.uncompressedSize);
    },
  };
}

function* chunks(bytes: ByteSource, start: number, end: number): Generator<Uint8Array> {
  if (end > bytes.size) throw new Error('a part of it lies behind its end');
  for (let at = start; at < end; at += CHUNK) {
    const part = new Uint8Array(Math.min(CHUNK, end - at));
    bytes.read(at, part);
    yield part;
  }
}
