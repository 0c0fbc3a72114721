import type { Value } from '../../ir/program.ts';
import type { Dim } from '../../ir/types.ts';

/**
 * What a recurrent layer does at each step. All that depends on the sequence alone is computed before the loop: `project` takes the
 * whole sequence, [batch, steps, ...], or one step of another cell's outputs, [batch, ...], and gives tensors of the same leading axes.
 */
export interface Cell {
  /** Each state, without the batch, and what it is called. */
  readonly states: readonly CellState[];
  /** Which of the states is the output as well. */
  readonly output: number;
  project(x: Value): readonly Value[];
  /**
   * @param projected a step of what `project` gave
   * @returns the states behind the step
   */
  step(projected: readonly Value[], states: readonly Value[]): readonly Value[];
  /** Where Keras has the states, and with them the output, in another layout than the loop. */
  readonly layout?: StateLayout;
}

export interface CellState {
  readonly role: string;
  readonly shape: readonly Dim[];
}

export interface StateLayout {
  /** The shape of a state as Keras has it, without the batch. */
  readonly outside: readonly Dim[];
  /** A state of Keras, [batch, ...outside], as the loop has it, or a mask of it, some of whose sizes are 1. */
  enter(state: Value): Value;
  /** The inverse of `enter`; with `leading` 2 for all steps, [batch, steps, ...]. */
  leave(value: Value, leading: 1 | 2): Value;
}
