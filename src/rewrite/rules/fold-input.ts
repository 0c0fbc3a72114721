import type { Op } from '../../ir/program.ts';
import { type Graph, layersOf, resultOf } from '../graph.ts';
import type { Replacement, Rule } from '../rule.ts';
import { scaleOf, shiftOf, Workshop } from './channels.ts';
import { keptKernel, type Linear, linearOf, padsNothing, scaleInputs, shiftOutputs } from './linear.ts';
import { behind, type Move, moveOf } from './moves.ts';

const LONGEST_WAY = 8;
const LINEAR = ['conv2d', 'conv3d', 'depthwiseConv2d', 'matMul'] as const;

/** A scale before a linear op goes into its kernel: padding of zeros is scaled to zeros. */
export const foldInputScale: Rule = {
  name: 'fold-input-scale',
  equation: '(x s) * K = x * (s K)',
  at: LINEAR,
  apply(op, graph, { hoist }) {
    const found = find(op, graph, (maker) => scaleOf(maker, graph));
    if (found === null) return null;
    const { linear, moves, maker, what } = found;
    const kept = keptKernel(linear, graph);
    if (kept !== null) return { refused: kept };
    if (hoist === 'auto' && !graph.isFrozen(what.by) && graph.isFrozen(linear.kernel))
      return { refused: 'the kernel is frozen, and the scale is not' };
    return rebuilt(
      op,
      graph,
      found,
      what.x,
      (workshop, base) => {
        const by = what.divides ? workshop.make('reciprocal', [what.by], {}, base, 'inverse') : what.by;
        const along = carried(moves, by, graph, workshop, base);
        return along && scaleInputs(linear, along, graph, workshop, base);
      },
      maker,
    );
  },
};

/** A shift before a linear op that pads nothing is one behind it: where it pads, its padding would be shifted too. */
export const foldInputShift: Rule = {
  name: 'fold-input-shift',
  equation: '(x + b) * K = x * K + 1b * K',
  at: LINEAR,
  apply(op, graph, { hoist }) {
    const found = find(op, graph, (maker) => shiftOf(maker, graph));
    if (found === null) return null;
    const { linear, moves, maker, what } = found;
    if (!padsNothing(linear, graph) || moves.some(({ passesShift }) => !passesShift))
      return { refused: 'the shift cannot pass the padding' };
    if (hoist === 'auto' && graph.isFrozen(what.by) && !graph.isFrozen(linear.kernel))
      return { refused: 'the shift is frozen, and the kernel is not' };
    const result = resultOf(op).name;
    const base = linear.op.layers.at(-1) ?? result;
    const workshop = new Workshop(graph, layersOf(maker, ...opsOf(moves), op));
    const along = carried(moves, what.by, graph, workshop, base);
    if (along === null) return null;
    const shift = shiftOutputs(linear, along, graph, workshop, base);
    const x = moved(moves, what.x, workshop);
    const product = workshop.make(op.op, [x, ...op.operands.slice(1)], op.attrs, base, 'product', result);
    return workshop.finish(what.subtracts ? 'sub' : 'add', [product, shift], {}, result);
  },
};

/**
 * A scale and a shift before a linear op that pads: the scale goes into the kernel all the same, when the shift is made before it.
 */
export const foldInputScaleUnderShift: Rule = {
  name: 'fold-input-scale-under-shift',
  equation: '(x s + b) * K = (x + b / s) * (s K)',
  at: LINEAR,
  apply(op, graph) {
    const found = find(op, graph, (maker) => shiftOf(maker, graph));
    if (found === null) return null;
    const { linear, moves, maker, what: shift } = found;
    const scaling = graph.makerOf(shift.x);
    const scale = scaling && scaleOf(scaling, graph);
    if (!scaling || !scale || graph.usesOf(shift.x) > 1 || graph.isReturned(shift.x)) return null;
    const factors = graph.constantOf(scale.by);
    if (factors === null || !factors.every((factor) => factor !== 0 && Number.isFinite(1 / factor)))
      return { refused: 'the scale is not known to differ from zero' };
    const kept = keptKernel(linear, graph);
    if (kept !== null) return { refused: kept };
    const result = resultOf(op).name;
    const base = linear.op.layers.at(-1) ?? result;
    const workshop = new Workshop(graph, layersOf(scaling, maker, ...opsOf(moves), op));
    const by = scale.divides ? workshop.make('reciprocal', [scale.by], {}, base, 'inverse') : scale.by;
    const along = carried(moves, by, graph, workshop, base);
    if (along === null) return null;
    const offset = workshop.make('div', [shift.by, by], {}, base, 'input_offset');
    const shifted = workshop.make(shift.subtracts ? 'sub' : 'add', [scale.x, offset], {}, base, 'shifted');
    const kernel = scaleInputs(linear, along, graph, workshop, base);
    const x = moved(moves, shifted, workshop);
    return workshop.finish(op.op, [x, kernel, ...op.operands.slice(2)], op.attrs, result);
  },
};

interface Found<T> {
  readonly linear: Linear;
  /** From the scale or shift to the linear op. */
  readonly moves: readonly Move[];
  readonly maker: Op;
  readonly what: T;
}

/** What stands before a linear op, behind ops that only move elements; null where a value between is used otherwise too. */
function find<T>(op: Op, graph: Graph, match: (maker: Op) => T | null): Found<T> | null {
  const linear = linearOf(op, graph);
  if (linear === null) return null;
  const moves: Move[] = [];
  for (let name = op.operands[0] as string; moves.length <= LONGEST_WAY; ) {
    const maker = graph.makerOf(name);
    if (maker === undefined || graph.isReturned(name) || graph.usesOf(name) > 1) return null;
    const what = match(maker);
    if (what !== null) return { linear, moves: moves.reverse(), maker, what };
    const move = moveOf(maker, graph);
    if (move === null) return null;
    moves.push(move);
    name = maker.operands[0] as string;
  }
  return null;
}

const opsOf = (moves: readonly Move[]): readonly Op[] => moves.map(({ op }) => op);

/** A vector along the channels before the moves, along those behind them. */
function carried(moves: readonly Move[], vector: string, graph: Graph, workshop: Workshop, base: string): string | null {
  return moves.reduce<string | null>((along, move) => along && behind(move, along, graph, workshop, base), vector);
}

/** The moves of something else than they moved. */
function moved(moves: readonly Move[], x: string, workshop: Workshop): string {
  return moves.reduce((from, { op }) => {
    const was = resultOf(op).name;
    return workshop.make(op.op, [from], op.attrs, was, 'before', was);
  }, x);
}

/** The linear op with another kernel, on what is before the scale. */
function rebuilt(
  op: Op,
  graph: Graph,
  { linear, moves }: Found<unknown>,
  x: string,
  kernelOf: (workshop: Workshop, base: string) => string | null,
  maker: Op,
): Replacement | null {
  const result = resultOf(op).name;
  const base = linear.op.layers.at(-1) ?? result;
  const workshop = new Workshop(graph, layersOf(maker, ...opsOf(moves), op));
  const kernel = kernelOf(workshop, base);
  if (kernel === null) return null;
  const input = moved(moves, x, workshop);
  return workshop.finish(op.op, [input, kernel, ...op.operands.slice(2)], op.attrs, result);
}
