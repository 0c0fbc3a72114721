import type { ByteSource } from './bytes.ts';

type H5Wasm = typeof import('h5wasm');
type H5Module = Awaited<H5Wasm['ready']>;

/** The HDF5 library, compiled to WebAssembly, and the file system it sees. */
export interface Hdf5Library {
  readonly h5wasm: H5Wasm;
  readonly module: H5Module;
  /** Shows the library a file with these bytes. */
  mount(bytes: ByteSource): MountedFile;
}

export interface MountedFile {
  /** Its path in the library's file system. */
  readonly path: string;
  /** What reading the bytes has thrown, which the library only knows as an input error. */
  failure(): unknown;
  unmount(): void;
}

let library: Promise<Hdf5Library> | undefined;

/** Loads the library once, when the first HDF5 file is opened: it takes some 150 ms. */
export function loadHdf5Library(): Promise<Hdf5Library> {
  library ??= load();
  return library;
}

async function load(): Promise<Hdf5Library> {
  const h5wasm = await import('h5wasm');
  const module = await h5wasm.ready;
  // Without this, errors are printed to standard error, and what was read is whatever memory held.
  module.activate_throwing_error_handler();
  let count = 0;
  return { h5wasm, module, mount: (bytes) => mountFile(module.FS as unknown as FileSystem, `/${count++}.h5`, bytes) };
}

/** What is used of emscripten's file system, whose types say nothing about nodes. */
interface FileSystem {
  create(path: string, mode: number): FileNode;
  unlink(path: string): void;
  readonly ErrnoError: new (errno: number) => Error;
}

interface FileNode {
  usedBytes: number;
  stream_ops: StreamOperations;
}

interface StreamOperations {
  read(stream: unknown, heap: Int8Array, offset: number, length: number, position: number): number;
}

const READ_ONLY = 0o444;
const INPUT_ERROR = 29;

/** An empty file of the library's file system in memory, given other bytes: as emscripten's own lazy files are made. */
function mountFile(fs: FileSystem, path: string, bytes: ByteSource): MountedFile {
  const node = fs.create(path, READ_ONLY);
  let failure: unknown;
  Object.defineProperty(node, 'usedBytes', { get: () => bytes.size });
  node.stream_ops = {
    ...node.stream_ops,
    read(_, heap, offset, length, position) {
      const count = Math.min(length, bytes.size - position);
      if (count <= 0) return 0;
      try {
        bytes.read(position, new Uint8Array(heap.buffer, heap.byteOffset + offset, count));
      } catch (error) {
        failure = error;
        throw new fs.ErrnoError(INPUT_ERROR);
      }
      return count;
    },
  };
  return { path, failure: () => failure, unmount: () => fs.unlink(path) };
}
