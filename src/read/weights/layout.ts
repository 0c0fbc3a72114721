/** Where a shard lies in its group, as far as that is known. */
export interface Extent {
  /** First byte in the group; null where shards before it may be cut short. */
  readonly start: number | null;
  /** Bytes the shard should hold; Infinity where nothing tells. */
  readonly length: number;
}

/**
 * Where each shard of a group lies. Sizes are taken as they are when they make up what the manifest needs. Otherwise some
 * shard was cut short or is missing: tfjs writes shards of equal size and the rest in the last one, so where the largest size
 * explains the number of shards, every shard starts at its multiple. Failing that, only what lies before the first missing shard
 * is certain, and where none is missing, the first shard.
 * @param sizes bytes found, null for a missing shard
 * @param needed bytes that the manifest accounts for, null where it does not tell
 */
export function layOut(sizes: readonly (number | null)[], needed: number | null): readonly Extent[] {
  const found = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  const complete = !sizes.includes(null) && found >= (needed ?? 0);
  const largest = sizes.reduce<number>((most, size) => Math.max(most, size ?? 0), 0);
  if (!complete && needed !== null && largest > 0 && Math.ceil(needed / largest) === sizes.length) {
    return sizes.map((_, i) => ({ start: i * largest, length: Math.min(largest, needed - i * largest) }));
  }
  let start: number | null = 0;
  const missing = sizes.indexOf(null);
  return sizes.map((size, i) => {
    if (sizes.length === 1) return { start: 0, length: Math.max(size ?? 0, needed ?? Infinity) };
    const extent = { start, length: size ?? Infinity };
    const certain = complete || (missing >= 0 && i < missing);
    start = start === null || !certain || size === null ? null : start + size;
    return extent;
  });
}
