import type { Attrs, Input, Op, Output, Program, Value, Weight } from '../ir/program.ts';
import { BATCH, type Dim, type DType, isKnown } from '../ir/types.ts';
import { type AttrsGiven, type OpName, opRow } from '../ops/index.ts';
import type { InferredType } from '../ops/row.ts';
import { dropDefaults, fillDefaults } from '../schema/build.ts';

/** A value whose name may still change while its layer is being lowered. */
interface Draft {
  name: string;
  type: { dtype: DType; shape: readonly Dim[] };
}

interface DraftOp {
  readonly op: OpName;
  readonly operands: readonly Value[];
  readonly attrs: Attrs;
  readonly results: readonly Draft[];
  readonly layers: readonly string[];
}

const ARITHMETIC: ReadonlySet<OpName> = new Set<OpName>([
  'add',
  'sub',
  'mul',
  'neg',
  'abs',
  'square',
  'squaredDifference',
  'pow',
  'sum',
  'prod',
]);

/** Collects the ops of a program, infers their types and names them after the layers they come from. */
export class Builder {
  readonly #inputs: Input[] = [];
  readonly #weights = new Map<string, Weight>();
  readonly #ops: DraftOp[] = [];
  /** Names in use, and the last number that was appended to each to make another. */
  readonly #taken = new Map<string, number>();
  readonly #open = new Set<Draft>();
  #scope = '';
  /** Where the ops of the current call begin. */
  #start = 0;
  #layer = '';

  input(name: string, key: string, type: Value['type']): Value {
    const input = { name: this.#unique(`%${name}`), key, type };
    this.#inputs.push(input);
    return input;
  }

  /** The weight of that name, declared at its first use: the calls of a shared layer share it. */
  weight(name: string, make: (name: string) => Weight): Value {
    const known = this.#weights.get(name);
    if (known !== undefined) return known;
    const weight = make(name);
    this.#weights.set(name, weight);
    return weight;
  }

  /** From here on, ops belong to this call of this layer, and are named after it. */
  enter(scope: string, layer: string): void {
    this.#scope = scope;
    this.#layer = layer;
    this.#open.clear();
    this.#start = this.#ops.length;
  }

  /** True where an op of the current call gives integers that are no copies of its operands', but sums, products and the like. */
  countsInIntegers(): boolean {
    return this.#ops.slice(this.#start).some(({ op, results }) => ARITHMETIC.has(op) && results.some(({ type }) => type.dtype === 'i32'));
  }

  ops<N extends OpName>(name: N, operands: readonly Value[], given: AttrsGiven<N>, role: string): readonly Value[] {
    const row = opRow(name);
    if (row === undefined) throw new TypeError(`no op ${name}`);
    const attrs = fillDefaults(row.attrs, given);
    const inferred = row.infer(
      operands.map((operand) => operand.type),
      attrs,
    );
    const results = (Array.isArray(inferred) ? (inferred as readonly InferredType[]) : [inferred as InferredType]).map((type, i) => {
      const draft: Draft = {
        name: this.#unique(`%${this.#scope}.${i === 0 ? role : `${role}_${i}`}`),
        type: { dtype: type.dtype, shape: [] },
      };
      draft.type.shape = named(type.shape, draft.name);
      this.#open.add(draft);
      return draft;
    });
    this.#ops.push({ op: name, operands, attrs: dropDefaults(row.attrs, given) as Attrs, results, layers: [this.#layer] });
    return results;
  }

  /** Gives a value of the current call the call's own name, where it is one of this call's results. */
  rename(value: Value, name: string): void {
    const draft = value as Draft;
    if (!this.#open.has(draft)) return;
    this.#open.delete(draft);
    const before = draft.name;
    this.#taken.delete(before);
    draft.name = this.#unique(`%${name}`);
    draft.type.shape = draft.type.shape.map((dim) =>
      isSymbolOf(dim, before) ? `?${draft.name.slice(1)}${String(dim).slice(before.length)}` : dim,
    );
  }

  finish(name: string, model: string, outputs: readonly Output[], cuts: readonly Output[]): Program {
    const ops = this.#ops.map(
      ({ op, operands, attrs, results, layers }): Op => ({
        op,
        operands: operands.map((operand) => operand.name),
        attrs,
        results: results.map(({ name, type }) => ({ name, type: { dtype: type.dtype, shape: type.shape } })),
        stage: 'suffix',
        layers,
      }),
    );
    return { name, model, inputs: this.#inputs, weights: [...this.#weights.values()], ops, outputs, cuts, features: null };
  }

  #unique(name: string): string {
    let unique = name;
    for (let n = this.#taken.get(name) ?? 1; this.#taken.has(unique); unique = `${name}~${n}`) this.#taken.set(name, ++n);
    this.#taken.set(unique, 1);
    return unique;
  }
}

/** A new unknown size is called after the tensor and axis that bring it in. */
function named(shape: InferredType['shape'], name: string): Dim[] {
  return shape.map((dim, axis) => dim ?? `?${name.slice(1)}.${axis}`);
}

const isSymbolOf = (dim: Dim, name: string): boolean =>
  !isKnown(dim) && dim !== BATCH && dim.startsWith(`?${name.slice(1)}.`) && /^\d+$/.test(dim.slice(name.length + 1));
