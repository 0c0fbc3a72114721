import { open, realpath, stat } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { fail } from '../../diagnostics/error.ts';
import { brief } from '../../schema/validate.ts';
import { fetchBytes, request } from '../http.ts';
import type { Group } from './manifest.ts';

/** One file of a group's bytes. */
export interface Shard {
  /** As messages name it. */
  readonly path: string;
  /** True where the file seems to be there; asks for no bytes of it. */
  found(): Promise<boolean>;
  /** Bytes found, or why there is no such file. */
  size(): Promise<number | string>;
  /** Bytes from `start` on, fewer than `length` where the file ends before. */
  read(start: number, length: number): Promise<Uint8Array>;
}

/**
 * The shards of each group in the folder of a model file.
 * @throws SkipcError `weights-path` for a path that leaves the folder
 */
export function folderShards(groups: readonly Group[], folder: string, file: string): readonly (readonly Shard[])[] {
  return groups.map(({ paths }, i) => paths.map((path, k) => fileShard(checkPath(path, pointerOf(i, k), file), folder, file)));
}

/** The shards of each group beside a model's URL; a query, which may hold a signature, is kept. */
export function urlShards(groups: readonly Group[], model: URL, file: string): readonly (readonly Shard[])[] {
  const folder = new URL('./', model);
  return groups.map(({ paths }, i) =>
    paths.map((path, k) => {
      const pointer = pointerOf(i, k);
      const url = new URL(`./${checkPath(path, pointer, file).replaceAll('?', '%3F').replaceAll('#', '%23')}`, folder);
      // An encoded `..` is one as well.
      if (!url.href.startsWith(folder.href)) fail('weights-path', { path: brief(path) }, { file, pointer });
      url.search = model.search;
      return urlShard(url);
    }),
  );
}

const pointerOf = (group: number, path: number): string => `/weightsManifest/${group}/paths/${path}`;

function checkPath(path: string, pointer: string, file: string): string {
  const leaves = path === '' || /^[A-Za-z][A-Za-z0-9+.-]*:/.test(path) || /^\/|\\|\0/.test(path) || normalize(path).split(sep)[0] === '..';
  if (leaves) fail('weights-path', { path: brief(path) }, { file, pointer });
  return path;
}

function fileShard(path: string, folder: string, file: string): Shard {
  let real: string | null = null;
  const measure = async (): Promise<number | string> => {
    try {
      const [root, target] = await Promise.all([realpath(folder), realpath(join(folder, path))]);
      if (!target.startsWith(root.endsWith(sep) ? root : root + sep)) fail('weights-path', { path: brief(path) }, { file });
      const found = await stat(target);
      if (!found.isFile()) return 'it is not a file';
      real = target;
      return found.size;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file';
      if (code === 'EACCES' || code === 'ELOOP' || code === 'ENAMETOOLONG') return `it cannot be read (${code})`;
      throw error;
    }
  };
  let size: Promise<number | string> | undefined;
  // One open handle a shard, however many weights are asked for at once.
  let queue: Promise<unknown> = Promise.resolve();
  const measured = (): Promise<number | string> => (size ??= measure());
  return {
    path,
    found: async () => typeof (await measured()) === 'number',
    size: measured,
    read(start, length) {
      const result = queue.then(async () => {
        await measured();
        return real === null ? new Uint8Array(0) : readRange(real, start, length);
      });
      queue = result.catch(() => undefined);
      return result;
    },
  };
}

async function readRange(path: string, start: number, length: number): Promise<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      // The system takes at most 2 GiB at a time.
      const { bytesRead } = await handle.read(bytes, filled, Math.min(length - filled, 2 ** 30), start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await handle.close();
  }
}

const MOST_SHARD_BYTES = 2 ** 31;

/** A shard behind a URL is fetched whole when the first weight in it is asked for. */
function urlShard(url: URL): Shard {
  let head: Promise<Response | string> | undefined;
  let body: Promise<Uint8Array> | undefined;
  const asked = (): Promise<Response | string> => (head ??= headOf(url));
  const fetched = (): Promise<Uint8Array> => (body ??= fetchBytes(url, MOST_SHARD_BYTES));
  return {
    path: url.href,
    found: async () => typeof (await asked()) !== 'string',
    async size() {
      const answer = await asked();
      if (typeof answer === 'string') return answer;
      const length = answer.ok ? answer.headers.get('content-length') : null;
      // The length of a compressed body is not that of the shard.
      return length === null || answer.headers.has('content-encoding') ? (await fetched()).length : Number(length);
    },
    async read(start, length) {
      return (await fetched()).slice(start, start + length);
    },
  };
}

/** What the server says of a shard, or why there is none. */
async function headOf(url: URL): Promise<Response | string> {
  const response = await request(url, 'HEAD');
  const knowsNoHead = response.status === 405 || response.status === 501;
  if (!response.ok && !knowsNoHead) return `the server answered ${response.status}`;
  // A server that does not know the file may answer with its start page.
  return response.ok && response.headers.get('content-type')?.startsWith('text/html') ? 'the server answered with HTML' : response;
}
