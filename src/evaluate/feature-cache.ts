import type { FeatureCache as AnyFeatureCache, FeatureKey } from '../runtime/evaluate/feature-cache.ts';
import type { NDArray } from '../runtime/evaluate/ndarray.ts';

export interface MemoryOptions {
  /** The most that the arrays may take; without it there is no bound. */
  readonly maxBytes?: number | undefined;
}

interface Kept {
  readonly features: ReadonlyMap<string, NDArray>;
  readonly bytes: number;
}

/**
 * Features in memory; what was not used for longest goes first. It holds copies and gives copies: whoever goes on writing into an
 * array changes nothing here, and a view of a large buffer does not keep that buffer alive.
 */
export class FeatureCache implements AnyFeatureCache {
  /** The latest used stands last. */
  readonly #kept = new Map<string, Kept>();
  readonly #maxBytes: number;
  #bytes = 0;

  /** @throws RangeError where `maxBytes` is no count of bytes */
  constructor({ maxBytes }: MemoryOptions = {}) {
    this.#maxBytes = checkBound(maxBytes);
  }

  /** What the arrays take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many batches are kept. */
  get size(): number {
    return this.#kept.size;
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  async read(key: FeatureKey): Promise<Readonly<Record<string, NDArray>> | null> {
    const name = nameOf(key);
    const kept = this.#kept.get(name);
    if (kept === undefined) return null;
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    return Object.fromEntries([...kept.features].map(([feature, array]) => [feature, copyOf(array)]));
  }

  /** Keeps features in place of those it had under this key; what alone is above the bound is not kept. */
  async write(key: FeatureKey, features: Readonly<Record<string, NDArray>>): Promise<void> {
    const name = nameOf(key);
    this.#drop(name);
    const bytes = Object.values(features).reduce((sum, { data }) => sum + data.byteLength, 0);
    if (bytes > this.#maxBytes) return;
    this.#kept.set(name, { features: new Map(Object.entries(features).map(([feature, array]) => [feature, copyOf(array)])), bytes });
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(name: string): void {
    this.#bytes -= this.#kept.get(name)?.bytes ?? 0;
    this.#kept.delete(name);
  }
}

const nameOf = ({ set, batch }: FeatureKey): string => JSON.stringify([set, batch]);

const copyOf = ({ dtype, shape, data }: NDArray): NDArray => ({ dtype, shape: [...shape], data: data.slice() });

/** @throws RangeError */
export function checkBound(maxBytes: number | undefined): number {
  if (maxBytes === undefined) return Number.POSITIVE_INFINITY;
  if (typeof maxBytes === 'number' && maxBytes >= 0) return maxBytes;
  throw new RangeError(`maxBytes is ${String(maxBytes)} where a count of bytes was expected`);
}
