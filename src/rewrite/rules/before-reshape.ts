import { elements, isKnown, type Shape } from '../../ir/types.ts';
import { FUSED_ACTIVATIONS } from '../../ops/linear/activation.ts';
import { type Graph, layersOf, resultOf } from '../graph.ts';
import type { Rule } from '../rule.ts';
import { Workshop } from './channels.ts';
import { linearOf } from './linear.ts';

/** A shift behind a reshaped product goes before the reshape, next to the product: the bias of a layer that parts its channels into heads. */
export const shiftBeforeReshape: Rule = {
  name: 'shift-before-reshape',
  equation: 'reshape(x * K) + b = reshape(x * K + b)',
  at: ['add', 'sub'],
  apply(op, graph) {
    const [a, b] = op.operands as readonly [string, string];
    const [x, by] = graph.isFixed(b) ? [a, b] : op.op === 'add' && graph.isFixed(a) ? [b, a] : [null, null];
    const product = x === null ? null : reshapedProduct(x, graph);
    if (x === null || product === null || graph.typeOf(by).dtype !== 'f32') return null;
    const channels = graph.typeOf(product).shape.at(-1);
    if (channels === undefined || !isKnown(channels) || !fillsChannels(graph.typeOf(by).shape, graph.typeOf(x).shape, channels))
      return null;
    const result = resultOf(op);
    const reshape = graph.makerOf(x) as NonNullable<ReturnType<Graph['makerOf']>>;
    const workshop = new Workshop(graph, layersOf(reshape, op));
    const base = op.layers.at(-1) ?? result.name;
    const bias = workshop.shaped(by, [channels], base, 'bias');
    const sum = workshop.make(op.op, [product, bias], {}, base, 'sum');
    return workshop.finish('reshape', [sum], { shape: graph.typeOf(result.name).shape }, result.name);
  },
};

/** As a shift, an activation that maps each element by itself. */
export const activationBeforeReshape: Rule = {
  name: 'activation-before-reshape',
  equation: 'f(reshape(x * K)) = reshape(f(x * K))',
  at: Object.keys(FUSED_ACTIVATIONS).filter((name) => name !== 'prelu'),
  apply(op, graph) {
    const [x] = op.operands as readonly [string];
    const product = reshapedProduct(x, graph);
    if (product === null) return null;
    const result = resultOf(op);
    const workshop = new Workshop(graph, op.layers);
    const applied = workshop.make(op.op, [product], op.attrs, op.layers.at(-1) ?? result.name, op.op);
    return workshop.finish('reshape', [applied], { shape: graph.typeOf(result.name).shape }, result.name);
  },
};

/** The product, with its bias if it has one, that a value is a reshape of and that nothing else needs under that shape. */
function reshapedProduct(name: string, graph: Graph): string | null {
  const reshape = graph.makerOf(name);
  const product = reshape?.op === 'reshape' ? (reshape.operands[0] as string) : null;
  if (product === null || graph.isReturned(name) || graph.usesOf(name) > 1 || graph.usesOf(product) > 1) return null;
  const maker = graph.makerOf(product);
  const isShifted = maker?.op === 'add' || maker?.op === 'sub';
  const isProduct =
    linearOf(maker, graph) !== null || (isShifted && maker.operands.some((part) => linearOf(graph.makerOf(part), graph) !== null));
  return isProduct ? product : null;
}

/** True where numbers of that shape are one for each of the channels, which are the last axes of `shape` taken together. */
function fillsChannels(of: Shape, shape: Shape, channels: number): boolean {
  const last = shape.slice(shape.length - of.length);
  return of.length > 0 && of.join() === last.join() && of.every(isKnown) && elements(of) === channels;
}
