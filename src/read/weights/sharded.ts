import { constants } from 'node:buffer';
import { fail } from '../../diagnostics/error.ts';
import { brief } from '../../schema/validate.ts';
import type { GroupBytes, WeightIndex } from './index.ts';
import { type Extent, layOut } from './layout.ts';
import { entriesOf, type Group } from './manifest.ts';
import type { Shard } from './shards.ts';

/**
 * The index of weights that lie in shards: `shards[i]` are those of `groups[i]`, in order.
 * @returns null where not one shard is there
 */
export async function shardedWeights(
  groups: readonly Group[],
  shards: readonly (readonly Shard[])[],
  file: string,
): Promise<WeightIndex | null> {
  if (!(await anyFound(shards.flat()))) return null;
  const entries = groups.flatMap((group, i) => entriesOf(group, groupBytes(group, shards[i] ?? [], file), file));
  return { entries, totalBytes: entries.reduce((sum, entry) => sum + entry.byteLength, 0) };
}

async function anyFound(shards: readonly Shard[]): Promise<boolean> {
  for (const shard of shards) if (await shard.found()) return true;
  return false;
}

/** Reads ranges of a group across its shards; sizes are looked up when the first is asked for. */
function groupBytes(group: Group, shards: readonly Shard[], file: string): GroupBytes {
  let layout: Promise<{ readonly sizes: readonly (number | string)[]; readonly extents: readonly Extent[] }> | undefined;
  const measure = async () => {
    const sizes = await Promise.all(shards.map((shard) => shard.size()));
    const known = sizes.map((size) => (typeof size === 'number' ? size : null));
    return { sizes, extents: layOut(known, group.byteLength) };
  };
  return {
    async read(start, length, weight) {
      if (length === 0) return new Uint8Array(0);
      layout ??= measure();
      const { sizes, extents } = await layout;
      const pieces: { readonly shard: Shard; readonly from: number; readonly count: number; readonly at: number }[] = [];
      for (let done = 0; done < length; ) {
        const position = start + done;
        const i = extents.findIndex(
          (extent) => extent.start !== null && extent.start <= position && position < extent.start + extent.length,
        );
        const shard = shards[i];
        const extent = extents[i];
        if (shard === undefined || extent === undefined) return nowhere(group, shards, sizes, weight, file);
        const from = position - (extent.start as number);
        const count = Math.min(length - done, extent.length - from);
        const size = sizes[i];
        if (typeof size !== 'number') fail('weights-missing', { weight: brief(weight), shard: shard.path, why: size ?? '' }, { file });
        if (from + count > size)
          fail('weights-truncated', { weight: brief(weight), shard: shard.path, found: size, needed: from + count }, { file });
        pieces.push({ shard, from, count, at: done });
        done += count;
      }
      // All of it is there: only now is memory taken.
      if (length > constants.MAX_LENGTH) fail('file-too-large', { bytes: length, most: constants.MAX_LENGTH }, { file });
      const read = await Promise.all(pieces.map((piece) => piece.shard.read(piece.from, piece.count)));
      const bytes = read.length === 1 ? (read[0] as Uint8Array) : new Uint8Array(length);
      pieces.forEach(({ shard, from, count, at }, i) => {
        const part = read[i] as Uint8Array;
        if (part.length < count)
          fail(
            'weights-truncated',
            { weight: brief(weight), shard: shard.path, found: from + part.length, needed: from + count },
            { file },
          );
        if (read.length > 1) bytes.set(part, at);
      });
      return bytes;
    },
  };
}

/** No shard is known to hold the position: an earlier one is missing, or together they are too short. */
function nowhere(group: Group, shards: readonly Shard[], sizes: readonly (number | string)[], weight: string, file: string): never {
  const missing = sizes.findIndex((size) => typeof size === 'string');
  if (missing >= 0)
    fail('weights-missing', { weight: brief(weight), shard: shards[missing]?.path ?? '', why: String(sizes[missing]) }, { file });
  const found = sizes.reduce<number>((sum, size) => sum + (typeof size === 'number' ? size : 0), 0);
  const shard = shards.length === 0 ? 'no shard' : shards.map(({ path }) => path).join(' + ');
  return fail('weights-truncated', { weight: brief(weight), shard, found, needed: group.byteLength ?? 0 }, { file });
}
