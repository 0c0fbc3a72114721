import type { Op } from '../../ir/program.ts';
import { isKnown } from '../../ir/types.ts';
import type { Graph } from '../graph.ts';
import { isNumber, type Workshop } from './channels.ts';

/** The ops that are linear in their first operand, with a kernel as the second. */
const LINEAR: ReadonlySet<string> = new Set(['conv2d', 'conv3d', 'depthwiseConv2d', 'matMul']);

/** A linear op whose kernel depends on weights alone, and that applies no activation. */
export interface Linear {
  readonly op: Op;
  readonly kernel: string;
}

export function linearOf(op: Op | undefined, graph: Graph): Linear | null {
  if (op === undefined || !LINEAR.has(op.op)) return null;
  const [x, kernel] = op.operands as readonly [string, string];
  const isPlain = (op.attrs['activation'] ?? 'linear') === 'linear' && op.attrs['transposeA'] !== true && op.attrs['transposeB'] !== true;
  const isMatrix = op.op !== 'matMul' || graph.typeOf(kernel).shape.length === 2;
  return isPlain && isMatrix && graph.isFixed(kernel) && !graph.isFixed(x) ? { op, kernel } : null;
}

/** Why a kernel may not be changed for the sake of one of its uses, or null. */
export function keptKernel({ kernel }: Linear, graph: Graph): string | null {
  return graph.runningUsesOf(kernel) > 1 || sharesWeight(kernel, graph) ? 'the kernel is shared' : null;
}

/** True where the weight behind a kernel that was only reshaped is used elsewhere too. */
function sharesWeight(kernel: string, graph: Graph): boolean {
  const maker = graph.makerOf(kernel);
  const source = maker?.op === 'reshape' ? maker.operands[0] : undefined;
  return source !== undefined && graph.usesOf(source) > 1;
}

/** A kernel with each of the channels that come out of it scaled: (x * K) s = x * (K s). */
export function scaleOutputs({ op, kernel }: Linear, scale: string, graph: Graph, workshop: Workshop, base: string): string {
  return workshop.make('mul', [kernel, alongOutputs(op, kernel, scale, graph, workshop, base)], {}, base, 'kernel');
}

function alongOutputs(op: Op, kernel: string, scale: string, graph: Graph, workshop: Workshop, base: string): string {
  if (isNumber(graph.typeOf(scale).shape)) return workshop.shaped(scale, [], base, 'factor');
  const shape = knownShape(kernel, graph);
  return workshop.shaped(scale, op.op === 'depthwiseConv2d' ? shape.slice(2) : shape.slice(-1), base, 'scale');
}

/** A kernel with each of the channels that go into it scaled: (x s) * K = x * (s K). */
export function scaleInputs({ kernel }: Linear, scale: string, graph: Graph, workshop: Workshop, base: string): string {
  const [inputs] = knownShape(kernel, graph).slice(-2) as [number];
  const factor = isNumber(graph.typeOf(scale).shape)
    ? workshop.shaped(scale, [], base, 'factor')
    : workshop.shaped(scale, [inputs, 1], base, 'scale');
  return workshop.make('mul', [kernel, factor], {}, base, 'kernel');
}

/** True where no place of the result is computed from padding. */
export function padsNothing({ op, kernel }: Linear, graph: Graph): boolean {
  const pad = op.attrs['pad'];
  if (op.op === 'matMul' || pad === 'valid') return true;
  if (pad === 'same')
    return knownShape(kernel, graph)
      .slice(0, -2)
      .every((size) => size === 1);
  return (pad as readonly (readonly number[])[]).flat().every((count) => count === 0);
}

/**
 * What a shift of the channels that go in adds to those that come out, as a vector: (x + b) * K = x * K + sum over taps and inputs of
 * b K. True only where nothing is padded.
 */
export function shiftOutputs({ op, kernel }: Linear, shift: string, graph: Graph, workshop: Workshop, base: string): string {
  const shape = knownShape(kernel, graph);
  const [inputs, outputs] = shape.slice(-2) as [number, number];
  const taps = shape.slice(0, -2).map((_, axis) => axis);
  const summed = taps.length === 0 ? kernel : workshop.make('sum', [kernel], { axes: taps }, base, 'taps');
  const moved = isNumber(graph.typeOf(shift).shape)
    ? workshop.shaped(shift, [], base, 'offset')
    : workshop.shaped(shift, [inputs, 1], base, 'offset');
  const each = workshop.make('mul', [summed, moved], {}, base, 'offsets');
  if (op.op === 'depthwiseConv2d') return workshop.shaped(each, [inputs * outputs], base, 'shift');
  return workshop.make('sum', [each], { axes: [0] }, base, 'shift');
}

function knownShape(kernel: string, graph: Graph): readonly number[] {
  const { shape } = graph.typeOf(kernel);
  if (!shape.every(isKnown)) throw new TypeError(`the kernel ${kernel} has an unknown size`);
  return shape as readonly number[];
}
