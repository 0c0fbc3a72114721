import type { Op } from '../../ir/program.ts';
import { sameType } from '../../ir/types.ts';
import { type Graph, layersOf, resultOf } from '../graph.ts';
import type { Replacement, Rule } from '../rule.ts';
import { original, sameAs } from './same.ts';

/**
 * Ops that change nothing, and pairs of which one is enough. What is not a number stays that, as far as the backend's own kernels keep
 * it; -0 may become 0 and 0 may become -0, which are equal.
 */

/** True for a constant all of whose numbers are the one given. */
const isAll = (name: string, number: number, graph: Graph): boolean => graph.constantOf(name)?.every((value) => value === number) ?? false;

/** The numbers that do nothing as the second operand, and whether they do nothing as the first. */
const NEUTRAL = {
  add: { number: 0, commutes: true },
  sub: { number: 0, commutes: false },
  mul: { number: 1, commutes: true },
  div: { number: 1, commutes: false },
  pow: { number: 1, commutes: false },
} as const;

/** A number that changes nothing. */
export const dropNeutral: Rule = {
  name: 'drop-neutral',
  equation: 'x + 0 = x - 0 = 1 x = x / 1 = x^1 = x',
  at: Object.keys(NEUTRAL),
  apply(op, graph) {
    const [a, b] = op.operands as readonly [string, string];
    const { number, commutes } = NEUTRAL[op.op as keyof typeof NEUTRAL];
    const x = isAll(b, number, graph) ? a : commutes && isAll(a, number, graph) ? b : null;
    if (x === null) return null;
    return isSame(x, op, graph) ? sameAs(x, op, graph) : { refused: `it gives ${x} another shape` };
  },
};

/** True where an op's result would have the type of a value: nothing was broadcast. */
const isSame = (x: string, op: Op, graph: Graph): boolean => sameType(graph.typeOf(x), graph.typeOf(resultOf(op).name));

/** Negated twice, or the larger of a value and itself. */
export const dropPairs: Rule = {
  name: 'drop-pairs',
  equation: '-(-x) = max(x, x) = min(x, x) = x',
  at: ['neg', 'maximum', 'minimum', 'logicalAnd', 'logicalOr', 'logicalNot'],
  apply(op, graph) {
    const [a, b] = op.operands as readonly [string, string?];
    if (b !== undefined) return a === b ? sameAs(a, op, graph) : null;
    const inner = graph.makerOf(original(a, graph));
    return inner?.op === op.op ? sameAs(inner.operands[0] as string, op, graph) : null;
  },
};

/** Ops whose results are never below zero. */
const NEVER_NEGATIVE: ReadonlySet<string> = new Set(['relu', 'relu6', 'sigmoid', 'exp', 'abs', 'softmax', 'square', 'sqrt', 'softplus']);

/** An activation that cuts off what is not there. */
export const dropRelu: Rule = {
  name: 'drop-relu',
  equation: 'relu(f(x)) = f(x), where f(x) is not below zero',
  at: ['relu', 'relu6'],
  apply(op, graph) {
    const x = op.operands[0] as string;
    const maker = graph.makerOf(original(x, graph));
    if (maker === undefined || graph.typeOf(x).dtype !== 'f32') return null;
    if (op.op === 'relu') return NEVER_NEGATIVE.has(maker.op) ? sameAs(x, op, graph) : null;
    if (maker.op === 'relu6') return sameAs(x, op, graph);
    if (maker.op !== 'relu') return null;
    for (const name of [x, original(x, graph)]) {
      if (graph.isReturned(name)) return { refused: `${name} is also an output` };
      if (graph.usesOf(name) > 1) return { refused: `${name} has another use` };
    }
    return become(op, 'relu6', maker.operands[0] as string, {}, graph, maker);
  },
};

/** One op for another, of one operand. */
const become = (op: Op, name: string, x: string, attrs: Op['attrs'], graph: Graph, ...others: readonly Op[]): Replacement => [
  graph.op(name, [x], attrs, { name: resultOf(op).name }, layersOf(...others, op)),
];

/** What is clipped from 0 to 6 has a kernel of its own, which products apply to their results; tfjs-node's is the faster one too. */
export const clipIsRelu6: Rule = {
  name: 'clip-is-relu6',
  equation: 'min(max(x, 0), 6) = relu6(x)',
  at: ['clipByValue'],
  apply(op, graph) {
    return op.attrs['min'] === 0 && op.attrs['max'] === 6 ? become(op, 'relu6', op.operands[0] as string, {}, graph) : null;
  },
};

/** The larger of a value and 0; not of 0 and a value, which the wasm kernel makes 0 where the value is not a number. */
export const maximumIsRelu: Rule = {
  name: 'maximum-is-relu',
  equation: 'max(x, 0) = relu(x)',
  at: ['maximum'],
  apply(op, graph) {
    const [x, zero] = op.operands as readonly [string, string];
    if (!isAll(zero, 0, graph)) return null;
    return isSame(x, op, graph) ? become(op, 'relu', x, {}, graph) : { refused: `it gives ${x} another shape` };
  },
};

/** From dtype to dtype by way of a third that holds every number of the first. */
export const joinCasts: Rule = {
  name: 'join-casts',
  equation: 'cast(cast(x, a), b) = cast(x, b), where a holds all that x can be',
  at: ['cast'],
  apply(op, graph) {
    const inner = graph.makerOf(original(op.operands[0] as string, graph));
    if (inner?.op !== 'cast') return null;
    const x = inner.operands[0] as string;
    const [from, way, to] = [graph.typeOf(x).dtype, inner.attrs['dtype'], op.attrs['dtype'] as string];
    // Of large integers, f32 holds some only nearly; whether one is 0, it holds of all.
    const holds = from === 'bool' || (from === 'i32' && way === 'f32' && to === 'bool');
    if (!holds) return { refused: `${way} does not hold every ${from}` };
    return from === to ? sameAs(x, op, graph) : become(op, 'cast', x, { dtype: to }, graph, inner);
  },
};
