import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Heap } from '../src/rewrite/heap.ts';
import { FlowNetwork } from '../src/rewrite/min-cut.ts';

const NODES = 7;
const node = fc.nat({ max: NODES - 1 });
const capacity = fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 6 }) }, { weight: 1, arbitrary: fc.constant(Infinity) });
const edges = fc.array(fc.tuple(node, node, capacity), { maxLength: 20 });

/** What a cut costs whose source side is the set of nodes in the bits of `side`. */
const cost = (list: readonly (readonly [number, number, number])[], side: number): number =>
  list.reduce((sum, [from, to, capacity]) => (side & (1 << from) && !(side & (1 << to)) && capacity > 0 ? sum + capacity : sum), 0);

test('the cut is the largest of the least ones', () => {
  fc.assert(
    fc.property(edges, (list) => {
      const [source, sink] = [0, NODES - 1];
      const sides = Array.from({ length: 2 ** NODES }, (_, side) => side).filter((side) => side & 1 && !(side & (1 << sink)));
      const least = Math.min(...sides.map((side) => cost(list, side)));
      fc.pre(least < Infinity);
      const network = new FlowNetwork(NODES);
      for (const [from, to, capacity] of list) network.connect(from, to, capacity);
      const found = network.largestSourceSide(source, sink).reduce((side, isIn, i) => (isIn ? side | (1 << i) : side), 0);
      // The least cuts are closed under union, so that one of them holds all others.
      const largest = sides.filter((side) => cost(list, side) === least).reduce((union, side) => union | side, 0);
      expect(cost(list, found)).toBe(least);
      expect(found).toBe(largest);
    }),
    { numRuns: 2_000, seed: 1 },
  );
});

test('a heap gives its items in order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.array(fc.integer()), (first, second) => {
      const heap = new Heap<number>((a, b) => a < b);
      for (const item of first) heap.push(item);
      const least = heap.pop();
      expect(least).toBe(first.length > 0 ? first.reduce((a, b) => Math.min(a, b)) : undefined);
      for (const item of second) heap.push(item);
      const expected = [...first.toSorted((a, b) => a - b).slice(1), ...second].sort((a, b) => a - b);
      expect(expected.map(() => heap.pop())).toEqual(expected);
      expect(heap.pop()).toBeUndefined();
    }),
    { numRuns: 500, seed: 1 },
  );
});
