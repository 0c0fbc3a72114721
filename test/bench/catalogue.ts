import type { io } from '@tensorflow/tfjs-core';
import { type ModelCase, modelCase, valuesOf } from '../golden.ts';
import { readSaved } from '../models/digits/saved.ts';
import { mlp } from './mlp.ts';
import type { BenchInput, BenchModel, Question } from './models.ts';

const ANY_BACKEND = ['wasm', 'tensorflow'] as const;
const RESET_BEFORE = 'text_bilstm (reset before)';
/** The plain JavaScript backend takes minutes for the large ones. */
const SMALL = [...ANY_BACKEND, 'cpu'] as const;

const ask = (name: string, rest: Partial<Question> = {}): Question => ({ name, outputs: [], suffix: false, batches: [1, 32], ...rest });

/** A model of the fixtures, in its Keras 2 form, which tfjs-layers reads too; weights follow from their names. */
function golden(name: string, questions: readonly Question[], rest: Partial<BenchModel> = {}): BenchModel {
  const stored = modelCase(name);
  return {
    name,
    inputs: stored.inputs.map((input): BenchInput => {
      if (input.dtype === 'bool') throw new Error(`${name}: ${input.name} is bool`);
      return { name: input.name, shape: input.shape.slice(1), dtype: input.dtype, range: input.range ?? [-1, 1] };
    }),
    questions,
    backends: ANY_BACKEND,
    apart: false,
    artifacts: () => artifactsOf(stored.keras2 ?? {}, stored.weights),
    ...rest,
  };
}

function artifactsOf(topology: object, weights: ModelCase['weights']): io.ModelArtifacts {
  const values = weights.map((weight) => Buffer.from(valuesOf(weight).buffer));
  const data = new Uint8Array(Buffer.concat(values));
  return {
    format: 'layers-model',
    modelTopology: topology,
    weightSpecs: weights.map(({ name, shape, dtype }) => ({ name, shape: [...shape], dtype })),
    weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer,
  };
}

const digits: BenchModel = {
  name: 'digits',
  inputs: [{ name: 'image', shape: [28, 28, 1], dtype: 'float32', range: [0, 1] }],
  questions: [ask('main + aux'), ask('aux', { outputs: ['aux'] })],
  backends: SMALL,
  apart: false,
  artifacts: () => readSaved(new URL('../models/digits/', import.meta.url).pathname),
};

/** The models that are timed, in the order of the report; a model is read when it is asked for. */
export const catalogue: ReadonlyMap<string, () => BenchModel> = new Map<string, () => BenchModel>([
  ['digits', () => digits],
  ['nested_two_output_backbone', () => golden('nested_two_output_backbone', [ask('both heads')], { backends: SMALL })],
  ['inception_aux', () => golden('inception_aux', [ask('all'), ask('aux1', { outputs: ['aux1'] })], { backends: SMALL })],
  ['mobilenet_v2', () => golden('mobilenet_v2', [ask('predictions')], { apart: true })],
  ['resnet50', () => golden('resnet50', [ask('predictions')], { apart: true })],
  ['efficientnet_b0', () => golden('efficientnet_b0', [ask('predictions')], { apart: true })],
  ['text_bilstm', () => golden('text_bilstm', [ask('all')], { backends: SMALL })],
  [RESET_BEFORE, () => resetBefore()],
  ['transformer_small', () => golden('transformer_small', [ask('logits')], { backends: SMALL })],
  [
    'frozen_transfer',
    () => golden('frozen_transfer', [ask('head'), ask('head on cached features', { suffix: true, batches: [32], target: 100 })]),
  ],
  ['mlp_50', () => mlp(50, [ask('all')], SMALL)],
]);

/** @throws Error where there is none of that name */
export function benchModel(name: string): BenchModel {
  const make = catalogue.get(name);
  if (make === undefined) throw new Error(`no model ${name}`);
  return make();
}

/**
 * text_bilstm with the GRU that tfjs-layers has, which resets before its product and has one bias, and of texts without padding: behind
 * a padded step Keras gives zeros where tfjs-layers repeats.
 */
function resetBefore(): BenchModel {
  const model = golden('text_bilstm', [ask('all')], { backends: SMALL });
  const { keras2, weights } = modelCase('text_bilstm');
  const text = JSON.stringify(keras2);
  const changed = text.replace('"reset_after":true', '"reset_after":false');
  if (changed === text) throw new Error('text_bilstm has no GRU that resets after its product');
  const fewer = weights.map((weight) => (weight.name === 'gru/gru_cell/bias' ? { ...weight, shape: weight.shape.slice(1) } : weight));
  const inputs = model.inputs.map((input) => ({ ...input, range: [1, input.range[1]] as const }));
  const questions = [ask('all', { target: 2 })];
  return {
    ...model,
    name: RESET_BEFORE,
    inputs,
    questions,
    artifacts: () => artifactsOf(JSON.parse(changed) as object, fewer),
  };
}
