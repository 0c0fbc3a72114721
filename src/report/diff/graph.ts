import type { TensorType } from '../../ir/types.ts';

/** What two models, or two programs, are compared as: nodes and the tensors between them. */

/** The k-th tensor that the n-th call of a node gives. */
export interface Tap {
  readonly node: number;
  readonly call: number;
  readonly result: number;
}

/** A tensor that a call reads, and as what: an empty role is a positional argument. */
export interface Use {
  readonly role: string;
  readonly tap: Tap;
}

/** One call of a layer, or an op: what it reads, and the types of what it gives. */
export interface NodeCall {
  readonly uses: readonly Use[];
  /** Null where skipc cannot tell. */
  readonly types: readonly (TensorType | null)[];
}

/** A variable of a node. */
export interface NodeWeight {
  /** In its program. */
  readonly name: string;
  readonly variable: string;
  /** What it is to its node: variables of counterparts are compared by this. */
  readonly slot: string;
  readonly type: TensorType;
  /** Of its values; null where they are not at hand. */
  readonly hash: string | null;
}

/** Settings by key, as canonical JSON. */
export type Settings = ReadonlyMap<string, string>;

/** An input, a layer with all its calls, or an op: what an edit script inserts, removes and keeps. */
export interface DiffNode {
  readonly name: string;
  /** The class of a layer, or the op. Nodes of different kinds are not counterparts. */
  readonly kind: string;
  /** Equal for nodes that make alike results of alike operands. */
  readonly signature: string;
  /** What it is told that can change its results. */
  readonly settings: Settings;
  /** What it is told that matters to training alone. */
  readonly training: Settings;
  /** Null for what is never trained. */
  readonly trainable: boolean | null;
  readonly weights: readonly NodeWeight[];
  /** True where its operands may change places. */
  readonly commutes: boolean;
  readonly calls: readonly NodeCall[];
}

export interface DiffGraph {
  readonly nodes: readonly DiffNode[];
  readonly outputs: readonly { readonly key: string; readonly tap: Tap }[];
}

/** What an input of the program is called among the kinds. */
export const INPUT = 'InputLayer';
/** What a variable of the model is called among the kinds of a program's nodes. */
export const WEIGHT = 'weight';

/** The hash of all values of a node; null where it has none, or they are not known. */
export function valuesOf({ weights }: DiffNode): string | null {
  if (weights.length === 0 || weights.some(({ hash }) => hash === null)) return null;
  return weights.map(({ hash }) => hash).join();
}

/** The nodes that a node reads, call by call. */
export const operandsOf = (node: DiffNode): readonly number[] => node.calls.flatMap(({ uses }) => uses.map(({ tap }) => tap.node));
