import { fail, type Location } from '../diagnostics/error.ts';
import type { Value } from '../ir/program.ts';
import type { LayerRow } from '../layers/row.ts';
import { type CallId, type EnteringMask, type Layer, type ModelGraph, type Origin, splitTensor, type TensorId } from '../model/graph.ts';
import type { Builder } from './builder.ts';

export type LayerRows = ReadonlyMap<string, LayerRow>;

/** Reads what stands in a layer's config where it wraps another layer, or a model. */
export type ReadNested = (envelope: unknown, origin: Origin, where: Location) => Nested;

/** An ordinary layer, or a model. */
export interface Nested {
  readonly className: string;
  readonly model: ModelGraph | null;
}

/** What one lowering has in common, whatever model or wrapped layer is at hand. */
export interface Lowerer {
  readonly builder: Builder;
  readonly rows: LayerRows;
  readonly readNested: ReadNested;
  /** Keys that the program's inputs and outputs have already. */
  readonly keys: ReadonlySet<string>;
  /** Validated configs, each layer's once. */
  readonly configs: Map<Layer, unknown>;
  /** What stands in the configs of layers that wrap others, each read once. */
  readonly nested: WeakMap<object, Nested>;
  /** Calls of wrapped layers so far, and of layers that these wrap in turn: where each calls the next twice, there is no end to them. */
  readonly wrappedCalls: { outer: number; inner: number };
  /** States of stateful layers by key: what they are after the call. */
  readonly states: Map<string, Value>;
  /** Variables and results of layers that have a regularizer, each with what the config says of it. */
  readonly regularized: Regularized[];
  /** Tensors of the graph that are the mask of another: Keras 3 writes a mask it propagates as a tensor of its own. */
  readonly maskAliases: Map<TensorId, Set<TensorId>>;
}

/** What a regularizer adds to the loss: a penalty on a variable, or on what a call gives. */
export interface Regularized {
  readonly value: Value;
  readonly of: 'weights' | 'activity';
  /** As the config has it: a name, or a class name with a config. */
  readonly regularizer: unknown;
  readonly layer: string;
}

/** The layer whose weights are declared: one that wraps others owns theirs too, and counts them with its own. */
export interface Owner {
  readonly path: string;
  /** The names of what is wrapped, each with a slash behind it. */
  readonly prefix: string;
  readonly trainable: boolean;
  readonly count: { position: number; states: number };
}

/** The tensors of one model while it is lowered, or of one call of a wrapped layer. */
export interface Frame {
  readonly origin: Origin;
  readonly values: Map<TensorId, Value>;
  /** The masks that tensors carry at this point. */
  readonly masks: Map<TensorId, Value>;
  /** The masks that tensors have carried, if another layer has taken them off since. */
  readonly onceMasked: Map<TensorId, Value>;
  /** The tensors among them that are one value: a layer may give what it is given. */
  readonly standFor: Map<Value, Set<TensorId>>;
  /** The calls that took masks off tensors. */
  readonly unmaskedBy: Map<TensorId, CallId>;
  /** As `Masks.lost` has it. */
  readonly lost: Map<CallId, ReadonlyMap<TensorId, CallId>>;
  /** As `Masks.kept` has it. */
  readonly kept: Map<CallId, readonly EnteringMask[]>;
  /** Calls of nested models whose masks have been put on what they are called with, each with the tensor. */
  readonly entered: Set<string>;
  /** Where the mask that a tensor carries is from, if it came with the call of a nested model. */
  readonly enteredWith: Map<TensorId, EnteringMask>;
  /** The dtypes that the file states for tensors. */
  readonly stated: ReadonlyMap<TensorId, { readonly dtype: string }>;
  /** Integers of fewer than 32 bits: Keras's arithmetic on them wraps around, that of tfjs does not. */
  readonly narrow: Set<TensorId>;
  /** Null where each layer owns its weights. */
  readonly owner: Owner | null;
}

export const frameOf = (origin: Origin, owner: Owner | null, stated: Frame['stated'] = new Map()): Frame => ({
  origin,
  values: new Map(),
  masks: new Map(),
  onceMasked: new Map(),
  standFor: new Map(),
  unmaskedBy: new Map(),
  lost: new Map(),
  kept: new Map(),
  entered: new Set(),
  enteredWith: new Map(),
  stated,
  narrow: new Set(),
  owner,
});

/** @throws SkipcError `tensor-missing` */
export function resolve(frame: Frame, tensor: TensorId): Value {
  const value = frame.values.get(tensor);
  if (value !== undefined) return value;
  const { call, index } = splitTensor(tensor);
  return fail('tensor-missing', { call, index });
}

/** From here on, the tensor carries this mask. */
export function putMask(frame: Frame, tensor: TensorId, mask: Value): void {
  const value = resolve(frame, tensor);
  const tensors = frame.standFor.get(value) ?? new Set();
  frame.standFor.set(value, tensors.add(tensor));
  frame.masks.set(tensor, mask);
  frame.onceMasked.set(tensor, mask);
}

/** Takes the mask off a value, whatever tensors stand for it. */
export function takeMask(frame: Frame, value: Value, by: CallId): void {
  for (const tensor of frame.standFor.get(value) ?? []) {
    if (!frame.masks.delete(tensor)) continue;
    frame.enteredWith.delete(tensor);
    frame.unmaskedBy.set(tensor, by);
  }
}
