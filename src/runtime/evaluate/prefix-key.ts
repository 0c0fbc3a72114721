import type { Tensor } from '@tensorflow/tfjs-core';

interface WeightsKey {
  readonly ids: readonly object[];
  readonly key: string;
}

const weightsKeys = new WeakMap<object, WeightsKey>();

/** What tells the data of tensors from other data: as long as it is the same object, nothing was changed. */
export const dataIdsOf = (tensors: readonly Tensor[]): object[] => tensors.map(({ dataId }) => dataId);

export const isSameList = (a: readonly object[], b: readonly object[]): boolean =>
  a.length === b.length && a.every((item, i) => item === b[i]);

/**
 * A hash of a program and the weights that it reads, in hex. The weights are read once, and again when they have changed.
 * @param owner what the hash is remembered for
 */
export async function hashOfWeights(owner: object, program: string, weights: readonly Tensor[]): Promise<string> {
  const ids = dataIdsOf(weights);
  const known = weightsKeys.get(owner);
  if (known !== undefined && isSameList(known.ids, ids)) return known.key;
  const key = await sha256([program, await hashOfTensors(Object.fromEntries(weights.entries()))]);
  weightsKeys.set(owner, { ids, key });
  return key;
}

/** A hash of tensors by name: their dtypes, shapes and elements. */
export async function hashOfTensors(tensors: Readonly<Record<string, Tensor>>): Promise<string> {
  const parts: string[] = [];
  for (const name of Object.keys(tensors).sort()) {
    const { dtype, shape } = tensors[name] as Tensor;
    const data: unknown = await (tensors[name] as Tensor).data();
    parts.push(JSON.stringify([name, dtype, shape]), await sha256([ArrayBuffer.isView(data) ? data : JSON.stringify(data)]));
  }
  return sha256(parts);
}

/** SHA-256 of texts and bytes, one after the other with a line's end behind each, in hex. */
export async function sha256(parts: readonly (string | ArrayBufferView)[]): Promise<string> {
  const { crypto } = globalThis as { crypto?: Crypto };
  if (crypto?.subtle === undefined) throw new Error('hashing needs crypto.subtle, which a page has on https: and localhost only');
  const bytes = parts.map((part) =>
    typeof part === 'string' ? new TextEncoder().encode(`${part}\n`) : new Uint8Array(part.buffer, part.byteOffset, part.byteLength),
  );
  const [first] = bytes;
  const all = bytes.length === 1 && first !== undefined ? first : new Uint8Array(bytes.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all === first ? [] : bytes) {
    all.set(part, at);
    at += part.length;
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', all as Uint8Array<ArrayBuffer>));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
