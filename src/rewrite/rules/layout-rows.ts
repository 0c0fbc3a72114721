import { elements, isKnown } from '../../ir/types.ts';
import { layersOf, resultOf } from '../graph.ts';
import type { Rule } from '../rule.ts';
import { Workshop } from './channels.ts';
import { inverse, isIdentity, type Perm } from './layout-axes.ts';
import { keptKernel, linearOf } from './linear.ts';

/** Flattened behind a transpose, the elements of a sample are multiplied in another order: that of the kernel's rows. */
export const transposeRows: Rule = {
  name: 'transpose-rows',
  equation: 'flatten(transpose(x)) K = flatten(x) P K',
  at: ['matMul'],
  apply(op, graph) {
    const linear = linearOf(op, graph);
    if (linear === null) return null;
    const [flat, kernel, ...finish] = op.operands as readonly [string, string, ...string[]];
    const reshape = graph.makerOf(flat);
    const turned = reshape?.op === 'reshape' ? (reshape.operands[0] as string) : null;
    const transpose = turned === null ? undefined : graph.makerOf(turned);
    if (turned === null || reshape === undefined || transpose?.op !== 'transpose') return null;
    const perm = transpose.attrs['perm'] as Perm;
    const [batch, ...sizes] = graph.typeOf(turned).shape;
    const [rows, units] = graph.typeOf(kernel).shape as readonly [number, number];
    const { shape } = graph.typeOf(flat);
    if (isIdentity(perm) || perm[0] !== 0 || shape[0] !== batch || !sizes.every(isKnown) || elements(sizes) !== rows) return null;
    for (const name of [flat, turned]) {
      if (graph.isReturned(name)) return { refused: `${name} is also an output` };
      if (graph.usesOf(name) > 1) return { refused: `${name} has another use` };
    }
    const kept = keptKernel(linear, graph);
    if (kept !== null) return { refused: kept };

    const { name } = resultOf(op);
    const base = op.layers.at(-1) ?? name;
    const workshop = new Workshop(graph, layersOf(transpose, op));
    const order = inverse(perm.slice(1).map((axis) => axis - 1));
    const parted = workshop.make('reshape', [kernel], { shape: [...sizes, units] }, base, 'rows');
    const ordered = workshop.make('transpose', [parted], { perm: [...order, order.length] }, base, 'rows_turned');
    const matrix = workshop.make('reshape', [ordered], { shape: [rows, units] }, base, 'kernel');
    const x = workshop.make('reshape', [transpose.operands[0] as string], { shape }, base, 'flat');
    return workshop.finish('matMul', [x, matrix, ...finish], op.attrs, name);
  },
};
