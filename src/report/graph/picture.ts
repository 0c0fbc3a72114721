import type { Program, Stage } from '../../ir/program.ts';
import type { Shape, TensorType } from '../../ir/types.ts';
import type { CallId, ModelGraph, TensorId } from '../../model/graph.ts';
import type { Explanation, Fate } from '../explanation.ts';

/** What the picture of a selection is made of: an analysis has it all. */
export interface PictureParts {
  readonly graph: ModelGraph;
  readonly selected: ModelGraph;
  readonly skipped: ReadonlySet<CallId>;
  /** The type of each tensor of the model, as far as skipc knows its layers. */
  readonly types: ReadonlyMap<TensorId, TensorType>;
  /** What ops say they come from, where that is not the path of their layer. */
  readonly sources: ReadonlyMap<string, string>;
  /** The program of all of the model, and the value of the program as it was lowered that each selected tensor is. */
  readonly whole: Program;
  readonly values: ReadonlyMap<TensorId, string>;
  /** The program as it was lowered, and after the last pass. */
  readonly lowered: Program;
  readonly program: Program;
  readonly explanations: readonly Explanation[];
  /** How long each layer takes, by its path, where somebody has measured that. */
  readonly profile?: Profile | undefined;
}

/** Times of one run, by the paths of layers. What a module computes together stands under the first of these. */
export type Profile = ReadonlyMap<string, LayerTime>;

export interface LayerTime {
  /** Of the module; null where it does not run the layer. */
  readonly milliseconds: number | null;
  /** Of tfjs-layers; null where that was not run. */
  readonly peerMilliseconds: number | null;
  readonly kernels: readonly { readonly name: string; readonly milliseconds: number; readonly calls: number }[];
}

/** How something is drawn. */
export type Tone = 'input' | 'prefix' | 'suffix' | 'load' | 'identity' | 'removed';

/** A layer's call within a box. */
export interface Row {
  /** Path of the layer, and what the row calls it. */
  readonly layer: string;
  readonly name: string;
  readonly className: string;
  readonly fate: Fate;
}

/** Calls that are computed as one, the one that took the others first; or many of these that are alike. */
export interface Box {
  readonly kind: 'box';
  readonly tone: Tone;
  readonly rows: readonly Row[];
  /** Of what it gives; null where skipc cannot tell. */
  readonly shape: Shape | null;
  /** For one sample. What is removed counts as the model has it. */
  readonly flops: number;
  readonly parameters: number;
  readonly milliseconds: number | null;
  /** Path of the nested model around it, or the empty text. */
  readonly group: string;
  /** Where it stands for several boxes that are alike: how many, and the last one's name. */
  readonly repeats: { readonly count: number; readonly last: string; readonly layers: readonly string[] } | null;
}

/** An input, an output, or a tensor at which the model is cut. */
export interface Pill {
  readonly kind: 'pill';
  readonly role: 'input' | 'output' | 'cut' | 'feature';
  readonly tone: Tone;
  readonly name: string;
  readonly shape: Shape | null;
  /** Of a feature, for one sample. */
  readonly bytes: number | null;
}

export type Node = Box | Pill;

export interface Edge {
  /** Places among the nodes. */
  readonly from: number;
  readonly to: number;
  readonly tone: 'live' | 'prefix' | 'dead';
}

const TONES: readonly Edge['tone'][] = ['live', 'prefix', 'dead'];

/** How a line is drawn that several edges share. */
export const toneOf = (edges: readonly Edge[]): Edge['tone'] => TONES.find((tone) => edges.some((edge) => edge.tone === tone)) ?? 'dead';

/** A model as it is to be drawn: nodes in an order in which they can run. */
export interface Picture {
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
  readonly title: Title;
}

export interface Title {
  readonly model: string;
  readonly outputs: readonly string[];
  readonly layers: { readonly kept: number; readonly of: number };
  readonly flops: { readonly kept: number; readonly of: number };
  /** False where some layer is missing in the whole: then there is no share to be told. */
  readonly isCounted: boolean;
  /** What each further evaluation saves, where something is hoisted. */
  readonly saved: number | null;
}

/** The later of two stages in which something is computed. */
export const laterStage = (a: Stage | null, b: Stage | null): Stage | null =>
  a === 'suffix' || b === 'suffix' ? 'suffix' : a === 'prefix' || b === 'prefix' ? 'prefix' : (a ?? b);
