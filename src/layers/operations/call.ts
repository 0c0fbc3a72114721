import type { Value } from '../../ir/program.ts';
import type { DType } from '../../ir/types.ts';
import { type Arg, isTensorArg } from '../../model/graph.ts';
import { brief } from '../../schema/validate.ts';
import type { Lowering } from '../row.ts';
import { commonDType, dtypeNamed } from './dtypes.ts';
import { type Literal, literalOf } from './literals.ts';
import type { Bound } from './signature.ts';

/** More elements than any constant of a model has that was written by hand. */
const MOST = 2 ** 20;

/** Whose function is called: those of TensorFlow differ from Keras 3's here and there. */
export type Form = 'keras' | 'tf';

/**
 * A call of an operation: what it is given, by the names that Keras 3 gives its parameters. A parameter that is missing or None has the
 * fallback that the reader names; without one it is an error.
 */
export class Call {
  readonly layer: Lowering;
  readonly form: Form;
  readonly #name: string;
  readonly #bound: Bound;
  readonly #config: Readonly<Record<string, unknown>>;

  constructor(layer: Lowering, form: Form, name: string, bound: Bound, config: Readonly<Record<string, unknown>> = {}) {
    this.layer = layer;
    this.form = form;
    this.#name = name;
    this.#bound = bound;
    this.#config = config;
  }

  /** The argument as the file holds it; undefined where it is missing or None. */
  raw(name: string): unknown {
    const given = this.#bound.get(name);
    if (given !== undefined) return given ?? undefined;
    return Object.hasOwn(this.#config, name) ? (this.#config[name] ?? undefined) : undefined;
  }

  has(name: string): boolean {
    return this.raw(name) !== undefined;
  }

  /** A tensor, or a number or an array that is written into the file. */
  tensor(name: string, dtype?: DType): Value {
    const operand = this.#operand(name, this.raw(name));
    return isValue(operand) ? (dtype === undefined ? operand : this.layer.cast(operand, dtype)) : this.#written(operand, name, dtype);
  }

  /** As `tensor`, as floats. */
  float(name: string): Value {
    return this.tensor(name, 'f32');
  }

  /**
   * Several operands under the dtype that Keras gives their combination: floats where there is one, else integers.
   * @param least the lowest dtype they may have: `i32` where truth values count as numbers
   */
  together(names: readonly string[], least: DType = 'bool'): readonly Value[] {
    const operands = names.map((name) => this.#operand(name, this.raw(name)));
    return this.#promoted(operands, (i) => names[i] as string, least);
  }

  /**
   * A list of tensors under one dtype.
   * @param others how many items at the end of the list are something else
   */
  tensors(name: string, least: DType = 'bool', others = 0): readonly Value[] {
    const given = this.raw(name);
    const list = Array.isArray(given) ? (given as readonly unknown[]).slice(0, given.length - others) : [given];
    if (list.length === 0) return this.mismatch('a list of tensors', given);
    return this.#promoted(
      list.map((item) => this.#operand(name, item)),
      (i) => `${name}_${i}`,
      least,
    );
  }

  /** True where the argument is, or holds, no tensor: its value is known when compiling. */
  isWritten(name: string): boolean {
    return this.has(name) && literalOf(this.raw(name)) !== null;
  }

  /** Numbers that are known when compiling. */
  literal(name: string): Literal {
    return (
      literalOf(this.raw(name)) ?? this.unsupported(`${name} computed by the model`, 'give it as a number, known when the model is built')
    );
  }

  number(name: string, fallback?: number): number {
    if (fallback !== undefined && !this.has(name)) return fallback;
    const value = literalOf(this.raw(name));
    const [number] = value?.values ?? [];
    if (value === null || number === undefined || value.values.length > 1) return this.mismatch(`${name} as a number`, this.raw(name));
    return number;
  }

  integer(name: string, fallback?: number): number {
    const number = this.number(name, fallback);
    return Number.isInteger(number) ? number : this.mismatch(`${name} as an integer`, number);
  }

  /** One integer, or a list of them. */
  integers(name: string): readonly number[] {
    const value = literalOf(this.raw(name));
    if (value === null || value.shape.length > 1 || !value.values.every(Number.isInteger))
      return this.mismatch(`${name} as a list of integers`, this.raw(name));
    return value.values;
  }

  flag(name: string, fallback: boolean): boolean {
    const given = this.raw(name);
    if (given === undefined) return fallback;
    return typeof given === 'boolean' ? given : this.mismatch(`${name} as true or false`, given);
  }

  text(name: string, fallback: string): string {
    const given = this.raw(name);
    if (given === undefined) return fallback;
    return typeof given === 'string' ? given : this.mismatch(`${name} as a string`, given);
  }

  /** Refuses a parameter where it is given and is not what skipc computes. */
  only(name: string, ...values: readonly unknown[]): void {
    const given = this.raw(name);
    if (given !== undefined && !values.includes(given)) this.unsupported(`${name}=${brief(given)}`, `leave ${name} out`);
  }

  /** The dtype that the call asks for, null where it asks for none. */
  dtype(name = 'dtype'): DType | null {
    const given = this.raw(name);
    if (given === undefined) return null;
    if (typeof given !== 'string') return this.mismatch(`${name} as the name of a dtype`, given);
    return dtypeNamed(given) ?? this.unsupported(`${name}=${brief(given)}`, 'use float32, int32 or bool');
  }

  /**
   * Checks how many numbers a constant, or tensors a split, is to have before they are made.
   * @throws SkipcError `layer-unsupported`
   */
  bounded(count: number): number {
    return count <= MOST
      ? count
      : this.unsupported(`a constant of ${count} elements`, `work on tensors of no more than ${MOST} elements there`);
  }

  unsupported(what: string, instead: string): never {
    return this.layer.unsupported(`skipc does not compile ${this.#name} with ${what}`, instead);
  }

  mismatch(expected: string, found: unknown): never {
    return this.layer.mismatch(`${this.#name} takes ${expected}, not`, brief(found));
  }

  #operand(name: string, given: unknown): Value | Literal {
    if (given !== undefined && this.#bound.has(name) && isTensorArg(given as Arg))
      return this.layer.value((given as { tensor: string }).tensor);
    return literalOf(given) ?? this.mismatch(`${name} as a tensor or numbers`, given);
  }

  #promoted(operands: readonly (Value | Literal)[], role: (i: number) => string, least: DType): readonly Value[] {
    const common = commonDType([least, ...operands.map((operand) => (isValue(operand) ? operand.type.dtype : operand.dtype))]);
    if (common === 'str') return this.mismatch('numbers', 'strings');
    return operands.map((operand, i) => (isValue(operand) ? this.layer.cast(operand, common) : this.#written(operand, role(i), common)));
  }

  #written({ values, shape, dtype }: Literal, role: string, wanted: DType = dtype): Value {
    const stored = wanted === 'bool' ? values.map((value) => Number(value !== 0)) : wanted === 'i32' ? values.map(Math.trunc) : values;
    return this.layer.constant(stored, shape, role, wanted);
  }
}

const isValue = (operand: Value | Literal): operand is Value => 'type' in operand;
