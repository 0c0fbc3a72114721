import { createHash } from 'node:crypto';
import type { DataSet } from '../data/dataset.ts';
import type { NDArray } from '../runtime/evaluate/ndarray.ts';

/** Samples that are hashed at a time. */
const CHUNK = 1024;

/** A hash, in hex, of all labels and sample weights, as losses and metrics take them. */
export function labelsHash(data: DataSet): string {
  const hash = createHash('sha256');
  const add = (name: string, { dtype, shape, data }: NDArray): void => {
    hash.update(JSON.stringify([name, dtype, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  };
  for (let from = 0; from < data.size; from += CHUNK) {
    const { ys, sampleWeight } = data.labels(from, Math.min(from + CHUNK, data.size));
    for (const [name, labels] of Object.entries(ys)) add(name, labels);
    if (sampleWeight === undefined) continue;
    if (ArrayBuffer.isView(sampleWeight.data)) add('weights', sampleWeight as NDArray);
    else for (const [name, weights] of Object.entries(sampleWeight)) add(`weights of ${name}`, weights as NDArray);
  }
  return hash.digest('hex');
}
