import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, read, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open, rename, rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Amiss, isRefusal } from './amiss.ts';
import { temporaryName } from './names.ts';

/** The system takes at most 2 GiB at a time. */
const MOST_AT_ONCE = 2 ** 30;

/** Where waiting for a file takes longer than reading it. */
const SMALL = 2 ** 20;

/** A link is not followed (it might lead out of the folder), a pipe in place of a file is not waited for. */
const AS_IT_STANDS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * All of a file, if its size is one that fits; no memory is taken before that is known.
 * @throws Amiss where this is no file, or has another size
 */
export async function readWhole(path: string, fits: (size: number) => boolean): Promise<Uint8Array<ArrayBuffer>> {
  if (!lstatSync(path).isFile()) throw new Amiss('is no file');
  const file = openSync(path, AS_IT_STANDS);
  try {
    const { size } = fstatSync(file);
    if (!fits(size)) throw new Amiss(`has ${size} bytes`);
    const bytes = Buffer.allocUnsafeSlow(size);
    for (let filled = 0; filled < size; ) {
      const length = Math.min(size - filled, MOST_AT_ONCE);
      const count = size <= SMALL ? readSync(file, bytes, filled, length, filled) : await readLater(file, bytes, filled, length);
      if (count === 0) throw new Amiss('was cut short while it was read');
      filled += count;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}

const readLater = (file: number, bytes: Uint8Array, from: number, length: number): Promise<number> =>
  new Promise((resolve, reject) => {
    read(file, bytes, from, length, from, (error, count) => (error === null ? resolve(count) : reject(error)));
  });

/**
 * Writes a new file and waits until the disk has it, so that no name can come to stand for what a power cut took.
 * @param seconds its time, if another than now
 */
export async function writeNew(path: string, parts: readonly (string | Uint8Array)[], seconds?: number): Promise<void> {
  const file = await open(path, 'wx');
  try {
    for (const part of parts) await file.writeFile(part);
    if (seconds !== undefined) await file.utimes(seconds, seconds);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Gives a file its name, in place of whatever has it; a folder there is removed, a link is not followed. */
export async function putInPlace(temporary: string, path: string): Promise<void> {
  try {
    await rename(temporary, path);
  } catch (error) {
    if (!isRefusal(error, 'EISDIR', 'ENOTEMPTY', 'EEXIST', 'EPERM')) throw error;
    await rm(path, { recursive: true, force: true });
    await rename(temporary, path);
  }
}

/** Removes what has a name, if anything: a file, a link (not what it leads to), a folder with all in it. */
export const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

/** Sets a file's time, in seconds; it may be gone, or another user's. */
export const touch = (path: string, seconds: number): Promise<void> => utimes(path, seconds, seconds).catch(() => undefined);

/** Makes a folder, and tries to write into it. */
export function makeWritable(folder: string): void {
  makeFolder(folder);
  const probe = temporaryName(join(folder, 'probe'));
  try {
    writeFileSync(probe, Buffer.alloc(4096), { flag: 'wx' });
  } finally {
    rmSync(probe, { force: true });
  }
}

/** Makes a folder and those above it. Not `recursive`: on Linux Node 20 never comes back from that below `/proc`. */
function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let folder = path; statSync(folder, { throwIfNoEntry: false }) === undefined; folder = dirname(folder)) missing.push(folder);
  for (const folder of missing.reverse()) {
    try {
      mkdirSync(folder);
    } catch (error) {
      // Another process that starts now made it.
      if (!isRefusal(error, 'EEXIST')) throw error;
    }
  }
}
