import { ops } from '../../ops/index.ts';
import { isFinished } from '../../ops/linear/activation.ts';
import { fillDefaults } from '../../schema/build.ts';
import { traitsOf } from '../backends.ts';
import type { Rule } from '../rule.ts';
import { Workshop } from './channels.ts';

/** A finished product of matrices becomes one of batches of one matrix, where the kernel takes no other. */
export const batchOfOne: Rule = {
  name: 'batch-of-one',
  equation: 'A B = ([A] [B])[0]',
  at: ['matMul'],
  apply(op, graph, { backend }) {
    const attrs = fillDefaults(ops.matMul.attrs, op.attrs);
    if (!traitsOf(backend).fusesMatricesOfRank3 || !isFinished(op.operands.length, attrs)) return null;
    const [a, b, ...finish] = op.operands as readonly [string, string, ...string[]];
    const [left, right] = [graph.typeOf(a).shape, graph.typeOf(b).shape];
    if (left.length !== 2 || right.length !== 2) return null;
    const result = op.results[0] as { readonly name: string };
    const workshop = new Workshop(graph, op.layers);
    const base = op.layers.at(-1) ?? result.name;
    const rows = workshop.make('reshape', [a], { shape: [1, ...left] }, base, 'rows');
    const kernel = workshop.make('reshape', [b], { shape: [1, ...right] }, base, 'matrix');
    const product = workshop.make('matMul', [rows, kernel, ...finish], op.attrs, base, 'products');
    return workshop.finish('reshape', [product], { shape: graph.typeOf(result.name).shape }, result.name);
  },
};
