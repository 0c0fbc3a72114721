import { cast, clone, engine, type NamedTensorMap, ready, Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { type LiveModel, liveWeightsOf } from './live-weights.ts';
import { type Available, resolveVariables, type Variable } from './resolve.ts';
import { decodeStored, parseSafetensors } from './safetensors.ts';

/** A safetensors file or where it lies; tensors by the model's own weight names; or the model itself. */
export type WeightSource = ArrayBuffer | ArrayBufferView | string | URL | NamedTensorMap | LiveModel;

export interface LoadOptions {
  /** Called with the fraction of the file that has arrived, at the end with 1. */
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
  /** Headers, credentials and whatever else `fetch` takes. */
  readonly requestInit?: RequestInit;
}

/** Weights that can be had, not yet tensors. */
export interface OpenWeights {
  /** Strings that a safetensors file carries beside its tensors; empty for other sources. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly available: readonly (Available & { readonly dtype: string; readonly trainable?: boolean | undefined; read(): Tensor })[];
}

/** Waits for the application's tfjs backend. @throws Error naming the import to add where no backend is registered */
export async function backendReady(): Promise<void> {
  if (engine().backendNames().length === 0) {
    throw new Error(
      "no tfjs backend is registered: add import '@tensorflow/tfjs-backend-wasm' (or -cpu, -webgl, -webgpu), or import '@tensorflow/tfjs-node'",
    );
  }
  await ready();
}

/**
 * Fetches the source where it has to be, and lists what it holds.
 * @throws Error naming what is wrong with it, and the URL; the signal's reason where it aborts
 */
export async function openWeights(source: WeightSource, options: LoadOptions = {}): Promise<OpenWeights> {
  options.signal?.throwIfAborted();
  if (typeof source === 'string' || isURL(source)) return openLocation(String(source), options);
  if (ArrayBuffer.isView(source)) return openFile(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  if (Object.prototype.toString.call(source) === '[object ArrayBuffer]') return openFile(new Uint8Array(source as ArrayBuffer));
  if (typeof source !== 'object' || source === null || source instanceof Tensor) {
    throw new Error('weights: expected an ArrayBuffer, a URL or path, tensors by name, or a model');
  }
  const entries: (readonly [name: string, value: unknown, trainable?: boolean | undefined])[] = isLiveModel(source)
    ? liveWeightsOf(source).map(([name, weight, isTrained]) => [name, weight.read(), isTrained])
    : Object.entries(source);
  const available = entries.map(([name, value, trainable]) => {
    if (!(value instanceof Tensor)) throw new Error(`weights: ${JSON.stringify(name)} is not a tensor`);
    return { name, shape: value.shape, dtype: value.dtype, trainable, read: () => value };
  });
  return { metadata: new Map(), available };
}

/** The data that a tensor is a copy of. */
const sourceIds = new WeakMap<Tensor, object>();

/** The data that a variable was taken from, as an object that is another for other data. */
export const sourceIdOf = (taken: Tensor): object => sourceIds.get(taken) ?? taken.dataId;

/**
 * The model's variables as tensors of their own, which the caller disposes; none is left where one fails. A backend must be ready.
 * @param variables the variables to read, by the keys of the result
 * @param frozen those that a prefix takes for fixed: it says so where a model trains them
 * @throws Error naming the weight at fault
 */
export function takeWeights<K extends string>(
  weights: OpenWeights,
  variables: Readonly<Record<K, Variable>>,
  frozen: readonly string[] = [],
): Record<K, Tensor> {
  const wanted = Object.entries<Variable>(variables);
  const found = resolveVariables(
    wanted.map(([, variable]) => variable),
    weights.available,
  );
  const unfrozen = wanted
    .filter(([key], i) => frozen.includes(key) && weights.available[found[i] ?? -1]?.trainable)
    .map(([, [name]]) => name);
  if (unfrozen.length > 0) {
    const names = `${unfrozen.slice(0, 3).join(', ')}${unfrozen.length > 3 ? `, ... (${unfrozen.length} in all)` : ''}`;
    console.warn(
      `the model trains ${names}, which were frozen when this was compiled: their features change with each step. Compile again.`,
    );
  }
  return tidy(() =>
    Object.fromEntries(
      wanted.map(([key, [name, , , dtype]], i) => {
        const value = weights.available[found[i] ?? -1]?.read();
        if (!value || value.isDisposed) throw new Error(`weight "${name}" is a tensor that is disposed`);
        if (value.dtype !== 'float32' && value.dtype !== 'int32' && value.dtype !== 'bool') {
          throw new Error(`weight "${name}" has dtype ${value.dtype}, expected ${dtype}`);
        }
        // Later assignments to a variable leave its buffer alone, which a clone shares or copies.
        const taken = value.dtype === dtype ? clone(value) : cast(value, dtype);
        sourceIds.set(taken, value.dataId);
        return [key, taken];
      }),
    ),
  ) as Record<K, Tensor>;
}

/** @param isOwn true where nobody else has the file's bytes */
function openFile(file: Uint8Array, isOwn = false): OpenWeights {
  const { metadata, tensors } = parseSafetensors(file);
  // All of a baked file stays in use, so its tensors may keep the whole alive.
  const shares = isOwn && metadata.get('stage') === 'baked';
  const available = tensors.map((stored) => ({
    name: stored.name,
    shape: stored.shape,
    dtype: stored.dtype,
    read: () => tensor(decodeStored(file, stored, shares), [...stored.shape], stored.dtype),
  }));
  return { metadata, available };
}

/** Reads a file: in Node from disk where the location is a path or a `file:` URL, else by `fetch`. */
async function openLocation(location: string, options: LoadOptions): Promise<OpenWeights> {
  const { onProgress, requestInit } = options;
  const signal = options.signal ?? requestInit?.signal;
  const shown = location.length > 200 ? `${location.slice(0, 200)}...` : location;
  const disk = /^(?!file:)[a-z][a-z0-9+.-]+:/i.test(location) ? undefined : nodeFiles();
  try {
    const file = disk
      ? await disk.readFile(/^file:/i.test(location) ? new URL(location) : location, signal ? { signal } : {})
      : await readBody(await fetch(location, { ...requestInit, ...(signal ? { signal } : {}) }), onProgress);
    signal?.throwIfAborted();
    onProgress?.(1);
    return openFile(file, true);
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    throw new Error(`cannot read weights from ${shown}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

async function readBody(response: Response, onProgress: LoadOptions['onProgress']): Promise<Uint8Array> {
  if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`);
  if (response.headers.get('content-type')?.includes('text/html')) throw new Error('an HTML page came back');
  const total = Number(response.headers.get('content-length'));
  if (!onProgress || !response.body || !(total > 0)) return new Uint8Array(await response.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let received = 0;
  const reader = response.body.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      chunks.push(part.value);
      received += part.value.length;
      // The length is that of what was sent, which may have been compressed.
      if (received < total) onProgress(received / total);
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    throw error;
  }
  const file = new Uint8Array(received);
  let at = 0;
  for (const chunk of chunks) {
    file.set(chunk, at);
    at += chunk.length;
  }
  return file;
}

interface NodeFiles {
  readFile(path: string | URL, options: { signal?: AbortSignal }): Promise<Uint8Array>;
}

/** Node's file system; no import names it, so that a bundle for browsers needs none. */
function nodeFiles(): NodeFiles | undefined {
  const { process: node } = globalThis as { process?: { getBuiltinModule?(id: string): unknown } };
  return node?.getBuiltinModule?.('node:fs/promises') as NodeFiles | undefined;
}

const isURL = (source: WeightSource): source is URL => typeof (source as { href?: unknown } | null)?.href === 'string';

const isLiveModel = (source: NamedTensorMap | LiveModel | ArrayBuffer | URL): source is LiveModel =>
  Array.isArray((source as { weights?: unknown }).weights);
