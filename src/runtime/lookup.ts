import { type Tensor, tensor } from '@tensorflow/tfjs-core';

type LookupKey = string | number;

/** Where each key of a table stands: a map is made at the first use of the tensor that holds the keys, and goes with it. */
const PLACES = new WeakMap<Tensor, ReadonlyMap<LookupKey, number>>();

/** Elements in row-major order. Strings lie in memory on every backend; where numbers lie on a GPU, this waits for them. */
const elementsOf = (x: Tensor): ArrayLike<LookupKey> => x.dataSync() as unknown as ArrayLike<LookupKey>;

function placesOf(keys: Tensor): ReadonlyMap<LookupKey, number> {
  let places = PLACES.get(keys);
  if (places === undefined) {
    places = new Map(Array.from(elementsOf(keys), (key, place): [LookupKey, number] => [key, place]));
    PLACES.set(keys, places);
  }
  return places;
}

export interface LookupOptions {
  /** The index of the first key; the others follow. */
  readonly first: number;
  /** The index of whatever is no key; null where there is none. */
  readonly missing: number | null;
  /** Numbers that are no keys are spread over so many indices, by their remainder. */
  readonly buckets?: number;
  /** An element that stands for none, and its index. */
  readonly mask?: readonly [key: LookupKey, index: number];
}

/**
 * The index (int32) of each element of `x` among `keys`.
 * @throws Error where an element is no key, and there is no index for such
 */
export function lookUp(x: Tensor, keys: Tensor, { first, missing, buckets = 1, mask }: LookupOptions): Tensor {
  const places = placesOf(keys);
  const index = (key: LookupKey): number => {
    if (mask !== undefined && key === mask[0]) return mask[1];
    const place = places.get(key);
    if (place !== undefined) return first + place;
    if (missing !== null) return buckets === 1 ? missing : missing + (((Number(key) % buckets) + buckets) % buckets);
    throw new Error(
      `${JSON.stringify(key)} is not in the vocabulary, and its layer has no index for unknown values (num_oov_indices is 0)`,
    );
  };
  return tensor(Int32Array.from(elementsOf(x), index), x.shape, 'int32');
}

/** The string that each index names; `missing` for an index that names none. */
export function wordsAt(indices: Tensor, words: Tensor, missing: string): Tensor {
  const known = elementsOf(words) as ArrayLike<string>;
  const found = Array.from(elementsOf(indices) as ArrayLike<number>, (index) => known[index] ?? missing);
  return tensor(found, indices.shape, 'string');
}

/**
 * How often (float32) each of 0...depth - 1 stands along an axis, a new last axis instead of that one; elements outside count
 * for nothing.
 * @param binary 1 for what is there at all
 */
export function countAlong(x: Tensor, axis: number, depth: number, binary: boolean): Tensor {
  const indices = x.dataSync();
  const [along = 1, ...inner] = x.shape.slice(axis);
  const width = inner.reduce((product, size) => product * size, 1);
  const shape = [...x.shape.slice(0, axis), ...inner, depth];
  const counts = new Float32Array(shape.reduce((product, size) => product * size, 1));
  indices.forEach((index, i) => {
    if (index < 0 || index >= depth) return;
    const row = Math.floor(i / (along * width)) * width + (i % width);
    counts[row * depth + index] = binary ? 1 : (counts[row * depth + index] ?? 0) + 1;
  });
  return tensor(counts, shape, 'float32');
}
