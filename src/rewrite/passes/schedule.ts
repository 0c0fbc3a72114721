import type { Op, Program, Stage } from '../../ir/program.ts';
import { valuesOf } from '../../ir/program.ts';
import type { TensorType } from '../../ir/types.ts';
import { depthFirstOrder, greedyOrder } from '../list-orders.ts';
import { lineOfStage } from '../liveness.ts';
import { moved, nearOrder } from '../near-order.ts';
import { Allowance } from '../order-search.ts';
import type { Pass } from '../pass.ts';
import { type Line, lowestPeak, peakOf, storageOf } from '../storage.ts';
import { orderWindows } from '../windows.ts';

/**
 * Purpose:  an order of the ops in which fewer bytes of tensors are alive at once, each being disposed at its last use.
 * Requires: a valid program whose ops are in their stages.
 * Ensures:  the same ops in the same stages, the peak of none higher than before; where the order before is as good, that very order,
 *           and else few ops move.
 *
 *   %a = conv2d %x, @a/kernel          %a = conv2d %x, @a/kernel
 *   %b = conv2d %x, @b/kernel    =>    %p = globalPool %a
 *   %p = globalPool %a                 %b = conv2d %x, @b/kernel
 *   %q = globalPool %b                 %q = globalPool %b
 */
export const schedule: Pass = {
  name: 'schedule',
  purpose: 'order the ops of each stage so that fewer bytes of tensors are alive at once',
  run(program) {
    const values = valuesOf(program);
    const typeOf = (name: string): TensorType => values.get(name)?.type as TensorType;
    const ops = (['load', 'prefix', 'suffix'] satisfies Stage[]).flatMap((stage) => ordered(lineOfStage(program, stage, typeOf)));
    return ops.every((op, i) => op === program.ops[i]) ? program : ({ ...program, ops } satisfies Program);
  },
};

/** The part of the peak that an order must save to be worth the lines that it moves. */
const WORTH_MOVING = 0.001;

/** Lines of more ops stay as they are: to look for a better order would take longer than all the rest. */
const MOST_OPS = 20_000;

/** The ops of a line in the best order that is found; of those that are as good, but for what is not worth it, the one that moves fewest. */
function ordered(line: Line): readonly Op[] {
  if (line.ops.length > MOST_OPS) return line.ops;
  const storage = storageOf(line);
  const lowest = lowestPeak(storage);
  const own = peakOf(storage);
  if (own <= lowest) return line.ops;
  const allowance = new Allowance(line.ops.length);
  const found: { readonly order: readonly number[]; readonly peak: number }[] = [];
  let best = own;
  const add = (order: readonly number[]): void => {
    const peak = peakOf(storage, order);
    found.push({ order, peak });
    best = Math.min(best, peak);
  };
  for (const start of [[...line.ops.keys()], depthFirstOrder(storage), greedyOrder(storage)]) {
    add(start);
    // Where an order is as good as can be, no part of another need be looked at.
    if (best <= lowest) continue;
    const order = orderWindows(storageOf({ ...line, ops: permuted(line.ops, start) }), best, allowance);
    if (order !== null) add(permuted(start, order));
  }
  const enough = best * (1 + WORTH_MOVING);
  if (own <= enough) return line.ops;
  const near = found.filter(({ peak }) => peak <= enough).map(({ order }) => nearOrder(storage, order, enough));
  const distances = near.map(moved);
  return permuted(line.ops, near[distances.indexOf(Math.min(...distances))] as number[]);
}

const permuted = <T>(items: readonly T[], order: readonly number[]): T[] => order.map((place) => items[place] as T);
