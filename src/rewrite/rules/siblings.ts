import type { Op } from '../../ir/program.ts';
import { elements, isKnown, type Shape } from '../../ir/types.ts';
import { traitsOf } from '../backends.ts';
import { type Graph, layersOf, resultOf } from '../graph.ts';
import type { PassOptions } from '../pass.ts';
import type { Refusal, Replacement, Rule } from '../rule.ts';
import { Workshop } from './channels.ts';
import { keptKernel } from './linear.ts';

export const MERGE_SIBLINGS = { name: 'merge-siblings', equation: 'x * K, x * L = split(x * [K L])' } as const;

/** Products of one operand that may become one: the first takes the place of all. */
export type Siblings = ReadonlyMap<string, readonly Op[]>;

/**
 * Products of one operand become one, whose result is split, where that copies less than the kernels cost that are not run.
 * @param siblings by the result of each, itself and its siblings in the order of the program; what depends on weights alone comes before
 */
export function mergeSiblings(siblings: Siblings): Rule {
  const done = new Set<string>();
  return {
    ...MERGE_SIBLINGS,
    at: ['conv2d', 'matMul'],
    apply(op, graph, options) {
      const name = resultOf(op).name;
      if (done.has(name)) return [];
      const all = siblings.get(name);
      // Only the first decides: what it has left alone is alone.
      if (all === undefined || resultOf(all[0] as Op).name !== name) return null;
      const shared = all.filter((each) => keptKernel({ op: each, kernel: each.operands[1] as string }, graph) !== null);
      const alone = shared.includes(op) ? [] : all.filter((each) => !shared.includes(each));
      if (alone.length < 2) return { refused: 'the kernel is shared' };
      const refusal = price(alone, options);
      if (refusal !== null) return refusal;
      for (const each of alone) done.add(resultOf(each).name);
      return merged(alone, graph);
    },
  };
}

function price(all: readonly Op[], { backend }: PassOptions): Refusal | null {
  const copied = all.reduce((sum, op) => sum + elements(resultOf(op).type.shape), 0);
  const saved = (all.length - 1) * traitsOf(backend).kernelInElements;
  return copied > saved ? { refused: `${copied} numbers would be copied to save ${all.length - 1} kernels` } : null;
}

function merged(all: readonly Op[], graph: Graph): Replacement {
  const [first] = all as readonly [Op];
  const layers = layersOf(...all);
  const workshop = new Workshop(graph, layers);
  const base = first.layers.at(-1) ?? resultOf(first).name;
  const widths = all.map(({ operands }) => Number(graph.typeOf(operands[1] as string).shape.at(-1)));
  const joined = (position: number, axis: number, role: string): string =>
    workshop.make(
      'concat',
      all.map(({ operands }, i) => operands[position] ?? zeros(widths[i] as number, workshop, base)),
      { axis },
      base,
      role,
    );
  const last = graph.typeOf(first.operands[1] as string).shape.length - 1;
  const count = Math.max(...all.map(({ operands }) => operands.length));
  const finish = ['biases', 'slopes'].slice(0, count - 2).map((role, i) => joined(i + 2, 0, role));
  const operands = [first.operands[0] as string, joined(1, last, 'kernels'), ...finish];
  const product = workshop.make(first.op, operands, first.attrs, base, 'products');
  const axis = resultOf(first).type.shape.length - 1;
  const results = all.map((op) => ({ naming: { name: resultOf(op).name }, type: resultOf(op).type }));
  return [...workshop.made, graph.typedOp('split', [product], { sizes: widths, axis }, results, layers)];
}

const zeros = (width: number, workshop: Workshop, base: string): string =>
  workshop.make('constant', [], { values: Array.from({ length: width }, () => 0), shape: [width], dtype: 'f32' }, base, 'no_bias');

/** What products must have in common to become one, or null for an op that has no siblings. */
export function familyOf(op: Op, typeOf: (name: string) => Shape, isFixed: (name: string) => boolean): string | null {
  const [x, kernel, ...finish] = op.operands as readonly [string, string, ...string[]];
  if ((op.op !== 'conv2d' && op.op !== 'matMul') || isFixed(x) || ![kernel, ...finish].every(isFixed)) return null;
  const shape = typeOf(kernel);
  if (!shape.every(isKnown) || op.attrs['transposeA'] === true || op.attrs['transposeB'] === true) return null;
  if (op.op === 'matMul' && shape.length !== 2) return null;
  const attrs = Object.entries(op.attrs).sort(([a], [b]) => (a < b ? -1 : 1));
  // A kernel with slopes has a bias too; where there are none, a bias that is missing is zero.
  return JSON.stringify([x, op.op, attrs, shape.slice(0, -1)]);
}
