import type { Dataset, Group, File as H5File, Metadata } from 'h5wasm';
import { fail, SkipcError } from '../diagnostics/error.ts';
import type { ByteSource } from './bytes.ts';
import { type Hdf5Library, loadHdf5Library } from './hdf5-library.ts';

/**
 * `bool` is what h5py writes for booleans, an enumeration over bytes; `opaque` bytes have no meaning of their own. Whatever is
 * not a plain number is `other`.
 */
export type Hdf5Type = 'float' | 'int' | 'uint' | 'bool' | 'opaque' | 'other';

/** An array in an HDF5 file. */
export interface Hdf5Dataset {
  /** From the root, without a slash before it. */
  readonly path: string;
  readonly shape: readonly number[];
  readonly type: Hdf5Type;
  /** Bytes of one value. */
  readonly size: number;
}

/** An HDF5 file while it is open; paths are from the root, whose path is empty. */
export interface Hdf5 {
  has(path: string): boolean;
  /** A text attribute of a group or dataset; null where there is none, or no text in it. */
  text(path: string, attribute: string): string | null;
  /** An attribute that is a list of texts; null where there is none. */
  texts(path: string, attribute: string): readonly string[] | null;
  /** The paths of all groups and datasets below a group; links into other files are not followed. */
  below(group: string): readonly string[];
  /** Null where the path leads to no dataset. */
  dataset(path: string): Hdf5Dataset | null;
  /** The values as they are stored, row by row, little-endian. */
  read(dataset: Hdf5Dataset): Uint8Array;
}

/**
 * Opens an HDF5 file for as long as `work` runs. Of the file only what is asked for is read.
 * @throws SkipcError `file-damaged`, and what `work` and the source throw
 */
export async function withHdf5<T>(bytes: ByteSource, file: string | undefined, work: (hdf5: Hdf5) => T): Promise<T> {
  const library = await loadHdf5Library();
  const mounted = library.mount(bytes);
  let open: H5File | undefined;
  try {
    open = new library.h5wasm.File(mounted.path, 'r');
    return work(viewOf(open, library, bytes.size));
  } catch (error) {
    const cause = mounted.failure() ?? error;
    if (cause instanceof SkipcError) throw cause;
    return fail('file-damaged', { kind: 'HDF5 file', why: reasonOf(error) }, { file });
  } finally {
    close(open);
    mounted.unmount();
  }
}

/** A file that turned out to be damaged may not even close. */
function close(file: H5File | undefined): void {
  try {
    file?.close();
  } catch {
    // What is wrong with it is already being said.
  }
}

/** The library's errors are a stack of lines `#000: file.c line 1 in function(): reason`; the last says what was found. */
function reasonOf(error: unknown): string {
  const text = String(error instanceof Error ? error.message : error);
  const reasons = text.split('\n').flatMap((line) => /#\d+: .* in \w+\(\): (.+)$/.exec(line)?.[1] ?? []);
  return (reasons.at(-1) ?? text.split('\n', 1)[0] ?? '').slice(0, 200);
}

function viewOf(file: H5File, library: Hdf5Library, fileSize: number): Hdf5 {
  const { h5wasm } = library;
  const find = (path: string): Dataset | Group | null => {
    const found = path === '' ? file : file.get(path);
    return found instanceof h5wasm.Group || found instanceof h5wasm.Dataset ? found : null;
  };
  const attribute = (path: string, name: string): unknown => {
    const attributes = find(path)?.attrs ?? {};
    return Object.hasOwn(attributes, name) ? attributes[name]?.value : null;
  };
  return {
    has: (path) => find(path) !== null,
    text(path, name) {
      const value = attribute(path, name);
      return typeof value === 'string' ? value : null;
    },
    texts(path, name) {
      const value = attribute(path, name);
      return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null;
    },
    below(group) {
      const found = find(group);
      if (!(found instanceof h5wasm.Group)) return [];
      return found.paths().map((path) => (group === '' ? path : `${group}/${path}`));
    },
    dataset(path) {
      const found = find(path);
      if (!(found instanceof h5wasm.Dataset)) return null;
      const { metadata } = found;
      return {
        path,
        shape: metadata.shape ?? [],
        type: metadata.shape === null ? 'other' : typeOf(metadata, library),
        size: metadata.size,
      };
    },
    read(dataset) {
      const declared = dataset.shape.reduce((product, length) => product * length, dataset.size);
      if (declared > fileSize * MOST_INFLATION) throw new Error(`${dataset.path} declares ${declared} bytes, which the file cannot hold`);
      // The library gives fill values for files that it does not find.
      const sources = (find(dataset.path) as Dataset).metadata.virtual_sources ?? [];
      if (sources.some(({ file_name: name }) => name !== '.')) throw new Error(`${dataset.path} is made of the data of other files`);
      return readDataset(file, dataset, library);
    },
  };
}

function typeOf({ type, signed, enum_type: members, size }: Metadata, { module: { H5T_class_t: classes } }: Hdf5Library): Hdf5Type {
  if (type === classes.H5T_FLOAT.value) return 'float';
  if (type === classes.H5T_INTEGER.value) return signed ? 'int' : 'uint';
  if (type === classes.H5T_OPAQUE.value) return 'opaque';
  const { FALSE: no, TRUE: yes, ...more } = members?.members ?? {};
  return type === classes.H5T_ENUM.value && size === 1 && no === 0 && yes === 1 && Object.keys(more).length === 0 ? 'bool' : 'other';
}

/** No deflate stream grows by more than this factor (zlib's technical notes: 1032 to 1). */
const MOST_INFLATION = 1040;

/** Values are copied out of the library's memory in pieces of about this size: it need not grow by a whole weight. */
const PIECE = 1 << 26;

function readDataset(file: H5File, { path, shape, size }: Hdf5Dataset, { module }: Hdf5Library): Uint8Array {
  const rowBytes = shape.slice(1).reduce((product, length) => product * length, size);
  const rows = shape[0] ?? 1;
  const bytes = new Uint8Array(rows * rowBytes);
  if (bytes.length === 0) return bytes;
  const step = Math.min(rows, Math.max(1, Math.floor(PIECE / rowBytes)));
  const pointer = module._malloc(step * rowBytes);
  if (pointer === 0) throw new Error(`no memory for ${step * rowBytes} bytes of ${path}`);
  try {
    for (let row = 0; row < rows; row += step) {
      const count = Math.min(step, rows - row);
      const whole = shape.length === 0 || count === rows;
      const counts = [count, ...shape.slice(1)].map(BigInt);
      const offsets = [row, ...shape.slice(1).map(() => 0)].map(BigInt);
      const strides = shape.map(() => 1n);
      module.get_dataset_data(
        file.file_id,
        `/${path}`,
        whole ? null : counts,
        whole ? null : offsets,
        whole ? null : strides,
        BigInt(pointer),
      );
      bytes.set(module.HEAPU8.subarray(pointer, pointer + count * rowBytes), row * rowBytes);
    }
  } finally {
    module._free(pointer);
  }
  return bytes;
}
