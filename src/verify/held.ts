import { type NamedTensorMap, type Tensor, tensor } from '@tensorflow/tfjs-core';

/** What a tensor held when it was looked at. */
export interface Held {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array | readonly string[];
}

export const heldIn = (found: Tensor): Held => ({ dtype: found.dtype, shape: [...found.shape], data: found.dataSync() as Held['data'] });

/** The tensor that holds it; the caller disposes of it. */
export const tensorOf = ({ dtype, shape, data }: Held): Tensor =>
  tensor(data as Float32Array | string[], [...shape], dtype as 'float32' | 'int32' | 'bool' | 'string');

/** Tensors by name, for the time of some work. */
export function withTensors<T>(held: ReadonlyMap<string, Held>, work: (tensors: NamedTensorMap) => T): T {
  const tensors = Object.fromEntries([...held].map(([name, value]) => [name, tensorOf(value)]));
  try {
    return work(tensors);
  } finally {
    for (const each of Object.values(tensors)) each.dispose();
  }
}

export const isText = (data: Held['data']): data is readonly string[] => Array.isArray(data);

/** True where all numbers are whole: what ids, counts and masks hold. */
export function isWhole(data: Exclude<Held['data'], readonly string[]>): boolean {
  if (!(data instanceof Float32Array)) return true;
  for (let i = 0; i < data.length; i++) if (!Number.isInteger(data[i])) return false;
  return true;
}

/** Where an element stands, by its number in row-major order. */
export function indexOf(position: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = position;
  for (const size of shape.toReversed()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}
