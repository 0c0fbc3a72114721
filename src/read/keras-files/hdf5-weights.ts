import { fail } from '../../diagnostics/error.ts';
import type { ByteSource } from '../bytes.ts';
import { type Hdf5, type Hdf5Dataset, withHdf5 } from '../hdf5.ts';
import type { WeightEntry, WeightIndex } from '../weights/index.ts';
import { numberEntry, zeroEntry } from '../weights/number-entry.ts';
import type { NumberType } from '../weights/numbers.ts';
import type { StoredVariable } from './store.ts';

/**
 * The index of weights that lie in an HDF5 file, which is opened again for each that is read.
 * @param hdf5 the same file, open
 */
export function hdf5Weights(hdf5: Hdf5, variables: readonly StoredVariable[], bytes: ByteSource, file: string | undefined): WeightIndex {
  const entries = variables.flatMap(({ path, names, zeros }): readonly WeightEntry[] => {
    if (zeros !== undefined) return names.map((name) => zeroEntry(name, zeros, { file }));
    const dataset = hdf5.dataset(path);
    if (dataset === null) return [];
    const type = typeOf(dataset, hdf5.text(path, 'dtype'));
    const what = `values of the HDF5 type ${dataset.type} in ${dataset.size} bytes each`;
    const read = () => readAgain(bytes, dataset, file);
    return names.map((name) => numberEntry({ name, shape: dataset.shape, type, what, read }, { file }));
  });
  return { entries, totalBytes: entries.reduce((sum, { byteLength }) => sum + byteLength, 0) };
}

/** Keras writes bfloat16, which HDF5 does not know, as bytes with a note. */
function typeOf({ type, size }: Hdf5Dataset, note: string | null): NumberType | null {
  if (type === 'opaque') return note === 'bfloat16' || note === null ? { kind: 'bfloat', size } : null;
  return type === 'other' ? null : { kind: type, size };
}

function readAgain(bytes: ByteSource, dataset: Hdf5Dataset, file: string | undefined): Promise<Uint8Array> {
  return withHdf5(bytes, file, (hdf5) => {
    const found = hdf5.dataset(dataset.path);
    if (found === null || found.type !== dataset.type || found.size !== dataset.size || `${found.shape}` !== `${dataset.shape}`) {
      fail('file-damaged', { kind: 'HDF5 file', why: `${dataset.path} is not what it was: the file has been written meanwhile` }, { file });
    }
    return hdf5.read(found);
  });
}
