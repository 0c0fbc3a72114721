import type { Value } from '../../ir/program.ts';
import type { Dim } from '../../ir/types.ts';

/**
 * What a recurrent layer does at each step. All that depends on the sequence alone is computed before the loop: `project` takes the
 * whole sequence, [batch, steps, ...], or one step of another cell's outputs, [batch, ...], and gives tensors of the same leading axes.
 */
export interface Cell {
  /** Each state, without the batch, and what it is called. */
  readonly states: readonly { readonly role: string; readonly shape: readonly Dim[] }[];
  /** Which of the states is the output as well. */
  readonly output: number;
  project(x: Value): readonly Value[];
  /**
   * @param projected a step of what `project` gave
   * @returns the states behind the step
   */
  step(projected: readonly Value[], states: readonly Value[]): readonly Value[];
}
