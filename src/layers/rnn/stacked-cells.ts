import type { Value } from '../../ir/program.ts';
import type { Cell } from './cell.ts';

/** Cells one on top of the other: each takes the output of the one below at the same step. */
export function stackedCells(cells: readonly [Cell, ...Cell[]]): Cell {
  const [first, ...above] = cells;
  const top = above.at(-1) ?? first;
  const states = cells.flatMap((cell) => cell.states);
  return {
    states,
    output: states.length - top.states.length + top.output,
    project: (x) => first.project(x),
    step(projected, before) {
      let next = first.step(projected, before.slice(0, first.states.length));
      let below = next[first.output] as Value;
      for (const cell of above) {
        const made = cell.step(cell.project(below), before.slice(next.length, next.length + cell.states.length));
        next = [...next, ...made];
        below = made[cell.output] as Value;
      }
      return next;
    },
  };
}
