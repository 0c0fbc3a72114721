/** What `evaluate` of an emitted module works with, in a browser too: `import { FeatureCache } from 'skipc/evaluate'`. */

export type { FeatureCache as AnyFeatureCache, FeatureKey } from '../runtime/evaluate/feature-cache.ts';
export type { NDArray } from '../runtime/evaluate/ndarray.ts';
export { FeatureCache, type MemoryOptions } from './feature-cache.ts';
export { type Evaluates, type TrainingCallback, type ValidationOptions, validation } from './validation.ts';
