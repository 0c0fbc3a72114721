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
   * A variable of the layer. Call in the order in which Keras lists the layer's weights.
   * @param options `trainable: false` for state that no training changes, whatever the layer's flag says
   */
  weight(variable: string, shape: readonly number[], options?: { dtype?: DType; trainable?: boolean }): Value;
  /**
   * Appends an op and returns its (first) result.
   * @param role what the result is for, when it is not the layer's own result: the tensor is called `%layer.role`
   */
  op<N extends OpName>(name: N, operands: readonly Value[], attrs: AttrsGiven<N>, role?: string): Value;
  /** As `op`, for ops with several results. */
  ops<N extends OpName>(name: N, operands: readonly Value[], attrs: AttrsGiven<N>, role?: string): readonly Value[];
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

/** A layer class: its config, and what it computes with `training=False`. */
export interface LayerRow<C = unknown> {
  readonly className: string;
  /** Other class names under which the same layer is saved. */
  readonly aliases?: readonly string[];
  /** One line for the table of layers. */
  readonly doc: string;
  /** The Keras versions that have it. */
  readonly since?: 2 | 3;
  readonly config: Schema<C>;
  /** True where the layer is called with a list of tensors; others take one. */
  readonly takesList?: true;
  /** True where tensors may stand anywhere in the call, as in `keras.ops` functions: `lower` reads `args` and `kwargs` itself. */
  readonly takesAny?: true;
  /** Keyword arguments that may hold tensors, and that `lower` reads; another one is refused. */
  readonly keywords?: readonly string[];
  /** True where the layer gives a mask beside its output. */
  givesMask?(config: C): boolean;
  /** What the layer does with a mask that comes with its input; without it, the mask is passed on. */
  readonly onMask?: 'uses' | 'drops';
  lower(layer: Lowering<C>): Value | readonly Value[];
}

/** Declares a layer; the config's type follows from its schema. */
export const layer = <C>(row: LayerRow<C>): LayerRow<C> => row;
