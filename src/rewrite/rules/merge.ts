import { layersOf, resultOf } from '../graph.ts';
import type { Rule } from '../rule.ts';
import { type Scale, type Shift, scaleOf, shiftOf, Workshop } from './channels.ts';

/** One shift instead of two; what they add together is computed once, when the weights are loaded. */
export const mergeShifts: Rule = {
  name: 'merge-shifts',
  equation: '(x + a) + b = x + (a + b)',
  at: ['add', 'sub'],
  apply(op, graph) {
    const outer = shiftOf(op, graph);
    const maker = outer && graph.makerOf(outer.x);
    const inner = maker && shiftOf(maker, graph);
    if (!outer || !maker || !inner) return null;
    if (graph.usesOf(outer.x) > 1) return null;
    const workshop = new Workshop(graph, layersOf(maker, op));
    const base = resultOf(op).name;
    return workshop.finish('add', [inner.x, total(inner, outer, workshop, base)], {}, base);
  },
};

/** a + b, each with its sign. */
function total(inner: Shift, outer: Shift, workshop: Workshop, base: string): string {
  const [a, b] = [inner.by, outer.by];
  if (!inner.subtracts) return workshop.make(outer.subtracts ? 'sub' : 'add', [a, b], {}, base, 'shift');
  if (!outer.subtracts) return workshop.make('sub', [b, a], {}, base, 'shift');
  return workshop.make('neg', [workshop.make('add', [a, b], {}, base, 'subtracted')], {}, base, 'shift');
}

/** One scale instead of two. */
export const mergeScales: Rule = {
  name: 'merge-scales',
  equation: '(x a) b = x (a b)',
  at: ['mul', 'div'],
  apply(op, graph) {
    const outer = scaleOf(op, graph);
    const maker = outer && graph.makerOf(outer.x);
    const inner = maker && scaleOf(maker, graph);
    if (!outer || !maker || !inner) return null;
    if (graph.usesOf(outer.x) > 1) return null;
    const workshop = new Workshop(graph, layersOf(maker, op));
    const base = resultOf(op).name;
    const by = product(inner, outer, workshop, base);
    return workshop.finish(inner.divides && outer.divides ? 'div' : 'mul', [inner.x, by], {}, base);
  },
};

/** What both scales multiply by, or, where both divide, what they divide by. */
function product(inner: Scale, outer: Scale, workshop: Workshop, base: string): string {
  const [a, b] = [inner.by, outer.by];
  if (inner.divides === outer.divides) return workshop.make('mul', [a, b], {}, base, 'scale');
  return workshop.make('div', inner.divides ? [b, a] : [a, b], {}, base, 'scale');
}
