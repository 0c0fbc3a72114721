import type { Op } from '../../ir/program.ts';
import { elements, type Shape, sameType, type TensorType } from '../../ir/types.ts';
import { type Graph, resultOf } from '../graph.ts';

/**
 * Scales and shifts: numbers that depend on weights alone, one for each channel or one for all. Channels are the last axis.
 */

/** What an op multiplies its operand by, or divides it by. */
export interface Scale {
  readonly x: string;
  readonly by: string;
  readonly divides: boolean;
}

/** What an op adds to its operand, or subtracts from it. */
export interface Shift {
  readonly x: string;
  readonly by: string;
  readonly subtracts: boolean;
}

/** `mul(x, s)`, `mul(s, x)` or `div(x, s)`, or null. */
export function scaleOf(op: Op, graph: Graph): Scale | null {
  const found = op.op === 'mul' || op.op === 'div' ? withFixed(op, graph, op.op === 'mul') : null;
  return found && { ...found, divides: op.op === 'div' };
}

/** `add(x, b)`, `add(b, x)` or `sub(x, b)`, or null. */
export function shiftOf(op: Op, graph: Graph): Shift | null {
  const found = op.op === 'add' || op.op === 'sub' ? withFixed(op, graph, op.op === 'add') : null;
  return found && { ...found, subtracts: op.op === 'sub' };
}

/** The operands of an op of two, where one is known once the weights are, gives a number a channel, and makes the result no larger. */
function withFixed(op: Op, graph: Graph, commutes: boolean): { readonly x: string; readonly by: string } | null {
  const [a, b] = op.operands as readonly [string, string];
  const [x, by] = graph.isFixed(b) ? [a, b] : commutes && graph.isFixed(a) ? [b, a] : [null, null];
  if (x === null || graph.isFixed(x) || graph.typeOf(x).dtype !== 'f32') return null;
  const { shape } = graph.typeOf(x);
  return isAlongChannels(graph.typeOf(by).shape, shape) ? { x, by } : null;
}

/** True where a shape holds one number for each of the last axis's places, or one in all, and broadcasts to `shape` as it is. */
export function isAlongChannels(of: Shape, shape: Shape): boolean {
  if (of.length > shape.length) return false;
  const last = of.at(-1) ?? 1;
  return of.slice(0, -1).every((dim) => dim === 1) && (last === 1 || last === shape.at(-1));
}

/** Makes the ops that a rule gives back, each called after the tensor for whose sake it is there. */
export class Workshop {
  readonly made: Op[] = [];
  readonly #graph: Graph;
  readonly #layers: readonly string[];

  constructor(graph: Graph, layers: readonly string[]) {
    this.#graph = graph;
    this.#layers = layers;
  }

  /**
   * The result of a new op, which is called `base.role`.
   * @param like the value for which it stands in: sizes that only that could tell keep their symbols
   */
  make(name: string, operands: readonly string[], attrs: Op['attrs'], base: string, role: string, like?: string): string {
    return this.#add(this.#graph.op(name, operands, attrs, { base, role, like }, this.#layers));
  }

  /**
   * All ops, the last of which takes over the name of another's result. Null where sizes would be called otherwise than what is behind
   * it calls them: a size that was not known before may turn out to be one that has a symbol.
   */
  finish(name: string, operands: readonly string[], attrs: Op['attrs'], result: string): readonly Op[] | null {
    const op = this.#graph.op(name, operands, attrs, { name: result }, this.#layers);
    if (!sameType(op.results[0]?.type as TensorType, this.#graph.typeOf(result))) return null;
    this.#add(op);
    return this.made;
  }

  /** A vector or a number under another shape; the same value where it has that already. */
  shaped(value: string, shape: readonly number[], base: string, role: string): string {
    const found = this.#graph.typeOf(value).shape;
    return found.join() === shape.join() ? value : this.make('reshape', [value], { shape }, base, role);
  }

  #add(op: Op): string {
    this.made.push(op);
    return resultOf(op).name;
  }
}

/** True where a scale or shift is one number for all channels. */
export const isNumber = (shape: Shape): boolean => elements(shape) === 1;
