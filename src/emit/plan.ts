import type { HeadPlan } from '../evaluate/plan.ts';
import type { Feature, Output, Program, Value } from '../ir/program.ts';
import { valuesOf } from '../ir/program.ts';
import type { TensorType } from '../ir/types.ts';
import type { Code } from '../ops/code.ts';
import { Scope } from './body.ts';
import type { Data } from './literal.ts';
import { heldValues, isText, type Member, unbakeable } from './members.ts';
import { NameTable } from './names.ts';
import { type Preparation, preparationsOf } from './preparation.ts';
import { runtimeNames } from './runtime.ts';

/** Where `load()` finds the weights when it is not told. */
export type DefaultWeights =
  /** A file beside the module. */
  | { readonly from: 'file'; readonly name: string }
  /** In the module itself. */
  | { readonly from: 'inline' }
  /** Nowhere: the caller brings them. */
  | { readonly from: 'caller' };

export interface ModuleOptions {
  /** Lines of the comment at the top. */
  readonly banner: readonly string[];
  readonly info: { readonly [key: string]: Data };
  readonly weights: DefaultWeights;
  /** Hash of the program, by which a baked file says whose it is. */
  readonly hash: string;
  /** Hash of its prefix, where it has one. */
  readonly prefixHash?: string | undefined;
  /** What `evaluate` computes of outputs; empty where it is not to be. */
  readonly evaluation?: readonly HeadPlan[];
  /** True where it reports the sum of all losses. */
  readonly isTotal?: boolean;
  /** True where batches count alike in the loss of each of several outputs. */
  readonly countsBatches?: boolean;
  /** A module to import for its side effect: the backend. */
  readonly backend?: string | undefined;
  /** Class name of each layer, for the comments. */
  readonly classes: ReadonlyMap<string, string>;
}

/** One emission: what the parts of a module have in common. */
export class Plan {
  readonly program: Program;
  readonly options: ModuleOptions;
  readonly names: NameTable;
  /** What the variables of the model are called before anything is computed from them: members of an object of their own. */
  readonly variables: NameTable;
  /** Members of `Weights`: what prefix and suffix read and do not compute, in the order in which they do. */
  readonly weights: readonly string[];
  /** What is computed from weights alone, in parts. */
  readonly preparations: readonly Preparation[];
  /** True where `load` takes baked files too. */
  readonly bakes: boolean;
  /** Import specifiers from tfjs, as the pieces of code that were used ask for them. */
  readonly imports = new Set<string>();
  /** Functions that the pieces of code ask the module to declare, by name. */
  readonly declarations = new Map<string, string>();
  /** Declarations of the runtime that the module needs. */
  readonly runtime = new Set<string>();
  readonly #values: ReadonlyMap<string, Value>;

  /** @param reserved names that no tensor may have, beside those of the runtime */
  constructor(program: Program, options: ModuleOptions, reserved: Iterable<string> = []) {
    this.program = program;
    const others = [...runtimeNames(), ...reserved];
    this.names = new NameTable(others);
    this.variables = new NameTable(others);
    this.options = options;
    this.#values = valuesOf(program);
    this.weights = heldValues(program).map(({ value }) => value);
    this.bakes = program.weights.length > 0 && unbakeable(program) === null;
    this.preparations = preparationsOf(program);
    // Weights and inputs choose first: their identifiers are the ones a caller may see.
    const held = new Set(this.weights);
    for (const { name } of [...program.weights.filter(({ name }) => held.has(name)), ...program.inputs]) this.names.text(name);
  }

  /** The inputs as values under their keys. */
  get inputs(): readonly Feature[] {
    return this.program.inputs.map(({ key, name, fill }) => ({ key, value: name, ...(fill === undefined ? {} : { fill }) }));
  }

  /** True where something depends on weights alone. */
  get prepares(): boolean {
    return this.preparations.length > 0;
  }

  /** What a baked file holds. */
  get members(): readonly Member[] {
    return this.weights
      .map((value) => ({ value, type: this.typeOf(value) }))
      .filter((held) => !isText(held))
      .map((held) => ({ ...held, name: this.names.text(held.value) }));
  }

  /** What the load stage computes anew though the weights are baked. */
  get texts(): readonly Output[] {
    const texts = this.weights.filter((value) => isText({ value, type: this.typeOf(value) }));
    return texts.map((value) => ({ key: this.names.text(value), value }));
  }

  /** The text of a piece of code; from here on the module imports what it needs. */
  text(piece: Code): string {
    for (const name of piece.imports) this.imports.add(name);
    for (const name of piece.runtime) this.runtime.add(name);
    for (const [name, text] of piece.declarations) this.declarations.set(name, text);
    return piece.text;
  }

  /** Has the module hold declarations of the runtime. */
  use(...names: readonly string[]): void {
    for (const name of names) this.runtime.add(name);
  }

  /** @param held values that are members of an object, by how they are reached */
  scope(held: readonly (readonly [string, Code])[] = []): Scope {
    return new Scope(this.#values, this.names, new Map(held), this.options.classes);
  }

  typeOf(name: string): TensorType {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`no value ${name}`);
    return value.type;
  }
}
