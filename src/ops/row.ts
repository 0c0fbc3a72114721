import { fail } from '../diagnostics/error.ts';
import type { Dim, DType, TensorType } from '../ir/types.ts';
import { showShape } from '../ir/types.ts';
import type { BodyTypes } from '../ir/verify.ts';
import type { Schema } from '../schema/build.ts';
import type { Code } from './code.ts';

/** A result's type as an op's row infers it: null is a size that nothing before it has. */
export interface InferredType {
  readonly dtype: DType;
  readonly shape: readonly (Dim | null)[];
}

export interface Emission<A> {
  readonly args: readonly Code[];
  readonly attrs: A;
  readonly operands: readonly TensorType[];
  readonly results: readonly TensorType[];
}

/** An op of the IR: one tfjs op, mostly. */
export interface OpRow<A = unknown> {
  readonly doc: string;
  readonly attrs: Schema<A>;
  /** How many operands it takes; null is any number from one on. */
  readonly arity: number | null | { readonly least: number; readonly most: number };
  /**
   * Types of the results.
   * @param body what a loop's body takes and gives
   * @throws SkipcError `shape-mismatch` where the operands do not fit
   */
  infer(operands: readonly TensorType[], attrs: A, body?: BodyTypes): InferredType | readonly InferredType[];
  /** Floating-point operations (a multiply-add counts two), unknown sizes counting as one; those of a loop's body not included. */
  cost(operands: readonly TensorType[], results: readonly TensorType[], attrs: A): number;
  /** How often the op runs its body, an unknown number counting as one. */
  steps?(operands: readonly TensorType[]): number;
  /** True where the only result equals the first operand, whatever that holds. */
  identity?(attrs: A, operands: readonly TensorType[], results: readonly TensorType[]): boolean;
  /** The kernels that the emitted expression may run. */
  readonly kernels: readonly string[];
  /** Those of them that it does run with so many operands, where that depends. */
  runs?(operands: number, attrs: A): readonly string[];
  /** The expression of the results; a loop is emitted as statements. */
  emit?(emission: Emission<A>): Code;
}

/** True where an op of that arity takes so many operands. */
export function accepts(arity: OpRow['arity'], count: number): boolean {
  if (arity === null) return count > 0;
  return typeof arity === 'number' ? count === arity : count >= arity.least && count <= arity.most;
}

export const op = <A>(row: OpRow<A>): OpRow<A> => row;

/** An op that moves or relabels elements and computes nothing. */
export const free = (): number => 0;

export function mismatch(what: string, operands: readonly TensorType[]): never {
  fail('shape-mismatch', { what, found: operands.map((type) => showShape(type.shape)).join(' and ') });
}

/**
 * Checks the dtypes of all operands.
 * @throws SkipcError `shape-mismatch`
 */
export function takes(dtypes: readonly DType[], name: string, operands: readonly TensorType[]): void {
  const other = operands.find(({ dtype }) => !dtypes.includes(dtype));
  if (other !== undefined) mismatch(`${name} takes ${dtypes.join(' or ')}, not ${other.dtype}`, operands);
}

/** The operand at a position; the arity was checked before. */
export function at<T>(items: readonly T[], position: number): T {
  const item = items[position];
  if (item === undefined) throw new RangeError(`no item ${position} of ${items.length}`);
  return item;
}
