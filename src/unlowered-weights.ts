import type { WeightEntry, WeightIndex } from './read/weights/index.ts';

/** A weight of a layer that was not lowered, as its file names it. */
export interface UnloweredWeight {
  /** Path of the layer. */
  readonly layer: string;
  /** Its own name where that is one among the layer's, else with the scopes inside the layer. */
  readonly variable: string;
  readonly entry: WeightEntry;
}

/**
 * The weights of layers that skipc cannot compile, and of those behind them: no program asks for these, and what they hold is part of the
 * model all the same. Files name weights after their layers; of two layers of one name, that is taken more of whose path the weight has.
 * @param layers paths
 * @param taken what is some variable of the program
 */
export function unloweredWeights(
  layers: Iterable<string>,
  taken: ReadonlySet<WeightEntry>,
  { entries }: WeightIndex,
): readonly UnloweredWeight[] {
  const byName = new Map<string, string[][]>();
  for (const layer of layers) {
    const path = layer.split('/');
    const name = path.at(-1) ?? '';
    byName.set(name, [...(byName.get(name) ?? []), path]);
  }
  const found = entries.flatMap((entry) => {
    const path = entry.name.replace(/:0$/, '').split('/');
    const place = taken.has(entry) ? -1 : path.findIndex((segment, i) => i < path.length - 1 && byName.has(segment));
    if (place < 0) return [];
    const around = new Set(path.slice(0, place));
    const shared = (layer: readonly string[]): number => layer.slice(0, -1).filter((segment) => around.has(segment)).length;
    const [layer = []] = (byName.get(path[place] ?? '') ?? []).toSorted((a, b) => shared(b) - shared(a) || a.length - b.length);
    return [{ layer: layer.join('/'), inner: path.slice(place + 1), entry }];
  });
  const counts = new Map<string, number>();
  const keyOf = ({ layer, inner }: (typeof found)[number]): string => JSON.stringify([layer, inner.at(-1)]);
  for (const weight of found) counts.set(keyOf(weight), (counts.get(keyOf(weight)) ?? 0) + 1);
  return found.map((weight) => {
    const { layer, inner, entry } = weight;
    return { layer, variable: (counts.get(keyOf(weight)) === 1 ? inner.slice(-1) : inner).join('/'), entry };
  });
}
