import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import type { BackendName } from '../../backends.ts';
import type { BenchModel, Question } from '../models.ts';

/** What is computed, and where. */
export interface Setting {
  readonly model: BenchModel;
  readonly question: Question;
  readonly backend: BackendName;
  /** A folder with models in other formats, by their names; undefined where none was given. */
  readonly others: URL | undefined;
}

/** Values of the outputs that were asked for, in their order, read back. */
export type Values = readonly (Float32Array | Int32Array | Uint8Array)[];

/** One evaluation of inputs that are fixed. */
export interface Call {
  run(): Values | Promise<Values>;
  /** Frees what was made for these inputs alone. */
  dispose(): void;
}

/** A peer with a model loaded. */
export interface Running {
  /** @param inputs by the names of the model's inputs; the caller keeps them until the call is disposed of */
  bind(inputs: NamedTensorMap): Call | Promise<Call>;
  dispose(): void;
}

/** One way of evaluating a model. */
export interface Peer {
  readonly name: string;
  readonly doc: string;
  /** False where what it needs is not installed or not given: then there is nothing to say of it. By default it is there. */
  isPresent?(setting: Setting): boolean;
  /** What no user waits for when a program starts: compilation, conversion. Its result is what `load` takes. */
  prepare(setting: Setting): Promise<Prepared>;
}

export interface Prepared {
  /** Loads weights: from here on it is timed. */
  load(): Promise<Running>;
}

/** A peer cannot evaluate the model; the message says why. */
export class CannotRun extends Error {}

/** The values of tensors, which are disposed of. */
export function readOut(tensors: readonly Tensor[]): Values {
  const values = tensors.map((tensor) => tensor.dataSync() as Float32Array);
  for (const tensor of tensors) tensor.dispose();
  return values;
}

/** The input of a name. @throws CannotRun where the model has none of that name */
export function inputOf(inputs: NamedTensorMap, name: string): Tensor {
  const tensor = inputs[name];
  if (tensor === undefined) throw new CannotRun(`there is no input ${name}`);
  return tensor;
}
