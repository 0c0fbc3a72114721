/**
 * A model as its file describes it: calls of layers and the tensors between them. Nested models are already inlined, a
 * shared layer is one `Layer` with several calls. Nothing here knows what a layer computes.
 */

/** `<call id>:<k>`, the k-th tensor that a call gives. */
export type TensorId = string;
/** `<layer path>@<n>`, the n-th call of a layer, counted from 0 in file order. */
export type CallId = string;

export type Writer = 'keras' | 'tfjs-layers';

/** Whose meaning the model has: Keras 2, Keras 3 or tfjs-layers. */
export interface Origin {
  readonly keras: 1 | 2 | 3;
  readonly writer: Writer;
  /** As the file says it, such as `3.15.1`, or null. */
  readonly version: string | null;
}

export interface Layer {
  /** Unique: the names of the nested models around it and its own, with slashes. */
  readonly path: string;
  readonly name: string;
  readonly className: string;
  /** As read, before its schema is applied. */
  readonly config: Readonly<Record<string, unknown>>;
  /** `trainable` of the layer and of every model around it. */
  readonly trainable: boolean;
  /** JSON pointer of the layer in the file. */
  readonly pointer: string;
}

/** An argument of a call: a tensor, or any JSON around tensors. */
export type Arg = TensorArg | string | number | boolean | null | readonly Arg[] | { readonly [key: string]: Arg };
export interface TensorArg {
  readonly tensor: TensorId;
}

export const isTensorArg = (arg: Arg): arg is TensorArg =>
  typeof arg === 'object' &&
  arg !== null &&
  !Array.isArray(arg) &&
  typeof (arg as { tensor?: unknown }).tensor === 'string' &&
  Object.keys(arg).length === 1;

export interface Call {
  readonly id: CallId;
  readonly layer: Layer;
  readonly args: readonly Arg[];
  readonly kwargs: Readonly<Record<string, Arg>>;
  /** Masks that calls of nested models around this one give its tensors, the outermost model first. */
  readonly entering?: readonly EnteringMask[];
  /** Tensors of the call that another layer has taken the mask off by then. */
  readonly unmasked?: readonly TensorId[];
}

/** A mask that comes with the call of a nested model: from that model's first use of the tensor on, the tensor carries it. */
export interface EnteringMask {
  /** The call of the nested model. */
  readonly model: CallId;
  readonly tensor: TensorId;
  readonly mask: TensorId;
}

/** A tensor the caller hands in. */
export interface ModelInput {
  readonly key: string;
  readonly tensor: TensorId;
  /** Sizes, null where unknown; the first is the batch. */
  readonly shape: readonly (number | null)[];
  /** As Keras writes it: `float32`, `int32`, `int64`, `bool`, `string`, ... */
  readonly dtype: string;
  /** The name the user may call it by. */
  readonly name: string;
  /** What it is made of where the caller leaves it out; without it, it must be given. */
  readonly fill?: number;
  /** The tensor whose mask this is. */
  readonly maskOf?: TensorId;
}

export interface ModelOutput {
  readonly key: string;
  readonly tensor: TensorId;
}

export interface ModelGraph {
  readonly name: string;
  readonly origin: Origin;
  /** In an order in which they can run; among calls that can, file order. */
  readonly calls: readonly Call[];
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly ModelOutput[];
  /** Names that stand for a tensor of another layer: a nested model's name is its output, its inputs are what it is given. */
  readonly aliases: ReadonlyMap<string, readonly TensorId[]>;
  /** Shapes that the file itself states for tensors, as Keras 3 does beside each use. */
  readonly statedShapes: ReadonlyMap<TensorId, { readonly shape: readonly (number | null)[]; readonly dtype: string }>;
}

/** What is masked of a model's tensors. */
export interface Masks {
  /** The axes of the mask of every tensor that carries one. */
  readonly ranks: ReadonlyMap<TensorId, number>;
  /** Tensors that are themselves the mask of others, by these. */
  readonly of: ReadonlyMap<TensorId, ReadonlySet<TensorId>>;
  /** Tensors of a call that have lost their masks before it, each with the call that took it off. */
  readonly lost: ReadonlyMap<CallId, ReadonlyMap<TensorId, CallId>>;
  /** Masks that tensors of a call carry since a nested model was called with them, where the call is not in that model. */
  readonly kept: ReadonlyMap<CallId, readonly EnteringMask[]>;
}

/** The tensor that stands for the mask of another. */
export function maskTensor(tensor: TensorId): TensorId {
  const { call, index } = splitTensor(tensor);
  return `${call}#mask:${index}`;
}

/** Every tensor an argument holds, from left to right. */
export function tensorsIn(arg: Arg | readonly Arg[], found: TensorId[] = []): TensorId[] {
  if (typeof arg !== 'object' || arg === null) return found;
  if (isTensorArg(arg as Arg)) found.push((arg as TensorArg).tensor);
  else for (const inner of Array.isArray(arg) ? arg : Object.values(arg)) tensorsIn(inner as Arg, found);
  return found;
}

/** Every tensor a call is given: those of its arguments, then of its keyword arguments. */
export function givenTo(call: Call): TensorId[] {
  const found = tensorsIn(call.args);
  for (const arg of Object.values(call.kwargs)) tensorsIn(arg, found);
  return found;
}

/** Every tensor a call needs: what it is given, and the masks that nested models around it are given. */
export function tensorsOf(call: Call): TensorId[] {
  const found = givenTo(call);
  for (const { mask } of call.entering ?? []) found.push(mask);
  return found;
}

/** The call that gives a tensor, and which of its tensors it is. */
export function splitTensor(tensor: TensorId): { readonly call: CallId; readonly index: number } {
  const colon = tensor.lastIndexOf(':');
  return { call: tensor.slice(0, colon), index: Number(tensor.slice(colon + 1)) };
}
