import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { fail } from '../diagnostics/error.ts';

/** A file's bytes, read where they are needed. Reads do not wait: the HDF5 library asks for bytes in the midst of its work. */
export interface ByteSource {
  readonly size: number;
  /**
   * Fills `target` with the bytes from `position` on; both lie within the file.
   * @throws SkipcError `file-unreadable`
   */
  read(position: number, target: Uint8Array): void;
}

export const memoryBytes = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: (position, target) => target.set(bytes.subarray(position, position + target.length)),
});

/** A part of a file, as a file of its own. */
export const partOf = (whole: ByteSource, start: number, size: number): ByteSource => ({
  size,
  read: (position, target) => whole.read(start + position, target),
});

/** A file on disk. It is open only while bytes are read: nobody says when the last weight has been. */
export function fileBytes(path: string): ByteSource {
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      return fail('file-unreadable', { path, reason: (error as Error).message }, { file: path });
    }
  };
  const { size } = attempt(() => statSync(path));
  return {
    size,
    read(position, target) {
      const filled = attempt(() => readInto(path, position, target));
      if (filled < target.length) fail('file-unreadable', { path, reason: 'it was cut short while it was read' }, { file: path });
    },
  };
}

function readInto(path: string, position: number, target: Uint8Array): number {
  const file = openSync(path, 'r');
  try {
    let filled = 0;
    while (filled < target.length) {
      // The system takes at most 2 GiB at a time.
      const count = readSync(file, target, filled, Math.min(target.length - filled, 2 ** 30), position + filled);
      if (count === 0) break;
      filled += count;
    }
    return filled;
  } finally {
    closeSync(file);
  }
}
