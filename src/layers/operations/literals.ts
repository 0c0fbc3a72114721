import type { DType } from '../../ir/types.ts';
import { numbersOf } from '../preprocessing/numbers.ts';
import { dtypeNamed } from './dtypes.ts';

/** Numbers that stand in the file. */
export interface Literal {
  readonly values: readonly number[];
  readonly shape: readonly number[];
  readonly dtype: DType;
}

const LARGEST_INTEGER = 2 ** 31 - 1;

/**
 * A number, a truth value, nested lists of them, or an array as Keras 3 writes it; null for anything else. JSON does not tell 2 from
 * 2.0: whole numbers are integers, which become floats beside floats.
 */
export function literalOf(given: unknown): Literal | null {
  if (typeof given === 'boolean') return { values: [Number(given)], shape: [], dtype: 'bool' };
  const numbers = numbersOf(given) ?? numbersOf(truthsAsNumbers(given));
  if (numbers === null) return null;
  const dtype = statedDType(given) ?? (isTruths(given) ? 'bool' : numbers.values.every(isInteger) ? 'i32' : 'f32');
  return { ...numbers, dtype };
}

const isInteger = (value: number): boolean => Number.isInteger(value) && Math.abs(value) <= LARGEST_INTEGER;

/** The dtype of an array that Keras 3 wrote with one. */
function statedDType(given: unknown): DType | null {
  const name = (given as { config?: { dtype?: unknown } | null } | null)?.config?.dtype;
  return typeof name === 'string' ? dtypeNamed(name) : null;
}

const inner = (given: unknown): unknown => (given as { config?: { value?: unknown } | null } | null)?.config?.value ?? given;

/** Lists of truth values, which are numbers nowhere else. */
function isTruths(given: unknown): boolean {
  let first: unknown = inner(given);
  while (Array.isArray(first)) first = first[0];
  return typeof first === 'boolean';
}

const DEEPEST = 8;

function truthsAsNumbers(given: unknown, depth = 0): unknown {
  const value = depth === 0 ? inner(given) : given;
  if (typeof value === 'boolean') return Number(value);
  return Array.isArray(value) && depth < DEEPEST ? value.map((item) => truthsAsNumbers(item, depth + 1)) : value;
}
