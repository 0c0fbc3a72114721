import type { TensorType } from './types.ts';

/** When an op can run at the earliest: once per weights, once per input, or every time. */
export type Stage = 'load' | 'prefix' | 'suffix';

/** What the name of a mask ends in, and of nothing else that lowering names: `%embed:mask`. */
export const MASK = ':mask';

/** What the keys of outputs for `evaluate` end in, behind the key of the output whose softmax or sigmoid was given this. */
export const LOGITS = ':logits';
/** The keys of what regularizers of weights add to the loss, and of what those of activities add for each sample. */
export const PENALTY = { weights: 'penalty:weights', activity: 'penalty:activity' } as const;

/** A named tensor. Names carry their sigil: `%name` is computed or handed in, `@name` is a weight. */
export interface Value {
  readonly name: string;
  readonly type: TensorType;
}

/** How many lists of an attribute may stand one in the other; no op has more than two. */
export const DEEPEST_LIST = 4;

export type AttrValue = string | number | boolean | null | readonly AttrValue[];
export type Attrs = Readonly<Record<string, AttrValue>>;

export interface Input extends Value {
  /** The property of `Inputs` that holds it. */
  readonly key: string;
  /** What each of its elements is when it is left out; an input without it must be given. */
  readonly fill?: number;
}

export interface Weight extends Value {
  /** Path of the layer that owns the variable; nested models' names come before, with slashes. */
  readonly layer: string;
  /** The variable's own name, as Keras calls it: `kernel`, `moving_mean`. */
  readonly variable: string;
  /** Where the variable stands among its layer's weights. */
  readonly position: number;
  /** True where no training of this model changes it. */
  readonly frozen: boolean;
  /** First 16 hex digits of the SHA-256 of its values, where somebody asked for that. */
  readonly hash?: string;
}

/** How a hash of values is written. */
export const HASH = '[0-9a-f]{16}';

/** An op as it stands in the body of a loop, and runs when that does. */
export interface BodyOp {
  readonly op: string;
  readonly operands: readonly string[];
  readonly attrs: Attrs;
  readonly results: readonly Value[];
  /** Paths of the layers this op comes from; more than one after a fusion. */
  readonly layers: readonly string[];
}

export interface Op extends BodyOp {
  readonly stage: Stage;
  /** What a loop runs in each of its steps; other ops have none. */
  readonly body?: Body;
}

/** One step of a loop. Beside its parameters it reads what the loop has among its operands, by the same names. */
export interface Body {
  readonly params: readonly Value[];
  readonly ops: readonly BodyOp[];
  readonly yields: readonly string[];
}

/** A value under the key that an object has for it. */
export interface Binding {
  readonly key: string;
  readonly value: string;
}

export interface Output extends Binding {
  /** Set where `evaluate` alone reads it, to compute losses and metrics: what a softmax was given, the mask of an output. */
  readonly only?: 'evaluate';
}

/** True for what the caller of `predict` gets. */
export const isPublic = (output: Output): boolean => output.only === undefined;

/** A value that crosses from the prefix to the suffix. */
export interface Feature extends Binding {
  /** As for an input. */
  readonly fill?: number;
}

/**
 * One evaluation: ops in an order in which they can run, the stages one after the other. Plain data, so that its JSON form
 * is itself.
 */
export interface Program {
  readonly name: string;
  readonly model: string;
  readonly inputs: readonly Input[];
  readonly weights: readonly Weight[];
  readonly ops: readonly Op[];
  readonly outputs: readonly Output[];
  /** Where the user asked for a cut, and the masks of these tensors, should they be needed; staging turns these into features. */
  readonly cuts: readonly Feature[];
  /** Where the program is cut: what the prefix returns and the suffix takes. Null when nothing is hoisted. */
  readonly features: readonly Feature[] | null;
}

/** Every value of a program by its name, those in the bodies of loops included. */
export function valuesOf(program: Program): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const value of [...program.inputs, ...program.weights]) values.set(value.name, value);
  const add = (value: Value): void => void values.set(value.name, value);
  for (const op of program.ops) {
    op.results.forEach(add);
    op.body?.params.forEach(add);
    for (const inner of op.body?.ops ?? []) inner.results.forEach(add);
  }
  return values;
}
