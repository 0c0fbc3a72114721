import { array, either, number, oneOf, type Static } from '../schema/build.ts';

/** A number as JSON can hold it: JSON has no name for those that are not finite. */
export const anyNumber = either(number(), oneOf('NaN', 'Infinity', '-Infinity'));
export type AnyNumber = Static<typeof anyNumber>;

export const numbers = array(anyNumber);

export const toJson = (value: number): AnyNumber => (Number.isFinite(value) ? value : (String(value) as AnyNumber));
export const fromJson = (value: AnyNumber): number => Number(value);
