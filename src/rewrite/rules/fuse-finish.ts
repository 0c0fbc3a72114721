import { FUSED_ACTIVATIONS } from '../../ops/linear/activation.ts';
import { traitsOf } from '../backends.ts';
import { type Graph, layersOf, resultOf } from '../graph.ts';
import type { Refusal, Rule } from '../rule.ts';
import { isAlongChannels, shiftOf, Workshop } from './channels.ts';
import type { Linear } from './linear.ts';
import { productOf } from './product.ts';

/** A shift behind a product becomes its bias. */
export const fuseBias: Rule = {
  name: 'fuse-bias',
  equation: '(x * K) + b = conv(x, K, b)',
  at: ['add', 'sub'],
  apply(op, graph, { backend, hoist }) {
    const traits = traitsOf(backend);
    const shift = traits.fusesFinish ? shiftOf(op, graph) : null;
    const product = shift && productOf(shift.x, graph, traits);
    if (!shift || !product || product.op.operands.length > 2) return null;
    const refusal = alone(shift.x, graph) ?? sameTime(product, shift.by, graph, hoist);
    if (refusal !== null) return refusal;
    const result = resultOf(op).name;
    const workshop = new Workshop(graph, layersOf(product.op, op));
    const base = op.layers.at(-1) ?? result;
    const by = shift.subtracts ? workshop.make('neg', [shift.by], {}, base, 'negative') : shift.by;
    const bias = asVector(by, channelsOf(shift.x, graph), graph, workshop, base);
    return workshop.finish(product.op.op, [...product.op.operands, bias], product.op.attrs, result);
  },
};

/** An activation behind a product is applied by its kernel. */
export const fuseActivation: Rule = {
  name: 'fuse-activation',
  equation: 'f(x * K + b) = conv(x, K, b, f)',
  at: Object.keys(FUSED_ACTIVATIONS),
  apply(op, graph, { backend, hoist }) {
    const traits = traitsOf(backend);
    const [x, slopes] = op.operands as readonly [string, string?];
    const product = traits.fusesFinish ? productOf(x, graph, traits) : null;
    if (product === null) return null;
    const refusal = alone(x, graph) ?? (slopes === undefined ? null : sameTime(product, slopes, graph, hoist));
    if (refusal !== null) return refusal;
    const result = resultOf(op).name;
    const workshop = new Workshop(graph, layersOf(product.op, op));
    const activation = FUSED_ACTIVATIONS[op.op as keyof typeof FUSED_ACTIVATIONS];
    const attrs = { ...product.op.attrs, activation, ...(op.op === 'leakyRelu' ? { alpha: op.attrs['alpha'] as number } : {}) };
    if (slopes === undefined) return workshop.finish(product.op.op, product.op.operands, attrs, result);
    // The kernels take slopes only behind a bias, and one for each channel.
    const isAlong = graph.isFixed(slopes) && isAlongChannels(graph.typeOf(slopes).shape, graph.typeOf(x).shape);
    if (product.op.operands.length < 3 || !isAlong) return null;
    const vector = asVector(slopes, channelsOf(x, graph), graph, workshop, op.layers.at(-1) ?? result);
    return workshop.finish(product.op.op, [...product.op.operands, vector], attrs, result);
  },
};

const channelsOf = (name: string, graph: Graph): number => Number(graph.typeOf(name).shape.at(-1));

function alone(name: string, graph: Graph): Refusal | null {
  if (graph.isReturned(name)) return { refused: `${name} is also an output` };
  return graph.usesOf(name) > 1 ? { refused: `${name} has another use` } : null;
}

/** A frozen product stays in the prefix: it is not tied to something that training changes. */
function sameTime({ kernel }: Linear, other: string, graph: Graph, hoist: string): Refusal | null {
  const ties = hoist === 'auto' && graph.isFrozen(kernel) && !graph.isFrozen(other);
  return ties ? { refused: `${kernel} is frozen, and ${other} is not` } : null;
}

/**
 * A shift as a number for each channel. The wasm kernels look at the shape that a bias had when its data was made, not at the one it was
 * reshaped to: such a bias is made anew, by a sum over one row.
 */
function asVector(shift: string, channels: number, graph: Graph, workshop: Workshop, base: string): string {
  const { shape } = graph.typeOf(shift);
  if (shape.join() === `${channels}` && graph.makerOf(shift)?.op !== 'reshape') return shift;
  if (shape.at(-1) !== channels) {
    const number = workshop.shaped(shift, [1], base, 'bias');
    return workshop.make('tile', [number], { reps: [channels] }, base, 'biases');
  }
  const row = workshop.shaped(shift, [1, channels], base, 'bias_row');
  return workshop.make('sum', [row], { axes: [0] }, base, 'bias');
}
