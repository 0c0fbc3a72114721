import type { Op } from '../../ir/program.ts';
import { elements } from '../../ir/types.ts';
import { FUSED_ACTIVATIONS } from '../../ops/linear/activation.ts';
import { traitsOf } from '../backends.ts';
import { type Graph, resultOf } from '../graph.ts';
import type { PassOptions } from '../pass.ts';
import type { Refusal, Rule } from '../rule.ts';
import { scaleOf, shiftOf, Workshop } from './channels.ts';
import { linearOf } from './linear.ts';

/** From so many ops on, what lies between a kernel and an activation is no longer looked through. */
const LONGEST_WAY = 8;

/** Activations that never turn an order around, so that the largest stays the largest. */
const RISING: ReadonlySet<string> = new Set(['relu', 'relu6', 'elu', 'selu', 'sigmoid', 'tanh', 'leakyRelu']);

const isRising = ({ op, attrs }: Op): boolean => RISING.has(op) && (op !== 'leakyRelu' || (attrs['alpha'] as number) >= 0);

/**
 * Of the largest, an activation is computed once: behind the pooling, where fewer elements are left. Before it, where the backend's kernels
 * apply it to their own results, and it is free. In a window that holds something that is not a number, either way is as good as the
 * backend's own pooling, which takes such windows as it likes.
 */
export const activationBehindPool: Rule = {
  name: 'activation-behind-pool',
  equation: 'maxPool(f(x)) = f(maxPool(x)), f rising',
  at: ['maxPool'],
  apply(op, graph, options) {
    const y = op.operands[0] as string;
    const activation = graph.makerOf(y);
    if (activation === undefined || !isRising(activation)) return null;
    const x = activation.operands[0] as string;
    if (elements(graph.typeOf(resultOf(op).name).shape) >= elements(graph.typeOf(y).shape)) return null;
    return taken(y, graph) ?? (isFused(activation.op, x, graph, options) ? null : swapped(op, activation, x, graph));
  },
};

export const activationBeforePool: Rule = {
  name: 'activation-before-pool',
  equation: 'f(maxPool(x)) = maxPool(f(x)), f rising',
  at: [...RISING],
  apply(op, graph, options) {
    const y = op.operands[0] as string;
    const pool = graph.makerOf(y);
    if (pool?.op !== 'maxPool' || !isRising(op)) return null;
    const x = pool.operands[0] as string;
    return isFused(op.op, x, graph, options) ? (taken(y, graph) ?? taken(x, graph) ?? swapped(op, pool, x, graph)) : null;
  },
};

function taken(name: string, graph: Graph): Refusal | null {
  if (graph.isReturned(name)) return { refused: `${name} is also an output` };
  return graph.usesOf(name) > 1 ? { refused: `${name} has another use` } : null;
}

/** outer(inner(x)) = inner(outer(x)). */
function swapped(outer: Op, inner: Op, x: string, graph: Graph): readonly Op[] {
  const workshop = new Workshop(graph, outer.layers);
  const first = workshop.make(outer.op, [x], outer.attrs, resultOf(inner).name, outer.op);
  const [made] = workshop.made;
  return [made as Op, graph.op(inner.op, [first], inner.attrs, { name: resultOf(outer).name }, inner.layers)];
}

/** True where the backend will apply an activation in the kernel whose result a value is, scaled and shifted at most. */
function isFused(activation: string, value: string, graph: Graph, { backend }: PassOptions): boolean {
  if (!traitsOf(backend).fusesFinish || !Object.hasOwn(FUSED_ACTIVATIONS, activation)) return false;
  for (let [name, steps] = [value, 0]; steps <= LONGEST_WAY; steps++) {
    const op = graph.makerOf(name);
    if (op === undefined || graph.isReturned(name) || graph.usesOf(name) > 1) return false;
    if (linearOf(op, graph) !== null) return op.op !== 'conv3d';
    const before = scaleOf(op, graph) ?? shiftOf(op, graph);
    if (before === null) return false;
    name = before.x;
  }
  return false;
}
