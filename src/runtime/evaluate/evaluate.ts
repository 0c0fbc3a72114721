import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { inputsOf } from './assigned.ts';
import { batchesOf, type EvaluationData, samplesIn, tensorsIn } from './data.ts';
import { type CacheOptions, type EvaluatedPrefix, featureReader } from './features.ts';
import { checkedBy, unchanged } from './guard.ts';
import type { Head } from './heads.ts';
import { addBatch, resultsOf } from './score.ts';
import type { Sums } from './sums.ts';

export interface EvaluateOptions extends CacheOptions {
  /** Samples a batch, where the data is not in batches already; 32 as in Keras. */
  readonly batchSize?: number | undefined;
  /** Sums over other parts of the data, by name; those over this part are added to them, and the result is that of all. */
  readonly sums?: Record<string, Sums> | undefined;
  /** Called after each batch with the number of samples so far. */
  readonly onBatch?: ((samples: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A program as evaluation sees it. */
export interface EvaluatedProgram {
  /** What `load` gave; absent where the program has none. */
  readonly weights?: Readonly<Record<string, Tensor>>;
  /** Keys of the inputs that must be given. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** What is computed of outputs, by their keys. */
  readonly heads: Readonly<Record<string, Head>>;
  /** False where the sum of the losses is not that of the model, as one of them is not known. */
  readonly isTotal?: boolean;
  /** True where batches count alike in the loss of each output, whatever their sizes. */
  readonly countsBatches?: boolean;
  /** Outputs that regularizers add to the loss: one number for the weights; one for each sample, of which the mean is added. */
  readonly penalties?: { readonly weights?: string; readonly activity?: string };
  /** Keys of inputs and outputs that carry states from batch to batch. */
  readonly states?: readonly string[];
  /** Absent where nothing is hoisted. */
  readonly prefix?: EvaluatedPrefix;
  /** Takes features, or inputs where nothing is hoisted. */
  run(given: NamedTensorMap): NamedTensorMap;
}

const BATCH_SIZE = 32;

/**
 * Losses and metrics over all batches, as Keras's `Model.evaluate` gives them.
 * @throws Error where the data does not fit the program, or there is none
 */
export async function evaluateProgram(
  program: EvaluatedProgram,
  data: EvaluationData,
  options: EvaluateOptions,
): Promise<Record<string, number | readonly number[]>> {
  const { batchSize = BATCH_SIZE, sums = {}, onBatch, signal } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new Error(`batchSize: found ${batchSize}, expected an integer from 1 on`);
  const checkUnchanged = unchanged(program.weights ?? {});
  const features = program.prefix === undefined ? null : await featureReader(checkedBy(checkUnchanged, program.prefix), options);
  const { states: keys = [], prefix } = program;
  let states: NamedTensorMap = {};
  const carried = (some: readonly string[]): NamedTensorMap =>
    Object.fromEntries(Object.entries(states).filter(([key]) => some.includes(key)));
  let samples = 0;
  try {
    for await (const taken of batchesOf(data, batchSize)) {
      signal?.throwIfAborted();
      const made: Tensor[] = [];
      try {
        const inputs = async (): Promise<NamedTensorMap> => ({
          ...(await inputsOf(taken.batch.xs, program.inputs, made)),
          ...carried(prefix?.states ?? keys),
        });
        const count = samplesIn(taken.batch);
        if (count === 0 && tensorsIn(taken.batch.xs).every(({ shape }) => shape[0] === 0)) continue;
        const name = taken.batch.name ?? `${taken.from}-${taken.from + count}`;
        const given = features === null ? await inputs() : await features({ name, samples: count, known: taken.inputs, inputs });
        if (features !== null) made.push(...Object.values(given));
        checkUnchanged();
        const outputs = program.run({ ...given, ...carried(prefix?.passed ?? []) });
        made.push(...Object.values(outputs));
        await addBatch(program, taken.batch, count, outputs, sums);
        for (const state of Object.values(states)) state.dispose();
        states = Object.fromEntries(keys.map((key) => [key, outputs[key] as Tensor]));
        samples += count;
      } finally {
        const kept = new Set(Object.values(states));
        for (const tensor of made) if (!kept.has(tensor)) tensor.dispose();
      }
      onBatch?.(samples);
    }
  } finally {
    for (const state of Object.values(states)) state.dispose();
  }
  if (samples === 0 && Object.keys(sums).length === 0) throw new Error('data: there are no samples');
  return resultsOf(program.heads, sums);
}
