import { array, either, integer, type Schema } from '../../schema/build.ts';

type Pair = readonly number[];
/** How much lies at the ends of the spatial axes: one number for all ends, or for each axis a number or a pair. */
export type Margins = number | readonly (number | Pair)[];

const count = integer({ minimum: 0 });
const pair = array(count, { minItems: 2, maxItems: 2 });

/** Margins as configs hold them; a single axis takes its pair without another list around it. */
export const marginsConfig = (rank: number): Schema<Margins> =>
  rank === 1
    ? either(count, pair, array(pair, { minItems: 1, maxItems: 1 }))
    : either(count, array(either(count, pair), { minItems: rank, maxItems: rank }));

/**
 * [before, after] for every axis of a tensor, in the order of its axes.
 * @param rank number of spatial axes
 * @param first the axis where they begin
 * @param length number of axes of the tensor
 */
export function marginsOfAxes(margins: Margins, rank: number, first: number, length: number): readonly (readonly [number, number])[] {
  const own = (spatial: number): readonly [number, number] => {
    const entry = typeof margins === 'number' ? margins : rank === 1 && margins.length === 2 ? (margins as Pair) : margins[spatial];
    return typeof entry === 'number' ? [entry, entry] : [entry?.[0] ?? 0, entry?.[1] ?? 0];
  };
  return Array.from({ length }, (_, axis) => (axis >= first && axis < first + rank ? own(axis - first) : [0, 0]));
}
