import type { Attrs, Op, Program, Value } from '../ir/program.ts';
import { valuesOf } from '../ir/program.ts';
import type { TensorType } from '../ir/types.ts';
import { opRow } from '../ops/index.ts';
import type { InferredType } from '../ops/row.ts';
import { fillDefaults } from '../schema/build.ts';

/** So many layers at most stand behind a joined op: in a chain of thousands, each line would name all before it. */
const MOST_LAYERS = 8;

/** The layers behind an op that takes the place of others, in the order in which they are given. */
export const layersOf = (...ops: readonly { readonly layers: readonly string[] }[]): readonly string[] =>
  [...new Set(ops.flatMap(({ layers }) => layers))].slice(-MOST_LAYERS);

/** The first result of an op, which of most is the only one. */
export const resultOf = ({ results }: Op): Value => results[0] as Value;

/**
 * How a new op's result is called: a name that it takes over, or one to be made out of `base` and a role. Sizes that only the op itself
 * can know are called as those of the value that it stands for, which others may speak of.
 */
export type Naming = { readonly name: string } | { readonly base: string; readonly role: string; readonly like?: string | undefined };

/**
 * A program while rules work on it, one op after the other: who makes a value, who uses it, and what is known of it. Ops
 * whose results nothing uses any more go at once, so that "has another use" is always true as of now.
 */
export class Graph {
  readonly #values: Map<string, Value>;
  readonly #makers = new Map<string, Op>();
  readonly #uses = new Map<string, number>();
  /** Uses by what runs for each input, as opposed to what runs once for the weights. */
  readonly #runningUses = new Map<string, number>();
  readonly #returned: ReadonlySet<string>;
  /** Values that depend on weights alone, and those of them that depend on frozen ones alone. */
  readonly #fixed = new Set<string>();
  readonly #frozen = new Set<string>();
  readonly #names: Set<string>;
  readonly #kept = new Set<Op>();

  constructor(program: Program) {
    this.#values = valuesOf(program);
    this.#names = new Set(this.#values.keys());
    for (const { name, frozen } of program.weights) {
      this.#fixed.add(name);
      if (frozen) this.#frozen.add(name);
    }
    const returned = [...program.outputs, ...program.cuts, ...(program.features ?? [])].map(({ value }) => value);
    this.#returned = new Set(returned);
    for (const name of returned) this.#count(this.#uses, name, 1);
    for (const op of program.ops) {
      this.#settle(op);
      this.#use(op, 1);
    }
  }

  /** The ops that are left, in order. */
  get ops(): readonly Op[] {
    return [...this.#kept];
  }

  typeOf(name: string): TensorType {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`no value ${name}`);
    return value.type;
  }

  /** The op that makes a value; inputs, weights and what loops compute in their steps have none. */
  makerOf(name: string): Op | undefined {
    return this.#makers.get(name);
  }

  /** How often a value is used, as an operand, an output or where the user asked for a cut. */
  usesOf(name: string): number {
    return this.#uses.get(name) ?? 0;
  }

  /** How often a value is an operand of something that runs for each input. */
  runningUsesOf(name: string): number {
    return this.#runningUses.get(name) ?? 0;
  }

  /** True where a value must stay what it is: it is an output, or stands where the user asked for a cut. */
  isReturned(name: string): boolean {
    return this.#returned.has(name);
  }

  /** True where a value is known once the weights are. */
  isFixed(name: string): boolean {
    return this.#fixed.has(name);
  }

  /** True where a value is known once the frozen weights are: no training of this model changes it. */
  isFrozen(name: string): boolean {
    return this.#frozen.has(name);
  }

  /** The numbers of a value that is known when compiling, or null. */
  constantOf(name: string): readonly number[] | null {
    const maker = this.makerOf(name);
    return maker?.op === 'constant' ? (maker.attrs['values'] as readonly number[]) : null;
  }

  /** An op with its results' types inferred; it is part of the program only once a rule gives it back. */
  op(name: string, operands: readonly string[], attrs: Attrs, naming: Naming, layers: readonly string[]): Op {
    const row = opRow(name);
    if (row === undefined) throw new TypeError(`no op ${name}`);
    const types = row.infer(
      operands.map((operand) => this.typeOf(operand)),
      fillDefaults(row.attrs, attrs),
    );
    const result = 'name' in naming ? naming.name : this.#fresh(`${naming.base}.${naming.role}`);
    const { dtype, shape } = (Array.isArray(types) ? types[0] : types) as InferredType;
    const given = this.#values.get('name' in naming ? result : (naming.like ?? ''))?.type;
    // A size that only the op's own name can stand for keeps the symbol that it had.
    const type = { dtype, shape: shape.map((dim, i) => dim ?? given?.shape[i] ?? `?${result.slice(1)}.${i}`) };
    const value: Value = { name: result, type };
    if (!('name' in naming)) this.#values.set(result, value);
    return { op: name, operands, attrs, results: [value], layers, stage: 'suffix' };
  }

  /** An op whose results are known to have these types: one of several results, or one that names sizes which nothing before has. */
  typedOp(
    name: string,
    operands: readonly string[],
    attrs: Attrs,
    results: readonly { readonly naming: Naming; readonly type: TensorType }[],
    layers: readonly string[],
  ): Op {
    const values = results.map(({ naming, type }): Value => {
      const value: Value = { name: 'name' in naming ? naming.name : this.#fresh(`${naming.base}.${naming.role}`), type };
      if (!('name' in naming)) this.#values.set(value.name, value);
      return value;
    });
    return { op: name, operands, attrs, results: values, layers, stage: 'suffix' };
  }

  #fresh(base: string): string {
    const stem = `%${base.replace(/^[%@]/, '').replaceAll('/', '.')}`;
    let name = stem;
    for (let n = 1; this.#names.has(name); n++) name = `${stem}~${n}`;
    this.#names.add(name);
    return name;
  }

  /** Adds an op at the end; its operands have been counted where it was in the program from the start. */
  keep(op: Op, isNew: boolean): void {
    this.#kept.add(op);
    for (const value of op.results) {
      this.#makers.set(value.name, op);
      this.#values.set(value.name, value);
    }
    if (!isNew) return;
    this.#settle(op);
    this.#use(op, 1);
  }

  /** Notes whether an op's results are known once the weights are. */
  #settle({ operands, results }: Op): void {
    for (const known of [this.#fixed, this.#frozen]) {
      if (operands.every((name) => known.has(name))) for (const { name } of results) known.add(name);
    }
  }

  /** Takes back the uses that an op makes of its operands; what nothing uses any more goes, and what only that used. */
  release(op: Op): void {
    const released = [op];
    for (let next = released.pop(); next !== undefined; next = released.pop()) {
      this.#use(next, -1);
      for (const name of next.operands) {
        const maker = this.#makers.get(name);
        if (maker === undefined || this.usesOf(name) > 0 || maker.results.some((result) => this.usesOf(result.name) > 0)) continue;
        if (this.#kept.delete(maker)) released.push(maker);
      }
    }
  }

  #use({ operands, results }: Op, count: number): void {
    const runs = results.some(({ name }) => !this.#fixed.has(name));
    for (const name of operands) {
      this.#count(this.#uses, name, count);
      if (runs) this.#count(this.#runningUses, name, count);
    }
  }

  #count(uses: Map<string, number>, name: string, count: number): void {
    uses.set(name, (uses.get(name) ?? 0) + count);
  }
}
