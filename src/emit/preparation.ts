import type { Op, Program } from '../ir/program.ts';
import { heldValues, isVariable, needed } from './members.ts';

/** A part of the load stage that is computed as one. */
export interface Preparation {
  /** The function that computes it. */
  readonly name: string;
  readonly ops: readonly Op[];
  /** What it leaves behind for the other stages. */
  readonly values: readonly string[];
  /** The variables of the model that it depends on. */
  readonly variables: readonly string[];
}

/** The type of what such a function returns: `Prepared`, `PreparedPrefix`. */
export const preparedType = (name: string): string => name.replace('prepare', 'Prepared');

/**
 * The load stage in parts: what the prefix needs apart from what the suffix alone does, where they share no op. Newer weights of a head
 * then leave alone what was computed from those of a frozen backbone.
 */
export function preparationsOf(program: Program): readonly Preparation[] {
  const computed = heldValues(program)
    .map(({ value }) => value)
    .filter((value) => !isVariable(value));
  if (program.features === null) return parts([['prepare', computed]], program);
  const before = new Set(prefixWeights(program));
  const split = parts(
    [
      ['preparePrefix', computed.filter((value) => before.has(value))],
      ['prepareSuffix', computed.filter((value) => !before.has(value))],
    ],
    program,
  );
  const [first, second] = split.map(({ ops }) => new Set(ops));
  const isShared = first !== undefined && second !== undefined && [...first].some((op) => second.has(op));
  return split.length < 2 || isShared ? parts([['prepare', computed]], program) : split;
}

/** What the prefix reads and does not compute. */
export function prefixWeights(program: Program): readonly string[] {
  const used = new Set(program.ops.flatMap(({ stage, operands }) => (stage === 'prefix' ? operands : [])));
  return heldValues(program)
    .map(({ value }) => value)
    .filter((value) => used.has(value));
}

/** The variables that the prefix depends on. */
export function prefixVariables(program: Program): readonly string[] {
  const { weights } = needed(program, prefixWeights(program));
  return weights.map(({ name }) => name);
}

function parts(named: readonly (readonly [name: string, values: readonly string[]])[], program: Program): readonly Preparation[] {
  return named
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => {
      const { ops, weights } = needed(program, values);
      return { name, ops, values, variables: weights.map(({ name }) => name) };
    });
}
