import { type FileHandle, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail } from '../diagnostics/error.ts';
import { brief } from '../schema/validate.ts';
import { type ByteSource, fileBytes, memoryBytes } from './bytes.ts';
import { signatureOf } from './detect.ts';
import { fetchBytes } from './http.ts';
import { parseJson } from './json.ts';
import { isLiveModel, liveArtifacts, liveWeightIndex } from './live.ts';
import type { WeightIndex } from './weights/index.ts';

/** A path (`-` is standard input), an http, https or file URL, parsed JSON, tfjs `io.ModelArtifacts`, or a live `LayersModel`. */
export type ModelSource = string | URL | object;

/** Where a model's shards are looked for. */
export type Beside = { readonly folder: string } | { readonly url: URL } | null;

/** A file that is JSON, or parsed JSON. */
export interface OpenedJson {
  readonly form: 'json';
  readonly json: unknown;
  /** As a message names it; null for an object. */
  readonly file: string | null;
  readonly beside: Beside;
  /** The weights that came with it. */
  readonly weights?: WeightIndex;
}

/** A file of bytes, of which none but the first have been read where it lies on disk. */
export interface OpenedBytes {
  readonly form: 'zip' | 'hdf5';
  readonly bytes: ByteSource;
  readonly file: string;
}

export type Opened = OpenedJson | OpenedBytes;

const MOST_BYTES = 2 ** 30;

/**
 * Opens a file and tells by its content what it is; JSON is read whole.
 * @throws SkipcError `file-not-found`, `file-unreadable`, `file-empty`, `file-too-large`, `url-failed`, `json-invalid`
 */
export async function openSource(source: ModelSource): Promise<Opened> {
  if (typeof source === 'object' && !(source instanceof URL)) {
    const given = { form: 'json', file: null, beside: null } as const;
    return isLiveModel(source) ? { ...given, json: liveArtifacts(source), weights: liveWeightIndex(source) } : { ...given, json: source };
  }
  const url = urlOf(source);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') {
    return openBytes(await fetchBytes(url, MOST_BYTES), url.href, { url });
  }
  if (source === '-') return openBytes(await collect(process.stdin, '-'), '-', null);
  const path = url === null ? String(source) : pathOf(url);
  return openFile(path, { folder: dirname(resolve(path)) });
}

/** As `openSource`, of bytes at hand. */
export function openBytes(bytes: Uint8Array, file: string, beside: Beside): Opened {
  const form = signatureOf(bytes);
  return form === null ? { form: 'json', json: parseBytes(bytes, file), file, beside } : { form, bytes: memoryBytes(bytes), file };
}

function urlOf(source: string | URL): URL | null {
  if (source instanceof URL) return source;
  return /^(https?|file):\/\//i.test(source) && URL.canParse(source) ? new URL(source) : null;
}

function pathOf(url: URL): string {
  if (url.protocol !== 'file:') fail('url-failed', { url: url.href, reason: `${url.protocol} is not http:, https: or file:` });
  try {
    return fileURLToPath(url);
  } catch (error) {
    return fail('url-failed', { url: url.href, reason: (error as Error).message });
  }
}

async function openFile(path: string, beside: Beside): Promise<Opened> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') fail('file-not-found', { path }, { file: path });
    return fail('file-unreadable', { path, reason: message }, { file: path });
  }
  try {
    const stat = await handle.stat();
    if (stat.isDirectory()) fail('file-unreadable', { path, reason: 'it is a directory' }, { file: path });
    if (!stat.isFile()) return openBytes(await collect(handle.createReadStream({ autoClose: false }), path), path, beside);
    // Archives may be larger than any JSON, and are not read whole.
    const head = new Uint8Array(8);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    const form = signatureOf(head.subarray(0, bytesRead));
    if (form !== null) return { form, bytes: fileBytes(path), file: path };
    if (stat.size > MOST_BYTES) fail('file-too-large', { bytes: stat.size, most: MOST_BYTES }, { file: path });
    return openBytes(await handle.readFile(), path, beside);
  } finally {
    await handle.close();
  }
}

/** A stream's bytes, up to the limit. */
async function collect(stream: AsyncIterable<unknown>, file: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const part = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
    bytes += part.length;
    if (bytes > MOST_BYTES) fail('file-too-large', { bytes, most: MOST_BYTES }, { file });
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}

/** JSON in UTF-8, with or without a byte order mark. */
function parseBytes(bytes: Uint8Array, file: string): unknown {
  const text = decode(bytes, file);
  const start = text.search(/\S/);
  if (start < 0) fail('file-empty', {}, { file });
  if (!'{["'.includes(text[start] as string))
    fail('not-a-model', { found: `text that starts ${brief(text.slice(start, start + 40))}` }, { file });
  return parseJson(text, file);
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    // Node cannot hold a string of more than about half a gibibyte.
    if ((error as NodeJS.ErrnoException).code === 'ERR_STRING_TOO_LONG')
      fail('file-too-large', { bytes: bytes.length, most: 2 ** 29 - 24 }, { file });
    return fail('not-a-model', { found: 'bytes that are not UTF-8 text' }, { file });
  }
}
