import type { Op } from '../../ir/program.ts';
import { type Graph, layersOf, resultOf } from '../graph.ts';
import type { Refusal, Rule } from '../rule.ts';
import { type Shift, scaleOf, shiftOf, Workshop } from './channels.ts';
import { keptKernel, type Linear, linearOf, scaleOutputs } from './linear.ts';
import { before, type Move, moveOf } from './moves.ts';

/** From so many ops on, what lies between a scale and a kernel is no longer looked through. */
const LONGEST_WAY = 8;

/** Something between a linear op and a scale behind it. */
type Step = { readonly op: Op; readonly move: Move } | { readonly op: Op; readonly shift: Shift };

/** A scale behind a linear op goes into its kernel, and into what was added between: a batch normalisation behind a convolution. */
export const foldScale: Rule = {
  name: 'fold-scale',
  equation: '(x * K + b) s = x * (K s) + b s',
  at: ['mul', 'div'],
  apply(op, graph, { hoist }) {
    const scale = scaleOf(op, graph);
    if (scale === null) return null;
    const way = wayToLinear(scale.x, graph);
    if (way === null || 'refused' in way) return way;
    const { linear, steps } = way;
    const kept = keptKernel(linear, graph);
    if (kept !== null) return { refused: kept };
    if (hoist === 'auto' && graph.isFrozen(linear.kernel) && !graph.isFrozen(scale.by))
      return { refused: 'the kernel is frozen, and the scale is not' };

    const result = resultOf(op).name;
    const base = linear.op.layers.at(-1) ?? result;
    const workshop = new Workshop(graph, layersOf(linear.op, ...steps.map((step) => step.op), op));
    let by = scale.divides ? workshop.make('reciprocal', [scale.by], {}, base, 'inverse') : scale.by;
    // From the last step to the first: what is added on the way is scaled, and the scale goes on.
    const scaled: { readonly was: string; readonly op: string; readonly others: readonly string[]; readonly attrs: Op['attrs'] }[] = [];
    for (const step of steps.toReversed()) {
      const was = resultOf(step.op).name;
      if ('shift' in step) {
        const shift = workshop.make('mul', [step.shift.by, by], {}, base, 'shift');
        scaled.unshift({ was, op: step.shift.subtracts ? 'sub' : 'add', others: [shift], attrs: {} });
        continue;
      }
      const earlier = before(step.move, by, graph, workshop, base);
      if (earlier === null) return null;
      by = earlier;
      scaled.unshift({ was, op: step.op.op, others: [], attrs: step.op.attrs });
    }
    const kernel = scaleOutputs(linear, by, graph, workshop, base);
    const [x, , ...bias] = linear.op.operands as readonly [string, string, ...string[]];
    const finish = bias.map((value) => workshop.make('mul', [value, by], {}, base, 'bias'));
    const last = scaled.pop();
    if (last === undefined) return workshop.finish(linear.op.op, [x, kernel, ...finish], linear.op.attrs, result);
    let y = workshop.make(linear.op.op, [x, kernel, ...finish], linear.op.attrs, base, 'scaled', linear.op.results[0]?.name);
    for (const step of scaled) y = workshop.make(step.op, [y, ...step.others], step.attrs, step.was, 'scaled', step.was);
    return workshop.finish(last.op, [y, ...last.others], last.attrs, result);
  },
};

/** The linear op behind whose result a value stands, and the ops between; null where there is none near. */
function wayToLinear(value: string, graph: Graph): { readonly linear: Linear; readonly steps: readonly Step[] } | Refusal | null {
  const steps: Step[] = [];
  let refused: string | null = null;
  for (let name = value; steps.length <= LONGEST_WAY; ) {
    const op = graph.makerOf(name);
    if (graph.isReturned(name)) refused ??= `${name} is also an output`;
    else if (graph.usesOf(name) > 1) refused ??= `${name} has another use`;
    const linear = linearOf(op, graph);
    if (linear !== null) return refused === null ? { linear, steps: steps.reverse() } : { refused };
    const [move, shift] = [moveOf(op, graph), op === undefined ? null : shiftOf(op, graph)];
    if (op === undefined || (move === null && shift === null)) return null;
    steps.push(shift === null ? { op, move: move as Move } : { op, shift });
    name = shift === null ? (op.operands[0] as string) : shift.x;
  }
  return null;
}
