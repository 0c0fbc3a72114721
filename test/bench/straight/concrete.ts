import { type BodyOp, type Program, valuesOf } from '../../../src/ir/program.ts';
import { BATCH, baseOf, type DType, factorOf, isKnown, type TensorType } from '../../../src/ir/types.ts';
import { opRow } from '../../../src/ops/index.ts';
import { fillDefaults } from '../../../src/schema/build.ts';
import { CannotRun } from '../peers/peer.ts';

/** A tensor's type once the batch is known. */
export interface ConcreteType {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** An op with its attributes, defaults filled in, and the types of all it takes and gives. */
export interface ConcreteOp {
  readonly op: string;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly operands: readonly ConcreteType[];
  readonly results: readonly ConcreteType[];
}

/** Types of a program's values for batches of one size. */
export class Concrete {
  readonly #types: ReadonlyMap<string, TensorType>;
  readonly #batch: number;

  constructor(program: Program, batch: number) {
    this.#types = new Map([...valuesOf(program)].map(([name, { type }]) => [name, type]));
    this.#batch = batch;
  }

  /** @throws CannotRun where a size is neither known nor the batch's */
  typeOf(name: string): ConcreteType {
    const type = this.#types.get(name);
    if (type === undefined) throw new Error(`no value ${name}`);
    const { dtype, shape } = type;
    return { dtype, shape: shape.map((dim) => (isKnown(dim) ? dim : this.#size(dim))) };
  }

  #size(symbol: string): number {
    if (baseOf(symbol) !== BATCH) throw new CannotRun(`the size ${symbol} is not known`);
    return this.#batch * factorOf(symbol);
  }

  op({ op, attrs, operands, results }: BodyOp): ConcreteOp {
    const row = opRow(op);
    return {
      op,
      attrs: row === undefined ? attrs : fillDefaults(row.attrs as Parameters<typeof fillDefaults<Record<string, unknown>>>[0], attrs),
      operands: operands.map((name) => this.typeOf(name)),
      results: results.map(({ name }) => this.typeOf(name)),
    };
  }
}
