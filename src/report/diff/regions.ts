import type { Partners } from './align.ts';
import { type DiffGraph, operandsOf } from './graph.ts';

/** Nodes of one graph without counterparts that hang together: what was put in at one place, or taken out. */
export interface Region {
  readonly nodes: readonly number[];
  /** Nodes with counterparts that it reads, and that read it, in wiring order. */
  readonly after: readonly number[];
  readonly before: readonly number[];
  /** Keys of the outputs that it gives. */
  readonly outputs: readonly string[];
}

/** The regions of a graph, in wiring order, and for each node the number of its region, -1 where it has a counterpart. */
export function regionsOf(graph: DiffGraph, partners: Partners): { readonly regions: readonly Region[]; readonly of: Int32Array } {
  const { nodes } = graph;
  const parent = Int32Array.from(nodes, (_, i) => i);
  const root = (node: number): number => {
    let top = node;
    while (parent[top] !== top) {
      parent[top] = parent[parent[top] as number] as number;
      top = parent[top] as number;
    }
    return top;
  };
  const isAlone = (node: number): boolean => (partners[node] as number) < 0;
  nodes.forEach((node, i) => {
    if (!isAlone(i)) return;
    for (const operand of operandsOf(node)) if (isAlone(operand)) parent[root(operand)] = root(i);
  });
  const of = new Int32Array(nodes.length).fill(-1);
  const numbers = new Map<number, number>();
  const parts: { nodes: number[]; after: Set<number>; before: Set<number>; outputs: string[] }[] = [];
  const partOf = (node: number) => parts[of[node] as number] as (typeof parts)[number];
  nodes.forEach((_, i) => {
    if (!isAlone(i)) return;
    const number = numbers.get(root(i)) ?? numbers.size;
    if (!numbers.has(root(i))) parts.push({ nodes: [], after: new Set(), before: new Set(), outputs: [] });
    numbers.set(root(i), number);
    of[i] = number;
    partOf(i).nodes.push(i);
  });
  nodes.forEach((node, i) => {
    for (const operand of operandsOf(node)) {
      if (isAlone(i) && !isAlone(operand)) partOf(i).after.add(operand);
      if (!isAlone(i) && isAlone(operand)) partOf(operand).before.add(i);
    }
  });
  for (const { key, tap } of graph.outputs) if (isAlone(tap.node)) partOf(tap.node).outputs.push(key);
  const sorted = (set: ReadonlySet<number>): readonly number[] => [...set].sort((a, b) => a - b);
  return {
    regions: parts.map(({ nodes, after, before, outputs }) => ({ nodes, after: sorted(after), before: sorted(before), outputs })),
    of,
  };
}

/**
 * What stands in whose place: for each region of the second graph the one of the first that had the same neighbours, -1 where there is
 * none.
 */
export function replacedBy(a: readonly Region[], b: readonly Region[], ofA: Partners): readonly number[] {
  const keyOf = ({ after, before }: Region, place: (node: number) => number): string =>
    `${after.map(place).sort()} | ${before.map(place).sort()}`;
  const left = new Map<string, number[]>();
  a.forEach((region, i) => {
    const key = keyOf(region, (node) => ofA[node] as number);
    left.set(key, [...(left.get(key) ?? []), i]);
  });
  return b.map((region) => left.get(keyOf(region, (node) => node))?.shift() ?? -1);
}
