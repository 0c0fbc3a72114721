import type { Op, Program } from '../ir/program.ts';
import { valuesOf } from '../ir/program.ts';
import { bytes, type TensorType } from '../ir/types.ts';
import { costOf } from '../ops/cost.ts';
import { Heap } from './heap.ts';
import { FlowNetwork } from './min-cut.ts';

/** How much of all FLOPs the suffix may do again for the sake of smaller features. */
const SLACK = 0.01;

/**
 * The prefix for `--hoist auto`: of the ops that depend on inputs and frozen weights alone, as many as make the features
 * small. First the suffix's FLOPs are least; then, within 1 % of all FLOPs of that, the bytes per sample that cross the cut,
 * by minimum cut over tensors, the latest cut on a tie.
 * @param running the ops that run per evaluation, in order
 */
export function frozenPrefix(program: Program, running: readonly Op[]): ReadonlySet<Op> {
  const values = valuesOf(program);
  const typeOf = (name: string): TensorType => values.get(name)?.type as TensorType;
  const hoistable = frozenOps(program, running);
  const total = running.reduce((sum, op) => sum + costOf(op, typeOf), 0);
  const movable = cheapTail(running, hoistable, (op) => costOf(op, typeOf), total * SLACK);

  // Nodes: the source, the inputs, each op and behind it its results, the sink.
  const nodes = new Map<Op | string, number>();
  for (const { name } of program.inputs) nodes.set(name, nodes.size + 1);
  for (const op of running) for (const node of [op, ...op.results.map(({ name }) => name)]) nodes.set(node, nodes.size + 1);
  const nodeOf = (node: Op | string): number => nodes.get(node) as number;
  const [source, sink] = [0, nodes.size + 1];
  const network = new FlowNetwork(nodes.size + 2);
  const makers = new Map(running.flatMap((op) => op.results.map(({ name }) => [name, op] as const)));
  for (const { name, type } of program.inputs) network.connect(source, nodeOf(name), bytes(type));
  for (const op of running) {
    const node = nodeOf(op);
    if (!hoistable.has(op)) network.connect(node, sink, Infinity);
    else if (!movable.has(op)) network.connect(source, node, Infinity);
    for (const { name, type } of op.results) network.connect(node, nodeOf(name), bytes(type));
    for (const operand of op.operands) {
      const tensor = nodes.get(operand);
      // A tensor that an op of the suffix takes crosses the cut, and an op of the prefix has all that it needs there.
      if (tensor !== undefined) network.connect(tensor, node, Infinity);
      const maker = makers.get(operand);
      if (maker !== undefined) network.connect(node, nodeOf(maker), Infinity);
    }
  }
  for (const { value } of program.outputs) {
    const tensor = nodes.get(value);
    if (tensor !== undefined) network.connect(tensor, sink, Infinity);
  }
  const before = network.largestSourceSide(source, sink);
  return new Set(running.filter((op) => hoistable.has(op) && before[nodeOf(op)]));
}

/** The ops that depend on nothing that training changes. */
export function frozenOps(program: Program, running: readonly Op[]): ReadonlySet<Op> {
  const changing = new Set(program.weights.filter(({ frozen }) => !frozen).map(({ name }) => name));
  for (const op of program.ops) {
    if (op.operands.some((name) => changing.has(name))) for (const { name } of op.results) changing.add(name);
  }
  return new Set(running.filter((op) => op.results.every(({ name }) => !changing.has(name))));
}

/**
 * Ops at the end of the hoistable part whose FLOPs together stay within a budget: of those that no other hoistable op waits
 * for, always the cheapest, and of equals the last.
 */
function cheapTail(running: readonly Op[], hoistable: ReadonlySet<Op>, cost: (op: Op) => number, budget: number): ReadonlySet<Op> {
  const makers = new Map(running.flatMap((op) => op.results.map(({ name }) => [name, op] as const)));
  const makersOf = (op: Op): Set<Op> => new Set(op.operands.flatMap((name) => makers.get(name) ?? []));
  const places = new Map(running.map((op, i) => [op, i]));
  const pending = new Map<Op, number>();
  for (const op of hoistable) for (const maker of makersOf(op)) pending.set(maker, (pending.get(maker) ?? 0) + 1);

  const ready = new Heap<{ readonly op: Op; readonly cost: number; readonly place: number }>((a, b) =>
    a.cost === b.cost ? a.place > b.place : a.cost < b.cost,
  );
  const offer = (op: Op): void => ready.push({ op, cost: cost(op), place: places.get(op) ?? 0 });
  for (const op of hoistable) if (!pending.has(op)) offer(op);
  const tail = new Set<Op>();
  let left = budget;
  for (let next = ready.pop(); next !== undefined && next.cost <= left; next = ready.pop()) {
    left -= next.cost;
    tail.add(next.op);
    for (const maker of makersOf(next.op)) {
      const remaining = (pending.get(maker) ?? 0) - 1;
      pending.set(maker, remaining);
      // What a hoistable op needs is hoistable itself.
      if (remaining === 0) offer(maker);
    }
  }
  return tail;
}
