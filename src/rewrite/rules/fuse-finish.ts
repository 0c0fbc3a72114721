import type { Op } from '../../ir/program.ts';
import { FUSED_ACTIVATIONS } from '../../ops/linear/activation.ts';
import { type BackendTraits, traitsOf } from '../backends.ts';
import { type Graph, layersOf } from '../graph.ts';
import type { Refusal, Rule } from '../rule.ts';
import { isAlongChannels, shiftOf, Workshop } from './channels.ts';
import { type Linear, linearOf } from './linear.ts';

const FINISHING: ReadonlySet<string> = new Set(['conv2d', 'depthwiseConv2d', 'matMul']);

/** A shift behind a product becomes its bias. */
export const fuseBias: Rule = {
  name: 'fuse-bias',
  equation: '(x * K) + b = conv(x, K, b)',
  at: ['add', 'sub'],
  apply(op, graph, { backend, hoist }) {
    const traits = traitsOf(backend);
    const shift = traits.fusesFinish ? shiftOf(op, graph) : null;
    if (shift === null || shift.subtracts) return null;
    const linear = finishable(shift.x, graph, traits);
    if (linear === null || linear.op.operands.length > 2) return null;
    const refusal = alone(shift.x, graph) ?? sameTime(linear, shift.by, graph, hoist);
    if (refusal !== null) return refusal;
    const result = op.results[0] as Op['results'][number];
    const channels = Number(graph.typeOf(shift.x).shape.at(-1));
    const workshop = new Workshop(graph, layersOf(linear.op, op));
    const base = op.layers.at(-1) ?? result.name;
    const bias = asVector(shift.by, channels, graph, workshop, base);
    return workshop.finish(linear.op.op, [...linear.op.operands, bias], linear.op.attrs, result.name);
  },
};

/** An activation behind a product is applied by its kernel. */
export const fuseActivation: Rule = {
  name: 'fuse-activation',
  equation: 'f(x * K + b) = conv(x, K, b, f)',
  at: Object.keys(FUSED_ACTIVATIONS),
  apply(op, graph, { backend, hoist }) {
    const traits = traitsOf(backend);
    if (!traits.fusesFinish) return null;
    const [x, slopes] = op.operands as readonly [string, string?];
    const linear = finishable(x, graph, traits);
    if (linear === null) return null;
    const refusal = alone(x, graph) ?? (slopes === undefined ? null : sameTime(linear, slopes, graph, hoist));
    if (refusal !== null) return refusal;
    const result = op.results[0] as Op['results'][number];
    const workshop = new Workshop(graph, layersOf(linear.op, op));
    const activation = FUSED_ACTIVATIONS[op.op as keyof typeof FUSED_ACTIVATIONS];
    const attrs = { ...linear.op.attrs, activation, ...(op.op === 'leakyRelu' ? { alpha: op.attrs['alpha'] as number } : {}) };
    if (slopes === undefined) return workshop.finish(linear.op.op, linear.op.operands, attrs, result.name);
    // The kernels take slopes only behind a bias, and one for each channel.
    const channels = Number(graph.typeOf(x).shape.at(-1));
    if (linear.op.operands.length < 3 || !graph.isFixed(slopes) || !isAlongChannels(graph.typeOf(slopes).shape, graph.typeOf(x).shape))
      return null;
    const vector = asVector(slopes, channels, graph, workshop, op.layers.at(-1) ?? result.name);
    return workshop.finish(linear.op.op, [...linear.op.operands, vector], attrs, result.name);
  },
};

function finishable(name: string, graph: Graph, { fusesMatricesOfRank3 }: BackendTraits): Linear | null {
  const maker = graph.makerOf(name);
  if (maker === undefined || !FINISHING.has(maker.op)) return null;
  // Batches of matrices by one matrix are what neither rank 3 nor `batch-of-one` is for.
  const isBatch = maker.op === 'matMul' && graph.typeOf(maker.operands[0] as string).shape.length > 2;
  return isBatch && fusesMatricesOfRank3 ? null : linearOf(maker, graph);
}

function alone(name: string, graph: Graph): Refusal | null {
  if (graph.isReturned(name)) return { refused: `${name} is also an output` };
  return graph.usesOf(name) > 1 ? { refused: `${name} has another use` } : null;
}

/** A frozen product stays in the prefix: it is not tied to something that training changes. */
function sameTime(linear: Linear, with_: string, graph: Graph, hoist: string): Refusal | null {
  const ties = hoist === 'auto' && graph.isFrozen(linear.kernel) && !graph.isFrozen(with_);
  return ties ? { refused: `${linear.kernel} is frozen, and ${with_} is not` } : null;
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
