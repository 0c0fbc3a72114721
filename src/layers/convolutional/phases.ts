import type { Value } from '../../ir/program.ts';
import { type Dim, elements, isKnown } from '../../ir/types.ts';
import type { Lowering } from '../row.ts';
import { kernelShape } from './kernel.ts';

/**
 * A transposed convolution puts a copy of its kernel, scaled by x[j], at every position stride * j. Of `stride` neighbouring
 * results, the phases, each is an ordinary convolution of x with every stride-th tap. So one convolution with all phases as
 * channels gives all of it, on every backend and over any number of axes, and the phases are then laid out side by side.
 */
export interface Phases {
  readonly stride: number;
  /** Results a phase takes its sum over: taps of the ordinary convolution. */
  readonly taps: number;
  /** Zeros around the taps of the transposed kernel, which make it `taps * stride` long. */
  readonly zeros: readonly [number, number];
  /** Zeros around the input. */
  readonly around: readonly [number, number];
  /** Results to leave out before the first, and behind the last. */
  readonly cut: readonly [number, number];
}

/**
 * How to compute size * stride + extra results, the first of which is the one at `before` of all the kernels reach.
 * @param size of the input; where it is not known, nothing can be cut off at the end
 * @param span of the kernel, 0 <= before < span
 */
export function phasesOf(size: Dim, span: number, stride: number, before: number, extra: number): Phases {
  const candidates = Array.from({ length: stride }, (_, first): Phases => {
    const last = -(extra + first) - stride * Math.floor(-(extra + first) / stride);
    const blocks = (extra + first + last) / stride;
    const start = before - first;
    const from = Math.ceil((start - span + 1) / stride);
    const to = Math.floor((stride - 1 + start) / stride);
    const taps = to - from + 1;
    const lead = to * stride - start;
    return { stride, taps, zeros: [lead, taps * stride - lead - span], around: [-from, blocks + to], cut: [first, last] };
  });
  const possible = candidates.filter(({ around, cut }) => around[1] >= 0 && (isKnown(size) || cut[1] === 0));
  const cost = ({ taps, cut, around }: Phases): number => taps * 1e6 + (cut[0] + cut[1]) * 1e3 + around[0] + around[1];
  return possible.reduce((best, other) => (cost(other) < cost(best) ? other : best));
}

/**
 * The kernel of the ordinary convolution: [...spans, out, in] becomes [...taps, in, phases of the last axis, ..., of the first,
 * out] with the phases and `out` as one axis. It depends on weights alone.
 */
export function phaseKernel(layer: Lowering, kernel: Value, phases: readonly Phases[]): Value {
  const rank = phases.length;
  const [out = 0, inner = 0] = kernelShape(kernel).slice(rank);
  const order = [...phases.keys(), rank + 1, rank];
  const swapped = layer.op('transpose', [kernel], { perm: order }, 'swapped_kernel');
  const paddings = [...phases.map(({ zeros }) => zeros), [0, 0] as const, [0, 0] as const];
  let current = paddings.flat().every((zeros) => zeros === 0) ? swapped : layer.op('pad', [swapped], { paddings, value: 0 }, 'wide_kernel');
  let channels = out;
  phases.forEach(({ taps, stride }, axis) => {
    const before = elements(phases.slice(0, axis).map((done) => done.taps));
    const after = elements(phases.slice(axis + 1).map((next) => next.taps * next.stride)) * inner;
    const apart = layer.op('reshape', [current], { shape: [before, taps, stride, after, channels] }, 'phase_kernel');
    // Ordinary convolutions do not flip their kernel.
    const flipped = taps === 1 ? apart : layer.op('reverse', [apart], { axes: [1] }, 'phase_kernel');
    current = stride === 1 ? flipped : layer.op('transpose', [flipped], { perm: [0, 1, 3, 2, 4] }, 'phase_kernel');
    channels *= stride;
  });
  return layer.op('reshape', [current], { shape: [...phases.map(({ taps }) => taps), inner, channels] }, 'phase_kernel');
}

/** Lays the phases out: [batch, ...blocks, phases and channels] becomes [batch, ...blocks * stride, channels]. */
export function interleave(layer: Lowering, y: Value, phases: readonly Phases[]): Value {
  const rank = phases.length;
  return phases.reduceRight((current, { stride }, axis) => {
    if (stride === 1) return current;
    const { shape } = current.type;
    const channels = Number(shape.at(-1)) / stride;
    const size = shape[axis + 1] as Dim;
    const whole = [...shape.slice(0, axis + 1), isKnown(size) ? size * stride : null, ...shape.slice(axis + 2, -1), channels];
    const neighbours = axis === rank - 1;
    if (neighbours) return layer.op('reshape', [current], { shape: whole }, 'interleaved');
    const apart = layer.op('reshape', [current], { shape: [...shape.slice(0, -1), stride, channels] }, 'phases');
    const axes = [...shape.keys()].slice(0, -1);
    const perm = [...axes.slice(0, axis + 2), rank + 1, ...axes.slice(axis + 2), rank + 2];
    return layer.op('reshape', [layer.op('transpose', [apart], { perm }, 'phases')], { shape: whole }, 'interleaved');
  }, y);
}
