import type { Op } from '../../ir/program.ts';
import { isKnown } from '../../ir/types.ts';
import type { Graph } from '../graph.ts';
import { isNumber, type Workshop } from './channels.ts';

/**
 * Ops that a scale can pass, as they treat every channel alike and are linear: what they give of scaled channels is what they give,
 * scaled. A shift passes those of them that only move elements.
 */
export interface Move {
  readonly op: Op;
  /**
   * How often the channels of the one side stand in those of the other: over 1 where the operand has more, under 1 where the result has.
   * Null where the channels are not to be told any more: then only a number, which is for all of them, passes.
   */
  readonly copies: number | null;
  readonly passesShift: boolean;
}

export function moveOf(op: Op | undefined, graph: Graph): Move | null {
  const [operand, result] = [op?.operands[0], op?.results[0]];
  if (op === undefined || operand === undefined || result === undefined) return null;
  const before = graph.typeOf(operand).shape;
  const last = before.length - 1;
  const [inputs, outputs] = [before[last], result.type.shape.at(-1)];
  if (inputs === undefined || outputs === undefined || !isKnown(inputs) || !isKnown(outputs)) return null;
  const plain = { op, copies: 1, passesShift: true };
  switch (op.op) {
    case 'reshape':
      return { ...plain, copies: inputs % outputs === 0 || outputs % inputs === 0 ? inputs / outputs : null };
    case 'transpose':
      return { ...plain, copies: (op.attrs['perm'] as readonly number[]).at(-1) === last ? 1 : null };
    case 'slice':
      return inputs === outputs ? plain : null;
    case 'pad': {
      const paddings = op.attrs['paddings'] as readonly (readonly number[])[];
      return op.attrs['value'] === 0 && paddings[last]?.every((count) => count === 0) ? { ...plain, passesShift: false } : null;
    }
    case 'avgPool':
      return plain;
    case 'mean':
      return (op.attrs['axes'] as readonly number[]).includes(last) ? null : plain;
    default:
      return null;
  }
}

/** A scale or shift of an op's result as one of its operand: up the program. */
export function before({ op, copies }: Move, vector: string, graph: Graph, workshop: Workshop, base: string): string | null {
  return repeated(vector, copies, Number(graph.typeOf(op.operands[0] as string).shape.at(-1)), graph, workshop, base);
}

/** A scale or shift of an op's operand as one of its result: down the program. */
export function behind({ op, copies }: Move, vector: string, graph: Graph, workshop: Workshop, base: string): string | null {
  return repeated(vector, copies && 1 / copies, Number(op.results[0]?.type.shape.at(-1)), graph, workshop, base);
}

/** A vector several times over; a number is for all channels, however many. Null where a part of the vector would be left over. */
function repeated(vector: string, times: number | null, channels: number, graph: Graph, workshop: Workshop, base: string): string | null {
  if (times === 1 || isNumber(graph.typeOf(vector).shape)) return vector;
  if (times === null || times < 1) return null;
  const flat = workshop.shaped(vector, [channels / times], base, 'channels');
  return workshop.make('tile', [flat], { reps: [times] }, base, 'repeated');
}
