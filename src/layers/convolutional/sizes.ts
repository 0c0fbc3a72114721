import { array, either, integer, type Schema } from '../../schema/build.ts';

/** Sizes along the spatial axes, as configs hold them: a number for all of them, or a list with one for each. */
export type Sizes = number | readonly number[];

/** More than any layer needs, and few enough that counting them one by one takes no time. */
const LARGEST = 65_536;

/** @param minimum the least that makes sense */
export const sizesConfig = (rank: number, minimum = 1): Schema<Sizes> => {
  const size = integer({ minimum, maximum: LARGEST });
  return either(size, array(size, { minItems: rank, maxItems: rank }));
};

/** One size for each axis. */
export const perAxis = (sizes: Sizes, rank: number): readonly number[] =>
  typeof sizes === 'number' ? Array.from({ length: rank }, () => sizes) : sizes;
