import type { BodyOp, Op, Output, Program } from '../../../src/ir/program.ts';
import { lastUses } from '../../../src/rewrite/liveness.ts';
import { Concrete, type ConcreteOp } from './concrete.ts';

/** How a straight line spells what it does: through functions of tfjs, or kernel by kernel. */
export interface Dialect {
  /**
   * An expression of the op's result, or of a list of its results.
   * @param args how the line refers to the operands
   * @param hold gives a value that is made once a name
   * @throws CannotRun where the dialect has no word for it
   */
  expression(op: ConcreteOp, args: readonly string[], hold: (value: unknown) => string): string;
  unstack(sequence: string): string;
  stack(list: string): string;
  clone(tensor: string): string;
}

/** The text of a function from tensors to tensors, and what it holds. */
export interface Line {
  /** Values of a program that the function takes as its arguments, in order. */
  readonly takes: readonly string[];
  readonly statements: readonly string[];
  /** References to what it returns. */
  readonly returns: readonly string[];
  readonly held: ReadonlyMap<string, unknown>;
}

/**
 * Writes ops of a program one below the other, each tensor disposed of at its last use.
 * @param takes what the line is given and does not own
 * @param outputs what it returns; what is not its own goes out as a clone
 */
export function writeLine(
  program: Program,
  ops: readonly Op[],
  takes: readonly string[],
  outputs: readonly Output[],
  batch: number,
  dialect: Dialect,
): Line {
  const writer = new Writer(new Concrete(program, batch), dialect);
  const borrowed = new Set(takes);
  for (const name of takes) writer.reference(name);
  const returned = new Set(outputs.map(({ value }) => value));
  const statements = writer.ops(ops, new Set([...borrowed, ...returned]));
  const given = new Set<string>();
  const returns = outputs.map(({ value }) => {
    const own = !borrowed.has(value) && !given.has(value);
    given.add(value);
    return own ? writer.reference(value) : dialect.clone(writer.reference(value));
  });
  return { takes: takes.map((name) => writer.reference(name)), statements, returns, held: writer.held };
}

class Writer {
  readonly held = new Map<string, unknown>();
  readonly #concrete: Concrete;
  readonly #dialect: Dialect;
  readonly #names = new Map<string, string>();

  constructor(concrete: Concrete, dialect: Dialect) {
    this.#concrete = concrete;
    this.#dialect = dialect;
  }

  reference(name: string): string {
    const known = this.#names.get(name) ?? `v${this.#names.size}`;
    this.#names.set(name, known);
    return known;
  }

  ops(ops: readonly Op[], kept: ReadonlySet<string>): string[] {
    return this.#lines(ops, kept, (op) => (op.body === undefined ? [this.#statement(op)] : this.#loop(op, op.body)));
  }

  #lines<T extends BodyOp>(ops: readonly T[], kept: ReadonlySet<string>, write: (op: T) => readonly string[]): string[] {
    const dying = lastUses(ops, kept);
    return ops.flatMap((op, i) => [...write(op), ...(dying[i] ?? []).map((name) => `${this.reference(name)}.dispose();`)]);
  }

  #statement(op: BodyOp): string {
    const args = op.operands.map((name) => this.reference(name));
    const expression = this.#dialect.expression(this.#concrete.op(op), args, (value) => this.#hold(value));
    const results = op.results.map(({ name }) => this.reference(name));
    return `const ${results.length === 1 ? results[0] : `[${results.join(', ')}]`} = ${expression};`;
  }

  #hold(value: unknown): string {
    const name = `c${this.held.size}`;
    this.held.set(name, value);
    return name;
  }

  /** A scan: what it carries is given for its first step, and the loop's own from then on. */
  #loop(op: Op, body: NonNullable<Op['body']>): string[] {
    const [sequences, carried] = [op.attrs['sequences'] as number, op.attrs['carried'] as number];
    const [slices, state] = [body.params.slice(0, sequences), body.params.slice(sequences)].map((values) =>
      values.map(({ name }) => this.reference(name)),
    ) as [string[], string[]];
    const [ends, collections] = [op.results.slice(0, carried), op.results.slice(carried)].map((values) =>
      values.map(({ name }) => this.reference(name)),
    ) as [string[], string[]];
    const step = `${slices[0]}_step`;
    const steps = `${slices[0]}_list.length`;
    const own = new Set([...body.ops.flatMap(({ results }) => results.map(({ name }) => name))]);
    const yields = body.yields.map((name) => (own.delete(name) ? this.reference(name) : this.#dialect.clone(this.reference(name))));
    const stateNames = new Set(body.params.slice(sequences).map(({ name }) => name));
    const used = new Set([...body.yields, ...body.ops.flatMap(({ operands }) => operands)]);
    const idle = body.params.slice(0, sequences).filter(({ name }) => !used.has(name));
    const yielded = body.params.slice(0, sequences).filter(({ name }) => body.yields.includes(name));
    return [
      ...slices.map((slice, i) => `const ${slice}_list = ${this.#dialect.unstack(this.reference(op.operands[i] as string))};`),
      ...state.map((name, i) => `let ${name} = ${this.reference(op.operands[sequences + i] as string)};`),
      ...collections.map((name) => `const ${name}_list = new Array(${steps});`),
      op.attrs['reverse'] === true
        ? `for (let ${step} = ${steps} - 1, first = true; ${step} >= 0; ${step}--, first = false) {`
        : `for (let ${step} = 0, first = true; ${step} < ${steps}; ${step}++, first = false) {`,
      ...slices.map((slice) => `const ${slice} = ${slice}_list[${step}];`),
      ...idle.map(({ name }) => `${this.reference(name)}.dispose();`),
      ...this.#lines(body.ops, new Set([...op.operands, ...body.yields, ...stateNames]), (inner) => [this.#statement(inner)]),
      ...yields.map((text, i) =>
        i < carried ? `const ${state[i]}_next = ${text};` : `${collections[i - carried]}_list[${step}] = ${text};`,
      ),
      // Yielded as a clone: its own last use is the step's end.
      ...yielded.map(({ name }) => `${this.reference(name)}.dispose();`),
      ...state.map((name) => `if (!first) ${name}.dispose(); ${name} = ${name}_next;`),
      '}',
      ...ends.map((end, i) => `const ${end} = ${state[i]};`),
      ...collections.flatMap((name) => [
        `const ${name} = ${this.#dialect.stack(`${name}_list`)};`,
        `for (const step of ${name}_list) step.dispose();`,
      ]),
    ];
  }
}
