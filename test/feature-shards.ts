import type { FeatureKey, NDArray } from '../src/evaluate/index.ts';

/** A batch's key; sets are told apart by a letter. */
export const shardKey = (index: number, set = 'a'): FeatureKey => ({
  set: `${set}0ff1ce`,
  batch: `${index * 4}-4`,
  about: { program: 'test', data: set },
});

/** What a writer would keep for a batch; `salt` makes the values another writer's. */
export function shardFeatures(index: number, salt = 0): Record<string, NDArray> {
  const start = index * 1000 + salt * 1e6;
  return {
    mixed0: { dtype: 'float32', shape: [4, 5, 50], data: Float32Array.from({ length: 1000 }, (_, i) => start + i + 0.5) },
    ids: { dtype: 'int32', shape: [4, 3], data: Int32Array.from({ length: 12 }, (_, i) => start - i) },
    'ids:mask': { dtype: 'bool', shape: [4], data: Uint8Array.from([1, 0, index % 2, 1]) },
  };
}
