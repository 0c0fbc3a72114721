import type { io } from '@tensorflow/tfjs-core';
import type { BackendName } from '../backends.ts';

/** Inputs of a model: what tfjs-layers calls them, and the range of their values. */
export interface BenchInput {
  readonly name: string;
  /** Without the batch. */
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
  /** Bounds of the values, the upper one not reached. */
  readonly range: readonly [number, number];
}

/** What of a model is evaluated. */
export interface Question {
  readonly name: string;
  /** The layers or outputs to compute; all outputs of the model where there are none. */
  readonly outputs: readonly string[];
  /** Evaluate only what is behind the frozen part, its features computed before. */
  readonly suffix: boolean;
  readonly batches: readonly number[];
  /** What speed over tfjs-layers is to be reached, where one was set. */
  readonly target?: number;
}

export interface BenchModel {
  readonly name: string;
  readonly inputs: readonly BenchInput[];
  readonly questions: readonly Question[];
  /** Backends it is timed on, of those that are asked for. */
  readonly backends: readonly BackendName[];
  /** Each peer alternates with skipc in a process of their own: the memory of several large models makes some of them slower. */
  readonly apart: boolean;
  /** The model with its weights, in tfjs's format. */
  artifacts(): io.ModelArtifacts;
}
