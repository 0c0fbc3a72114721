import type { Counterparts } from './counterparts.ts';
import { type DiffGraph, type DiffNode, INPUT, type Tap, type Use } from './graph.ts';
import type { Region } from './regions.ts';

/** An operand that is not the counterpart of what it was. */
export interface Rewiring {
  readonly a: number;
  readonly b: number;
  /** The keyword under which the call has it; empty for a positional argument. */
  readonly role: string;
  /** Null where there was none, or is none any more. */
  readonly before: Tap | null;
  readonly after: Tap | null;
}

export interface Sides {
  readonly graphs: readonly [DiffGraph, DiffGraph];
  readonly pairs: Counterparts;
  /** Regions of each graph, and the number of that of each node. */
  readonly regions: readonly [readonly Region[], readonly Region[]];
  readonly regionOf: readonly [Int32Array, Int32Array];
}

/**
 * The operands of a pair that are other ones. Where something was put in between, or taken out, the operand is another for that, and it is
 * not said again.
 */
export function rewirings(a: number, b: number, sides: Sides): readonly Rewiring[] {
  const [one, two] = [sides.graphs[0].nodes[a] as DiffNode, sides.graphs[1].nodes[b] as DiffNode];
  const calls = Math.min(one.calls.length, two.calls.length);
  const found: Rewiring[] = [];
  for (let n = 0; n < calls; n++) {
    const [before, after] = [one.calls[n]?.uses ?? [], two.calls[n]?.uses ?? []];
    for (const [from, to] of slots(before, after, one.commutes, sides)) {
      if (isExplained(from, to, sides)) continue;
      found.push({ a, b, role: to?.role ?? from?.role ?? '', before: from?.tap ?? null, after: to?.tap ?? null });
    }
  }
  return found;
}

/** An output of one key that is not the counterpart of what it was. */
export interface RewiredOutput {
  readonly key: string;
  readonly before: Tap;
  readonly after: Tap;
}

/** The outputs that are other ones, but for what was put in or taken out in front of them. */
export function rewiredOutputs(sides: Sides): readonly RewiredOutput[] {
  const before = new Map(sides.graphs[0].outputs.map(({ key, tap }) => [key, tap]));
  return sides.graphs[1].outputs.flatMap(({ key, tap }) => {
    const old = before.get(key);
    if (old === undefined) return [];
    const [from, to]: [Use, Use] = [
      { role: '', tap: old },
      { role: '', tap },
    ];
    return placeInB(from, sides) === place(to) || isExplained(from, to, sides) ? [] : [{ key, before: old, after: tap }];
  });
}

type Slot = readonly [Use | null, Use | null];

/** Where an operand stands in terms of the second graph; null where it has no counterpart there. */
const placeInB = ({ role, tap }: Use, { pairs }: Sides): string | null => {
  const node = pairs.ofA[tap.node] as number;
  return node < 0 ? null : `${role} ${node}:${tap.call}:${tap.result}`;
};
const place = ({ role, tap }: Use): string => `${role} ${tap.node}:${tap.call}:${tap.result}`;

/** An input that came or went is in no region that is shown: nothing else says which layer reads it. */
const isInput = ({ tap }: Use, { graphs }: Sides, side: 0 | 1): boolean => graphs[side].nodes[tap.node]?.kind === INPUT;

/** Operands that stand in each other's place and are not the same. */
function slots(before: readonly Use[], after: readonly Use[], commutes: boolean, sides: Sides): readonly Slot[] {
  const isOrdered = !commutes && before.length === after.length;
  if (isOrdered) {
    return before
      .map((use, i): Slot => [use, after[i] as Use])
      .filter(([from, to]) => from === null || to === null || placeInB(from, sides) !== place(to));
  }
  if (!commutes) {
    // What came and what went with a region aside, the others have to stand in one order.
    const kept = before.filter((use) => placeInB(use, sides) !== null || isInput(use, sides, 0));
    const others = after.filter((use) => (sides.pairs.ofB[use.tap.node] as number) >= 0 || isInput(use, sides, 1));
    if (kept.length === others.length && kept.every((use, i) => placeInB(use, sides) === place(others[i] as Use))) return [];
  }
  const rest = [...after];
  const gone = before.filter((use) => {
    const at = rest.findIndex((other) => place(other) === placeInB(use, sides));
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
  return Array.from({ length: Math.max(gone.length, rest.length) }, (_, i): Slot => [gone[i] ?? null, rest[i] ?? null]);
}

/** True where what was put in reads what was the operand, or what is the operand was read by what is gone. */
function isExplained(from: Use | null, to: Use | null, sides: Sides): boolean {
  const { pairs, regions, regionOf } = sides;
  const regionAt = (side: 0 | 1, use: Use | null): Region | undefined =>
    use === null || isInput(use, sides, side) ? undefined : regions[side][regionOf[side][use.tap.node] as number];
  const [gone, come] = [regionAt(0, from), regionAt(1, to)];
  if (gone !== undefined && come !== undefined) return true;
  if (from === null || to === null) return (from === null ? come : gone) !== undefined;
  if (come !== undefined) return come.after.includes(pairs.ofA[from.tap.node] as number);
  if (gone !== undefined) return gone.after.includes(pairs.ofB[to.tap.node] as number);
  return false;
}
