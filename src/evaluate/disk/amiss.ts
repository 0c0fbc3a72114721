/** What is wrong with something in the folder of a cache. Thrown within the cache only: it has nothing then, and says why. */
export class Amiss extends Error {
  /** The file, by its name in the folder of a set, where it is known. */
  readonly file: string | undefined;

  constructor(what: string, file?: string) {
    super(file === undefined ? what : `${file} ${what}`);
    this.file = file;
  }
}

/** Names the file that something is wrong with; a missing one is. */
export async function inFile<T>(file: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Amiss) throw new Amiss(error.message, file);
    if (isRefusal(error, 'ENOENT')) throw new Amiss('is missing', file);
    throw error;
  }
}

/** Whether the file system refused, and with one of these codes where any are given. */
export function isRefusal(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return false;
  return codes.length === 0 || codes.includes(String(error.code));
}
