import { type Tensor2D, type Tensor4D, tensor2d } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { compile } from 'skipc';
import { validation } from 'skipc/evaluate';
import { imageTensor } from '../../models/digits/accuracy.ts';
import type { Digits } from '../../models/digits/load.ts';
import { headOf } from './model.ts';

/** One way to do one thing for several epochs: milliseconds of each, and the accuracy after it. */
export interface Epochs {
  readonly milliseconds: readonly number[];
  readonly accuracy: readonly number[];
}

export interface Report {
  /** What the prefix is cut at. */
  readonly features: readonly string[];
  readonly fit: Epochs;
  /** Validation after each epoch: by tfjs's `evaluate`, and through the suffix. */
  readonly validated: { readonly layers: Epochs; readonly suffix: Epochs };
  /** Further epochs of the head alone, on features. */
  readonly head: Epochs;
  /** The whole model after that, by tfjs's `evaluate`. */
  readonly accuracy: number;
}

export interface Settings {
  readonly train: Digits;
  readonly test: Digits;
  readonly trained: number;
  readonly tested: number;
  readonly epochs: number;
}

/** Trains the head of a model whose backbone is frozen, validates each epoch through the suffix, and goes on with the head alone. */
export async function fineTune(model: LayersModel, { train, test, trained, tested, epochs }: Settings): Promise<Report> {
  const [x, y] = samples(train, trained);
  const held = samples(test, tested);

  // What is frozen, and only that, is hoisted: the live model knows.
  const program = await compile(model);
  const module = await program.instantiate();
  const { prefix } = module;
  if (prefix === undefined) throw new Error('nothing is frozen');
  const weights = await module.load(model);

  const layers: Timed = { milliseconds: [], accuracy: [] };
  const suffix: Timed = { milliseconds: [], accuracy: [] };
  let before = 0;
  const validate = validation(module, {
    weights,
    model,
    data: held,
    options: { cache: true },
    onResult: (_, results) => note(suffix, before, results['val_accuracy']),
  });
  const fit: Timed = { milliseconds: [], accuracy: [] };
  for (let epoch = 0; epoch < epochs; epoch++) {
    const begun = performance.now();
    const { history } = await model.fit(x, y, { epochs: 1, batchSize: BATCH, verbose: 0 });
    note(fit, begun, history['acc']?.[0]);
    before = performance.now();
    await validate.onEpochEnd(epoch);
    const then = performance.now();
    note(layers, then, await accuracyOf(model, held));
  }

  // Whole epochs that never see the backbone. The head's layers are the model's own, so the model has learnt what they have.
  const { [program.summary.features[0]?.key ?? '']: features } = prefix(weights, x);
  if (features === undefined) throw new Error('the prefix gives no features');
  const alone = headOf(model);
  const head: Timed = { milliseconds: [], accuracy: [] };
  for (let epoch = 0; epoch < epochs; epoch++) {
    const begun = performance.now();
    const { history } = await alone.fit(features, y, { epochs: 1, batchSize: BATCH, verbose: 0 });
    note(head, begun, history['acc']?.[0]);
  }
  const accuracy = await accuracyOf(model, held);
  module.dispose(weights);
  for (const tensor of [x, y, features, ...held]) tensor.dispose();
  return { features: program.summary.features.map(({ key }) => key), fit, validated: { layers, suffix }, head, accuracy };
}

const BATCH = 32;

interface Timed {
  readonly milliseconds: number[];
  readonly accuracy: number[];
}

function note({ milliseconds, accuracy }: Timed, begun: number, found: unknown): void {
  milliseconds.push(performance.now() - begun);
  accuracy.push(Number(found));
}

/** The first digits, and 1 for each that is odd. */
function samples(digits: Digits, count: number): [Tensor4D, Tensor2D] {
  const odd = Float32Array.from(digits.labels.subarray(0, count), (label) => label % 2);
  return [imageTensor(digits, 0, count), tensor2d(odd, [count, 1])];
}

async function accuracyOf(model: LayersModel, [x, y]: readonly [Tensor4D, Tensor2D]): Promise<number> {
  const scalars = [model.evaluate(x, y, { batchSize: BATCH })].flat();
  const [, accuracy] = await Promise.all(scalars.map(async (scalar) => (await scalar.data())[0]));
  for (const scalar of scalars) scalar.dispose();
  return Number(accuracy);
}
