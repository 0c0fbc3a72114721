/**
 * A model file's layers and nodes in one form, whichever of the many forms it was written in. References are still by name,
 * nested models still nested.
 */

/**
 * How a reference counts the calls of a nested model: in Keras 3's `keras_history` from 0; in Keras 2's lists, and in the
 * `input_layers` and `output_layers` of both, usually from 1, as call 0 was the one that made the nested model itself.
 */
export type Counting = 'history' | 'list';

/** A tensor, as a file names it: the k-th of what the n-th call of a layer gives. */
export class Reference {
  readonly layer: string;
  readonly call: number;
  readonly tensor: number;
  readonly counting: Counting;
  readonly stated: StatedType | null;

  constructor(layer: string, call: number, tensor: number, counting: Counting, stated: StatedType | null = null) {
    this.layer = layer;
    this.call = call;
    this.tensor = tensor;
    this.counting = counting;
    this.stated = stated;
  }
}

export interface StatedType {
  readonly shape: readonly (number | null)[];
  readonly dtype: string;
}

/** An argument of a call: references, or any JSON around them. */
export type SpecArg = Reference | string | number | boolean | null | readonly SpecArg[] | { readonly [key: string]: SpecArg };

/** One call of a layer. */
export interface NodeSpec {
  readonly args: readonly SpecArg[];
  readonly kwargs: Readonly<Record<string, SpecArg>>;
  readonly pointer: string;
}

export interface LayerSpec {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly trainable: boolean;
  readonly pointer: string;
  readonly nodes: readonly NodeSpec[];
  /** The layers inside, where this layer is itself a model. */
  readonly model: ModelSpec | null;
}

/** An input or output of a model: its tensor, and its key where the model takes or gives a dict. */
export interface Endpoint {
  readonly reference: Reference;
  readonly key: string | null;
}

export interface ModelSpec {
  readonly name: string;
  readonly className: string;
  readonly trainable: boolean;
  readonly pointer: string;
  readonly layers: readonly LayerSpec[];
  readonly inputs: readonly Endpoint[];
  readonly outputs: readonly Endpoint[];
}

export const isInputLayer = (layer: { readonly className: string }): boolean => layer.className === 'InputLayer';

/** Every reference an argument holds, from left to right. */
export function referencesIn(arg: SpecArg | readonly SpecArg[], found: Reference[] = []): Reference[] {
  if (arg instanceof Reference) found.push(arg);
  else if (typeof arg === 'object' && arg !== null) for (const inner of Object.values(arg)) referencesIn(inner as SpecArg, found);
  return found;
}

/** A JSON object, as against a list, null or a scalar. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
