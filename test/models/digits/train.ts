// Trains the digit CNN and writes model.json, weights.bin, metrics.json and sample.json beside this file:
//
//     npm run train:digits
//
// About four minutes on two cores with tfjs-node. The order of the digits, their shifts, the initial weights and dropout are seeded.

import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { dispose, io, oneHot, train as optimizers, type Tensor, tensor1d, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { loadTfjsNode, useBackend } from '../../backends.ts';
import { headAccuracies, imageTensor } from './accuracy.ts';
import { digitsModel } from './architecture.ts';
import { CLASSES, type Digits, loadDigits, PIXELS, permutation, SIDE, seededRandom } from './load.ts';
import { folderSaver, readSaved } from './saved.ts';

const FOLDER = resolve('test/models/digits');
const BATCH = 64;
const MAX_SHIFT = 2;
const PHASES = [
  { epochs: 9, learningRate: 2e-3 },
  { epochs: 4, learningRate: 2e-4 },
];
const OBJECTIVE = {
  loss: { main: 'categoricalCrossentropy', aux: 'categoricalCrossentropy' },
  metrics: { main: 'accuracy', aux: 'accuracy' },
};

/** The picked digits, each moved by up to two pixels either way: 8 000 digits alone are soon known by heart. */
function shiftedBatch(digits: Digits, picked: Uint32Array, random: () => number): Float32Array {
  const batch = new Float32Array(picked.length * PIXELS);
  const shift = () => Math.floor(random() * (2 * MAX_SHIFT + 1)) - MAX_SHIFT;
  picked.forEach((source, k) => {
    const down = shift();
    const right = shift();
    for (let y = Math.max(0, down); y < Math.min(SIDE, SIDE + down); y++) {
      for (let x = Math.max(0, right); x < Math.min(SIDE, SIDE + right); x++) {
        batch[k * PIXELS + y * SIDE + x] = digits.images[source * PIXELS + (y - down) * SIDE + x - right] as number;
      }
    }
  });
  return batch;
}

async function trainEpoch(model: LayersModel, digits: Digits, random: () => number): Promise<number> {
  const order = permutation(digits.count, random);
  let total = 0;
  for (let from = 0; from < order.length; from += BATCH) {
    const picked = order.subarray(from, from + BATCH);
    const x = tensor4d(shiftedBatch(digits, picked, random), [picked.length, SIDE, SIDE, 1]);
    const labels = Array.from(picked, (source) => digits.labels[source] as number);
    const y = tidy(() => oneHot(tensor1d(labels, 'int32'), CLASSES, 1, 0, 'float32'));
    const [loss] = (await model.trainOnBatch(x, [y, y])) as number[];
    total += (loss as number) * picked.length;
    dispose([x, y]);
  }
  return total / order.length;
}

async function train(model: LayersModel, digits: Digits): Promise<void> {
  const random = seededRandom(7);
  for (const { epochs, learningRate } of PHASES) {
    model.compile({ ...OBJECTIVE, optimizer: optimizers.adam(learningRate) });
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const loss = await trainEpoch(model, digits, random);
      console.log(`learning rate ${learningRate}, epoch ${epoch} of ${epochs}: loss of both heads ${loss.toFixed(4)}`);
    }
  }
}

/** Saves, loads what was saved, and compares the two on the same digits. */
async function save(model: LayersModel, digits: Digits): Promise<void> {
  // Plain SGD keeps no slots, so that the shard holds the model's weights and of the optimizer only its step count.
  model.compile({ ...OBJECTIVE, optimizer: optimizers.sgd(0.01) });
  await model.save(folderSaver(FOLDER), { includeOptimizer: true });

  const loaded = await loadLayersModel(io.fromMemory(readSaved(FOLDER)));
  const image = imageTensor(digits, 0, 100);
  const before = model.predict(image) as Tensor[];
  const after = loaded.predict(image) as Tensor[];
  before.forEach((head, k) => {
    const again = (after[k] as Tensor).dataSync();
    if (head.dataSync().some((value, i) => value !== again[i])) throw new Error(`the saved model predicts another ${model.outputNames[k]}`);
  });
  dispose([image, before, after]);
}

/** The first test digit of each class as 28 rows of 28 grey values 0..255. */
function sampleOf(digits: Digits): string {
  const rows = (index: number) =>
    Array.from({ length: SIDE }, (_, y) => {
      const from = index * PIXELS + y * SIDE;
      return Array.from(digits.images.subarray(from, from + SIDE), (value) => String(Math.round(value * 255)).padStart(3)).join(',');
    });
  const entries = Array.from({ length: CLASSES }, (_, label) => {
    const index = digits.labels.indexOf(label);
    const pixels = rows(index).map((row) => `    [${row}]`);
    return `{ "label": ${label}, "index": ${index}, "pixels": [\n${pixels.join(',\n')}\n] }`;
  });
  return `[\n${entries.join(',\n')}\n]\n`;
}

async function main(): Promise<void> {
  if ('module' in loadTfjsNode()) await useBackend('tensorflow');
  else {
    // The wasm backend has no kernel for the gradient of a convolution's filter.
    console.warn('tfjs-node is not installed: training on the cpu backend, which takes hours');
    await useBackend('cpu');
  }
  const digits = loadDigits();
  const model = digitsModel();
  model.summary(100);
  await train(model, digits.train);
  await save(model, digits.test);

  const accuracy = headAccuracies(model, digits.test);
  const metrics = { trained_on: digits.train.count, tested_on: digits.test.count, parameters: model.countParams(), accuracy };
  writeFileSync(resolve(FOLDER, 'metrics.json'), `${JSON.stringify(metrics, null, 2)}\n`);
  writeFileSync(resolve(FOLDER, 'sample.json'), sampleOf(digits.test));
  console.log(`test accuracy: main ${accuracy.main}, aux ${accuracy.aux}`);
}

await main();
