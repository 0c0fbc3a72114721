import type { Changes } from './changes.ts';
import type { DiffGraph, Settings } from './graph.ts';
import type { ModuleInterface } from './interface.ts';
import type { Diff, SideCost } from './schema.ts';
import type { Distance } from './values.ts';

/** One of the two models or dumps, ready to be compared. */
export interface Side {
  readonly about: Diff['a'];
  /** Nodes in wiring order. */
  readonly graph: DiffGraph;
  readonly interface: ModuleInterface;
  readonly cost: Omit<SideCost, 'nodes'>;
  /** What the model was compiled with; null where it was not. */
  readonly compiled: Settings | null;
}

/** A variable that two nodes have in common, with its place among each node's. */
export interface VariablePair {
  readonly a: { readonly node: number; readonly weight: number };
  readonly b: { readonly node: number; readonly weight: number };
}

/** What is known of the values of the variables that differ. */
export interface ValueChanges {
  /** Why values were not compared, or null. */
  readonly notCompared: string | null;
  readonly changed: readonly (VariablePair & { readonly distance: Distance | null })[];
}

/** Variables of one name and shape in nodes that are each other's counterparts. */
export function commonVariables(a: DiffGraph, b: DiffGraph, { pairs }: Changes): readonly VariablePair[] {
  return b.nodes.flatMap((node, j) => {
    const other = a.nodes[pairs.ofB[j] as number];
    if (other === undefined) return [];
    const places = new Map(other.weights.map(({ slot }, i) => [slot, i]));
    return node.weights.flatMap(({ slot, type }, weight): VariablePair[] => {
      const place = places.get(slot);
      const before = place === undefined ? undefined : other.weights[place]?.type;
      const isOne = before !== undefined && before.dtype === type.dtype && before.shape.join() === type.shape.join();
      return isOne ? [{ a: { node: pairs.ofB[j] as number, weight: place as number }, b: { node: j, weight } }] : [];
    });
  });
}
