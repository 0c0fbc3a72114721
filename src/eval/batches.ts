/** A part of the batches of a data set. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

export const MOST_SHARDS = 1_000_000;
export const WHOLE: Shard = { index: 0, of: 1 };

/** Samples `from` to `to - 1`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The batches number i, i + n, ... of the whole data: every batch is what it is in one run over all. */
export function* batchesIn(samples: number, batchSize: number, { index, of }: Shard): Generator<Range> {
  for (let from = index * batchSize; from < samples; from += of * batchSize) yield { from, to: Math.min(from + batchSize, samples) };
}

/** How many samples these batches have. */
export function samplesIn(samples: number, batchSize: number, { index, of }: Shard): number {
  const batches = Math.ceil(samples / batchSize);
  if (index >= batches) return 0;
  const own = Math.ceil((batches - index) / of);
  const hasLast = (batches - 1 - index) % of === 0;
  return own * batchSize - (hasLast ? batches * batchSize - samples : 0);
}
