import { isKnown, type Shape } from '../../ir/types.ts';
import type { Graph } from '../graph.ts';
import type { Workshop } from './channels.ts';
import { movesNothing, type Perm, permuted, withRank } from './layout-axes.ts';

/**
 * An operand that stands beside turned ones, turned alike: by a reshape where that is enough, else by a transpose, which must be of something
 * that depends on weights alone.
 * @param broadcasts whether it may have fewer axes than the perm, and may be given fewer
 */
export function turnedOperand(value: string, perm: Perm, broadcasts: boolean, graph: Graph, workshop: Workshop, base: string): string {
  const { shape } = graph.typeOf(value);
  if (broadcasts && shape.every((dim) => dim === 1)) return value;
  const whole = withRank(shape, perm.length);
  const turned = permuted(whole, perm);
  if (movesNothing(whole, perm)) return relabelled(value, broadcasts ? trimmed(turned) : turned, graph, workshop, base);
  if (!graph.isFixed(value)) throw new TypeError(`${value} is not known when weights are loaded`);
  const full = shape.length === perm.length ? value : workshop.make('reshape', [value], { shape: whole }, base, 'whole');
  return workshop.make('transpose', [full], { perm }, base, 'turned_operand');
}

/** Without the ones before it: a number for each channel is a vector. */
function trimmed(shape: Shape): Shape {
  const first = shape.findIndex((dim) => dim !== 1);
  return first < 0 ? [] : shape.slice(first);
}

function relabelled(value: string, shape: Shape, graph: Graph, workshop: Workshop, base: string): string {
  const maker = graph.makerOf(value);
  const source = maker?.op === 'reshape' ? maker.operands[0] : undefined;
  // Often the vector that was given the axes of a tensor whose channels come first.
  if (source !== undefined && shape.every(isKnown) && graph.typeOf(source).shape.join() === shape.join()) return source;
  return graph.typeOf(value).shape.join() === shape.join() ? value : workshop.make('reshape', [value], { shape }, base, 'turned_operand');
}
