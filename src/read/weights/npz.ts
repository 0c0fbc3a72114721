import { constants } from 'node:buffer';
import { fail } from '../../diagnostics/error.ts';
import { brief } from '../../schema/validate.ts';
import { NPY_HEAD, npyValues, readNpyHeader } from '../npy.ts';
import type { Archive } from '../zip.ts';
import type { WeightEntry, WeightIndex } from './index.ts';
import { numberEntry } from './number-entry.ts';

const ARRAY = /\.npy$/;

/** True for a zip archive of NumPy arrays. */
export const isNpz = (archive: Archive): boolean => archive.names.some((name) => ARRAY.test(name));

/**
 * The index of an `.npz` file: its keys are the weights' names. Of every array only the header is read.
 * @throws SkipcError `file-damaged`
 */
export async function npzWeights(archive: Archive, file: string | undefined): Promise<WeightIndex> {
  const entries: WeightEntry[] = [];
  for (const entry of archive.names.filter((name) => ARRAY.test(name))) {
    const name = entry.replace(ARRAY, '');
    const header = readNpyHeader(await archive.head(entry, NPY_HEAD));
    if (header === null) {
      const unknown = { name, shape: [], type: null, what: 'no array of numbers', read: async () => new Uint8Array(0) };
      entries.push(numberEntry(unknown, { file }));
      continue;
    }
    const { shape, type, descr, start } = header;
    const needed = start + shape.reduce((product, length) => product * length, type?.size ?? 0);
    if (needed > (archive.sizeOf(entry) ?? 0)) {
      const why = `its entry ${brief(entry)} is shorter than the array [${shape}] that it declares`;
      fail('file-damaged', { kind: 'zip archive', why }, { file });
    }
    const read = async () => npyValues(await archive.read(entry, constants.MAX_LENGTH), header);
    entries.push(numberEntry({ name, shape, type, what: `values of the NumPy type ${brief(descr)}`, read }, { file }));
  }
  return { entries, totalBytes: entries.reduce((sum, { byteLength }) => sum + byteLength, 0) };
}
