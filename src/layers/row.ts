import type { Value } from '../ir/program.ts';
import type { DType, Shape } from '../ir/types.ts';
import type { Arg, Origin } from '../model/graph.ts';
import type { AttrsGiven, OpName } from '../ops/index.ts';
import type { Schema } from '../schema/build.ts';

/** How a call of a layer is turned into ops: what a row's `lower` works with. */
export interface Lowering<C = unknown> {
  /** The layer's config, validated, defaults filled in. */
  readonly config: C;
  readonly origin: Origin;
  /** Every tensor of the call's positional arguments, from left to right. */
  readonly inputs: readonly Value[];
  /** The first input as f32, for layers that compute in floats. */
  readonly x: Value;
  readonly args: readonly Arg[];
  readonly kwargs: Readonly<Record<string, Arg>>;
  /** The value of a tensor found in `args` or `kwargs`. */
  value(tensor: string): Value;
  /**
   * The mask that comes with a positional input, true where an element counts: what the call itself says, else what the tensor carries.
   * Null where there is none. Its axes are the input's first ones, [batch, steps] mostly.
   */
  mask(position?: number): Value | null;
  /** The mask that a tensor found in `args` or `kwargs` carries, or null. */
  maskOf(tensor: string): Value | null;
  /** Gives a result a mask, or null for none; a result of which this is not said gets what `LayerRow.onMask` says. */
  giveMask(mask: Value | null, result?: number): void;
  /** Takes the mask off every tensor that has this value: layers that come later do not see it. */
  dropMask(value: Value): void;
  /**
   * A variable of the layer. Call in the order in which Keras lists the layer's weights.
   * @param options `trainable: false` for state that no training changes, whatever the layer's flag says
   */
  weight(variable: string, shape: readonly number[], options?: { dtype?: DType; trainable?: boolean }): Value;
  /**
   * Appends an op and returns its (first) result.
   * @param role what the result is for, when it is not the layer's own result: the tensor is called `%layer.role`
   */
  op<N extends OpName>(name: N, operands: readonly Value[], attrs: AttrsGiven<N>, role?: string): Value;
  /** As `op`, for ops with several results: a role for all, which are numbered, or one for each. */
  ops<N extends OpName>(name: N, operands: readonly Value[], attrs: AttrsGiven<N>, role?: string | readonly string[]): readonly Value[];
  /**
   * A loop over the second axis of sequences; ops of the step that give the same each time are put before it.
   * @returns what was carried at the end, and what was collected, as sequences
   */
  scan(over: ScanOperands, role: string, step: Step): Scanned;
  /**
   * State that a stateful layer keeps between calls: the program's input `layer:state<k>`, zeros where it is left out.
   * @param k counts the states of the layer
   */
  state(k: number, shape: Shape): Value;
  /** What that state is after the call: the program's output `layer:state<k>`. */
  keepState(k: number, value: Value): void;
  /** This lowering as a part of the layer sees it: a cell, a projection. Its variables and values are named below the part's name,
   * where it has one. */
  within<D = C>(part: string, config?: D): Lowering<D>;
  /**
   * A layer that this one wraps.
   * @param spec as the config holds it: `{class_name, config}`
   * @param alone true where it is the only one: its variables are declared as this layer's own, as Keras 2 names them, and are found
   *   below the wrapped layer's name as well
   * @throws SkipcError `layer-unknown`, `config-invalid`
   */
  child(spec: unknown, alone?: boolean): Child;
  /** The activity of a layer that this one is made of, to which it hands its `activity_regularizer`. */
  regularizeActivity(value: Value): void;
  /** Calls a tensor that this call has made after its role. Other values keep their names. */
  named(value: Value, role: string): Value;
  /** A number that is fixed when compiling. */
  scalar(value: number, role: string, dtype?: DType): Value;
  /** Numbers that are fixed when compiling, in row-major order. */
  constant(values: readonly number[], shape: readonly number[], role: string, dtype?: DType): Value;
  /** The value as another dtype; itself where it already is. */
  cast(value: Value, dtype: DType): Value;
  /** Refuses what skipc cannot compile, with what to do instead. */
  unsupported(what: string, instead: string): never;
  /** Refuses what the model's file gets wrong. */
  mismatch(what: string, found: Shape | string): never;
}

/** What a loop goes over and carries on, with the roles of its slices. */
export interface ScanOperands {
  readonly sequences: readonly (readonly [sequence: Value, role: string])[];
  readonly carried: readonly (readonly [start: Value, role: string])[];
  /** From the last step to the first; what is collected stands in the order of the steps all the same. */
  readonly reverse?: boolean;
}

/** One step: slices of the sequences and what is carried go in, what is carried on and what is collected come out. */
export type Step = (slices: readonly Value[], carried: readonly Value[]) => Scanned;

export interface Scanned {
  readonly carried: readonly Value[];
  readonly collected: readonly Value[];
}

/** A wrapped layer, or a wrapped model. */
export interface Child {
  readonly className: string;
  readonly name: string;
  /** Lowers a call of it. */
  call(inputs: readonly Value[], given?: ChildArguments): { readonly values: readonly Value[]; readonly masks: readonly (Value | null)[] };
}

export interface ChildArguments {
  /** Masks of the inputs. */
  readonly masks?: readonly (Value | null)[];
  /** Keyword arguments that hold tensors, such as `initial_state`. */
  readonly kwargs?: Readonly<Record<string, readonly Value[]>>;
  /** True where Keras calls the layer's `call`, not the layer: what that would add to the loss for its results is not added. */
  readonly isBare?: boolean;
}

/** A layer class: its config, and what it computes with `training=False`. */
export interface LayerRow<C = unknown> {
  readonly className: string;
  /** Other class names under which the same layer is saved. */
  readonly aliases?: readonly string[];
  /** One line for the table of layers. */
  readonly doc: string;
  /** The one Keras that has it; most layers are in both. */
  readonly only?: 2 | 3;
  /** True where it is known and not compiled: `doc` says why. */
  readonly refused?: true;
  readonly config: Schema<C>;
  /** True where the layer is called with a list of tensors; others take one. */
  readonly takesList?: true;
  /** True where tensors may stand anywhere in the call, as in `keras.ops` functions: `lower` reads `args` and `kwargs` itself. */
  readonly takesAny?: true;
  /**
   * Further arguments that may hold tensors, and that `lower` reads in `kwargs`; another one is refused. They stand in the order of the
   * layer's `call`: the first is what a second positional argument is called. `mask` need not be named where it stands nowhere else.
   */
  readonly keywords?: readonly string[];
  /** `drops` where results carry no mask; without it, the first result carries the first input's. `lower` may give others. */
  readonly onMask?: 'drops';
  lower(layer: Lowering<C>): Value | readonly Value[];
}

/** Declares a layer; the config's type follows from its schema. */
export const layer = <C>(row: LayerRow<C>): LayerRow<C> => row;
