import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { compile } from '../../src/compile.ts';
import { FeatureCache } from '../../src/evaluate/feature-cache.ts';
import type { EvaluateOptions } from '../../src/runtime/evaluate/evaluate.ts';
import { type BackendName, useBackend } from '../backends.ts';
import { seededRandom } from '../models/digits/load.ts';
import { benchModel } from './catalogue.ts';
import { BACKEND } from './compiled.ts';
import { registerCustomLayers } from './custom-layers.ts';
import { inputsFor } from './inputs.ts';
import type { Call } from './peers/peer.ts';
import type { EpochTime } from './results.ts';
import { bootstrapMedian } from './statistics.ts';
import { timeAlternating } from './timing.ts';

/** What a process that times the validation of an epoch is started for. */
export interface EpochTask {
  readonly model: string;
  readonly backend: BackendName;
  readonly images: number;
  readonly batch: number;
  readonly seconds: number;
}

const LOSS = { loss: 'categorical_crossentropy', metrics: ['accuracy'] };
const MOST_ROUNDS = 200;
const FEWEST_ROUNDS = 5;

/** Times the validation of all images by a model whose backbone is frozen: cached and not, and tfjs-layers. */
async function epochTimes({ model: name, backend, images, batch, seconds }: EpochTask): Promise<EpochTime[]> {
  await useBackend(backend);
  const bench = benchModel(name);
  registerCustomLayers();
  const module = await (await compile(bench.artifacts(), { ...LOSS, hoist: 'auto', backend: BACKEND[backend] })).instantiate();
  const { evaluate } = module;
  if (evaluate === undefined) throw new Error('there is no evaluate');
  const w = await module.load();
  const [x] = Object.values(inputsFor(bench, images)) as [Tensor];
  const layers = await loadLayersModel(tf.io.fromMemory(bench.artifacts()));
  layers.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  const classes = layers.outputs[0]?.shape.at(-1) as number;
  const labels = tf.tensor1d(
    Int32Array.from({ length: images }, (_, i) => i % classes),
    'int32',
  );
  const y = tf.oneHot(labels, classes);

  const cache = new FeatureCache();
  const skipc = (options: EvaluateOptions): Call => call(async () => void (await evaluate(w, [x, y], { batchSize: batch, ...options })));
  const calls = new Map<string, Call>([
    ['evaluate, features kept by the tensors', skipc({ cache: true })],
    ['evaluate, features in a FeatureCache', skipc({ cache, id: 'bench' })],
    ['evaluate', skipc({})],
    ['tfjs-layers predict', call(() => readAway([layers.predict(x, { batchSize: batch })].flat()))],
    ['tfjs-layers evaluate', call(() => readAway([layers.evaluate(x, y, { batchSize: batch })].flat()))],
  ]);
  // The first epoch fills the caches.
  for (const each of calls.values()) await each.run();
  const samples = await timeAlternating(calls, { seconds, fewest: FEWEST_ROUNDS, most: MOST_ROUNDS }, seededRandom(3));
  const [own = []] = samples.values();
  return [...samples].map(([way, times]) => ({
    model: name,
    backend: BACKEND[backend],
    images,
    batch,
    way,
    ms: bootstrapMedian(times),
    ratio: bootstrapMedian(times.map((ms, round) => ms / (own[round] as number))),
  }));
}

const call = (work: () => Promise<void>): Call => ({ run: () => work().then(() => []), dispose: () => undefined });

async function readAway(tensors: readonly Tensor[]): Promise<void> {
  await Promise.all(tensors.map((tensor) => tensor.data()));
  for (const tensor of tensors) tensor.dispose();
}

process.send?.(await epochTimes(JSON.parse(process.argv[2] ?? '') as EpochTask));
process.disconnect?.();
