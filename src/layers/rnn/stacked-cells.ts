import type { Value } from '../../ir/program.ts';
import type { Cell } from './cell.ts';

/**
 * Cells one on top of the other: each takes the output of the one below at the same step.
 * @param topFirst in which order the states stand for who calls the layer: tfjs-layers has those of the last cell first, Keras those of
 * the first
 */
export function stackedCells(cells: readonly [Cell, ...Cell[]], topFirst: boolean): Cell {
  const [first, ...above] = cells;
  const top = above.at(-1) ?? first;
  const order = topFirst ? cells.toReversed() : cells;
  const starts = new Map<Cell, number>();
  let count = 0;
  for (const cell of order) {
    starts.set(cell, count);
    count += cell.states.length;
  }
  const startOf = (cell: Cell): number => starts.get(cell) ?? 0;
  return {
    states: order.flatMap((cell) => cell.states),
    output: startOf(top) + top.output,
    project: (x) => first.project(x),
    step(projected, before) {
      const next: Value[] = [];
      let input = projected;
      for (const [i, cell] of cells.entries()) {
        const start = startOf(cell);
        const made = cell.step(input, before.slice(start, start + cell.states.length));
        for (const [k, state] of made.entries()) next[start + k] = state;
        const cellAbove = cells[i + 1];
        if (cellAbove !== undefined) input = cellAbove.project(made[cell.output] as Value);
      }
      return next;
    },
  };
}
