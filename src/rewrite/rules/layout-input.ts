import type { Op } from '../../ir/program.ts';
import { binaryOps } from '../../ops/elementwise/binary.ts';
import { unaryOps } from '../../ops/elementwise/unary.ts';
import { type Graph, layersOf, resultOf } from '../graph.ts';
import type { Rule } from '../rule.ts';
import { Workshop } from './channels.ts';
import { broadcasts, inverse, type Perm, permuted, turnOf } from './layout-axes.ts';
import { turnedOperand } from './layout-operands.ts';

/** From so many ops on, what lies between an input and a transpose is no longer looked through. */
const LONGEST_WAY = 8;

const PASSED: ReadonlySet<string> = new Set(['pad', 'cast', ...Object.keys(unaryOps), ...Object.keys(binaryOps)]);

/** An input is turned before anything is made of it: padding and scales then stand next to the kernels that they go into. */
export const transposeInput: Rule = {
  name: 'transpose-input',
  equation: "transpose(f(input)) = f'(transpose(input))",
  at: ['transpose'],
  apply(op, graph) {
    const way = wayToInput(op.operands[0] as string, graph);
    if (way === null) return null;
    const perm = op.attrs['perm'] as Perm;
    const [first] = way as readonly [Step];
    const { name } = resultOf(op);
    const workshop = new Workshop(graph, layersOf(...way.map((step) => step.op), op));
    let x = workshop.make('transpose', [first.x], { perm }, name, 'input');
    const ops: Op[] = [];
    for (const [i, step] of way.entries()) {
      const turned = turnOf(step.op, inverse(perm));
      if (turned === null) return null;
      const made = workshop.made.length;
      const operands = step.op.operands.map((operand) =>
        operand === step.x ? x : turnedOperand(operand, perm, broadcasts(step.op.op), graph, workshop, name),
      );
      ops.push(...workshop.made.slice(i === 0 ? 0 : made));
      const result = resultOf(step.op);
      const type = { ...result.type, shape: permuted(result.type.shape, perm) };
      const naming = i === way.length - 1 ? { name } : { base: result.name, role: 'turned' };
      const next = graph.typedOp(step.op.op, operands, turned.attrs, [{ naming, type }], step.op.layers);
      ops.push(next);
      x = resultOf(next).name;
    }
    return ops;
  },
};

interface Step {
  readonly op: Op;
  /** The operand that comes from the input. */
  readonly x: string;
}

/** What is computed of an input, element by element, before a value; null where that is not all, or is used otherwise too. */
function wayToInput(value: string, graph: Graph): readonly Step[] | null {
  const way: Step[] = [];
  for (let name = value; way.length <= LONGEST_WAY; ) {
    const op = graph.makerOf(name);
    if (op === undefined) return way.length > 0 && !graph.isFixed(name) ? way.reverse() : null;
    const running = op.operands.filter((operand) => !graph.isFixed(operand));
    const [x] = running;
    if (!PASSED.has(op.op) || x === undefined || running.length > 1 || graph.isReturned(name) || graph.usesOf(name) > 1) return null;
    const [before, after] = [graph.typeOf(x).shape, graph.typeOf(name).shape];
    if (op.op !== 'pad' && before.join() !== after.join()) return null;
    way.push({ op, x });
    name = x;
  }
  return null;
}
