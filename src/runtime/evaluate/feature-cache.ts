import type { NDArray } from './ndarray.ts';

/** Whose features: a batch of some data, as one prefix with its weights sees it on one backend. */
export interface FeatureKey {
  /** A hash of all that the features depend on but the batch, in hex. */
  readonly set: string;
  /** Which batch of the data, as a file may be called: `0-32`, or a hash of it. */
  readonly batch: string;
  /** What `set` is a hash of, for people: the program, its weights, the data's identity, the backend. */
  readonly about: Readonly<Record<string, string>>;
}

/** Keeps features. Where something is amiss with what it has, it has nothing: features are computed again. */
export interface FeatureCache {
  /** The features by name, or null where they have to be computed. */
  read(key: FeatureKey): Promise<Readonly<Record<string, NDArray>> | null>;
  write(key: FeatureKey, features: Readonly<Record<string, NDArray>>): Promise<void>;
}
