import type { FeatureCache } from '../runtime/evaluate/feature-cache.ts';
import type { CacheUse } from './messages.ts';

/** A cache that counts: what is written had to be computed, the rest of what was asked for was there. */
export function countedCache(cache: FeatureCache): FeatureCache & { use(): CacheUse } {
  let asked = 0;
  let computed = 0;
  return {
    read(key) {
      asked++;
      return cache.read(key);
    },
    write(key, features) {
      computed++;
      return cache.write(key, features);
    },
    use: () => ({ hits: asked - computed, misses: computed }),
  };
}
