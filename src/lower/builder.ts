import {
  type Attrs,
  type Body,
  type BodyOp,
  type Feature,
  type Input,
  MASK,
  type Op,
  type Output,
  type Program,
  type Value,
  type Weight,
} from '../ir/program.ts';
import { BATCH, type Dim, type DType, isKnown } from '../ir/types.ts';
import type { Scanned, ScanOperands, Step } from '../layers/row.ts';
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
  readonly body?: DraftBody;
}

interface DraftBody {
  readonly params: readonly Draft[];
  readonly ops: readonly DraftOp[];
  readonly yields: readonly Value[];
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
  'floorDiv',
  'mod',
  'cumsum',
  'cumprod',
]);

/** A mask is a few ops away from what it is made of. */
const MOST_OPS_COMPARED = 8;

/** Collects the ops of a program, infers their types and names them after the layers they come from. */
export class Builder {
  readonly #inputs: Input[] = [];
  readonly #weights = new Map<string, Weight>();
  readonly #ops: DraftOp[] = [];
  /** Names in use, and the last number that was appended to each to make another. */
  readonly #taken = new Map<string, number>();
  readonly #open = new Set<Draft>();
  readonly #makers = new Map<Value, DraftOp>();
  #scope = '';
  /** The loop body that is being built: its ops, and the values that change from step to step. */
  #step: { readonly ops: DraftOp[]; readonly varying: Set<Value> } | null = null;
  #layer = '';

  /** @param fill what the input is made of where it is left out */
  input(name: string, key: string, type: Value['type'], fill?: number): Value {
    const input = {
      name: this.#unique(`%${fill === undefined ? unmasked(name) : name}`),
      key,
      type,
      ...(fill === undefined ? {} : { fill }),
    };
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
  }

  /** What the tensors of the current call are called after. */
  get scope(): string {
    return this.#scope;
  }

  /** Lowers a part of the current call, whose tensors are called after the part. */
  inside<T>(part: string, run: () => T): T {
    const outer = this.#scope;
    this.#scope = `${outer}.${part}`;
    try {
      return run();
    } finally {
      this.#scope = outer;
    }
  }

  /** How many ops there are. */
  mark(): number {
    return this.#ops.length;
  }

  /** True where an op since a mark gives integers that are no copies of its operands', but sums, products and the like. */
  countsInIntegers(mark: number): boolean {
    return this.#ops.slice(mark).some(({ op, results }) => ARITHMETIC.has(op) && results.some(({ type }) => type.dtype === 'i32'));
  }

  ops<N extends OpName>(name: N, operands: readonly Value[], given: AttrsGiven<N>, role: string | readonly string[]): readonly Value[] {
    const row = opRow(name);
    if (row === undefined) throw new TypeError(`no op ${name}`);
    const attrs = fillDefaults(row.attrs, given);
    const inferred = row.infer(
      operands.map((operand) => operand.type),
      attrs,
    );
    const types = Array.isArray(inferred) ? (inferred as readonly InferredType[]) : [inferred as InferredType];
    const results = types.map((type, i) => this.#draft(type, roleOf(role, i)));
    this.#append({ op: name, operands, attrs: dropDefaults(row.attrs, given) as Attrs, results, layers: [this.#layer] });
    return results;
  }

  /**
   * A loop over the second axis of sequences.
   * @returns what was carried at the end, and what was collected as sequences
   */
  scan(over: ScanOperands, role: string, step: Step): Scanned {
    if (this.#step !== null) throw new TypeError('a loop in a loop');
    const { sequences, carried, reverse = false } = over;
    const slices = sequences.map(([{ type }, name]) => this.#draft({ dtype: type.dtype, shape: type.shape.toSpliced(1, 1) }, name));
    const state = carried.map(([{ type }, name]) => this.#draft(type, name));
    const params = [...slices, ...state];
    this.#step = { ops: [], varying: new Set(params) };
    let body: DraftBody;
    let made: Scanned;
    try {
      made = step(slices, state);
      body = { params, ops: this.#step.ops, yields: [...made.carried, ...made.collected] };
    } finally {
      this.#step = null;
    }
    const inside = new Set<Value>([...params, ...body.ops.flatMap(({ results }) => results)]);
    const read = new Set([...body.ops.flatMap(({ operands }) => operands), ...body.yields].filter((value) => !inside.has(value)));
    const given = [...sequences, ...carried].map(([value]) => value);
    const operands = [...given, ...[...read].filter((value) => !given.includes(value))];
    const attrs = { sequences: sequences.length, carried: carried.length, reverse };
    const types = opRow('scan')?.infer(
      operands.map(({ type }) => type),
      attrs,
      { params: params.map(({ type }) => type), yields: body.yields.map(({ type }) => type) },
    ) as readonly InferredType[];
    const results = types.map((type, i) => this.#draft(type, i < carried.length ? `${carried[i]?.[1]}_end` : role));
    this.#append({
      op: 'scan',
      operands,
      attrs: reverse ? attrs : { sequences: attrs.sequences, carried: attrs.carried },
      results,
      layers: [this.#layer],
      body,
    });
    return { carried: results.slice(0, carried.length), collected: results.slice(carried.length) };
  }

  #draft(type: InferredType, role: string): Draft {
    const draft: Draft = { name: this.#unique(`%${this.#scope}.${role}`), type: { dtype: type.dtype, shape: [] } };
    draft.type.shape = named(type.shape, draft.name);
    this.#open.add(draft);
    return draft;
  }

  /** Into the body of the loop that is being built, or before it where the op gives the same in each step. */
  #append(op: DraftOp): void {
    for (const result of op.results) this.#makers.set(result, op);
    if (this.#step === null || !op.operands.some((value) => this.#step?.varying.has(value))) {
      this.#ops.push(op);
      return;
    }
    this.#step.ops.push(op);
    for (const result of op.results) this.#step.varying.add(result);
  }

  /**
   * Gives a value of the current call another name, where it is one of this call's results.
   * @param final false where the call may still rename it
   */
  rename(value: Value, name: string, final = true): void {
    this.#rename(value, unmasked(name), final);
  }

  /** As `rename`, for the mask of a value that is called `name`: nothing else has a name that ends as a mask's. */
  nameMask(mask: Value, name: string, final = true): void {
    this.#rename(mask, name + MASK, final);
  }

  #rename(value: Value, name: string, final: boolean): void {
    const draft = value as Draft;
    if (!this.#open.has(draft)) return;
    if (final) this.#open.delete(draft);
    const before = draft.name;
    this.#taken.delete(before);
    draft.name = this.#unique(`%${name}`);
    draft.type.shape = draft.type.shape.map((dim) =>
      isSymbolOf(dim, before) ? `?${draft.name.slice(1)}${String(dim).slice(before.length)}` : dim,
    );
  }

  /** The op that gives a value, and what that is given; undefined for inputs, weights and values of loops' bodies. */
  madeBy(value: Value): { readonly op: string; readonly operands: readonly Value[] } | undefined {
    return this.#makers.get(value);
  }

  /** True where two values are made by the same ops from the same values. */
  equal(a: Value, b: Value, depth = MOST_OPS_COMPARED): boolean {
    if (a === b) return true;
    const [one, other] = [this.#makers.get(a), this.#makers.get(b)];
    if (one === undefined || other === undefined || depth === 0 || one.body !== undefined) return false;
    return (
      one.op === other.op &&
      one.results.indexOf(a as Draft) === other.results.indexOf(b as Draft) &&
      JSON.stringify(one.attrs) === JSON.stringify(other.attrs) &&
      one.operands.length === other.operands.length &&
      one.operands.every((operand, i) => this.equal(operand, other.operands[i] as Value, depth - 1))
    );
  }

  finish(name: string, model: string, outputs: readonly Output[], cuts: readonly Feature[]): Program {
    const ops = this.#ops.map(
      (draft): Op => ({
        ...finished(draft),
        stage: 'suffix',
        ...(draft.body === undefined ? {} : { body: finishedBody(draft.body) }),
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

/** The name of something that is no mask. */
const unmasked = (name: string): string => (name.endsWith(MASK) ? `${name}~1` : name);

const roleOf = (role: string | readonly string[], i: number): string =>
  typeof role === 'string' ? (i === 0 ? role : `${role}_${i}`) : (role[i] ?? String(i));

const typed = ({ name, type }: Value): Value => ({ name, type: { dtype: type.dtype, shape: type.shape } });

const finished = ({ op, operands, attrs, results, layers }: DraftOp): BodyOp => ({
  op,
  operands: operands.map(({ name }) => name),
  attrs,
  results: results.map(typed),
  layers,
});

const finishedBody = ({ params, ops, yields }: DraftBody): Body => ({
  params: params.map(typed),
  ops: ops.map(finished),
  yields: yields.map(({ name }) => name),
});

/** A new unknown size is called after the tensor and axis that bring it in. */
function named(shape: InferredType['shape'], name: string): Dim[] {
  return shape.map((dim, axis) => dim ?? `?${name.slice(1)}.${axis}`);
}

const isSymbolOf = (dim: Dim, name: string): boolean =>
  !isKnown(dim) && dim !== BATCH && dim.startsWith(`?${name.slice(1)}.`) && /^\d+$/.test(dim.slice(name.length + 1));
