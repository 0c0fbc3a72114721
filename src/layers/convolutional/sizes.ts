import { array, either, integer, type Schema } from '../../schema/build.ts';

/** Sizes along the spatial axes, as configs hold them: a number for all of them, or a list with one for each. */
export type Sizes = number | readonly number[];

/** @param minimum the least that makes sense */
export const sizesConfig = (rank: number, minimum = 1): Schema<Sizes> =>
  either(integer({ minimum }), array(integer({ minimum }), { minItems: rank, maxItems: rank }));

/** One size for each axis. */
export const perAxis = (sizes: Sizes, rank: number): readonly number[] =>
  typeof sizes === 'number' ? Array.from({ length: rank }, () => sizes) : sizes;
