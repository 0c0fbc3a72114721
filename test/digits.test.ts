import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { io } from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { availableBackends, useBackend } from './backends.ts';
import { headAccuracies } from './models/digits/accuracy.ts';
import { CLASSES, loadDigits, PIXELS } from './models/digits/load.ts';
import { readSaved } from './models/digits/saved.ts';

const folder = fileURLToPath(new URL('./models/digits/', import.meta.url));
const readJson = (name: string): unknown => JSON.parse(readFileSync(`${folder}${name}`, 'utf8'));
const metrics = readJson('metrics.json') as { tested_on: number; parameters: number; accuracy: { main: number; aux: number } };

const backends = await availableBackends();

describe('the digits', () => {
  const { train, test: held } = loadDigits();

  test('are 8 000 to train on and 2 000 to test on, every class in both', () => {
    expect([train.count, held.count]).toEqual([8_000, 2_000]);
    expect(train.images.length).toBe(8_000 * PIXELS);
    expect(new Set(train.labels).size).toBe(CLASSES);
    expect(new Set(held.labels).size).toBe(CLASSES);
  });

  test('are split the same way every time', () => {
    expect([...held.labels.subarray(0, 16)]).toEqual([7, 9, 3, 4, 0, 7, 2, 9, 0, 2, 9, 2, 8, 9, 2, 8]);
  });

  test('sample.json holds one test digit of each class', () => {
    const sample = readJson('sample.json') as { label: number; index: number; pixels: number[][] }[];
    expect(sample.map(({ label }) => label)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const { label, index, pixels } of sample) {
      expect(held.labels[index]).toBe(label);
      const image = held.images.subarray(index * PIXELS, (index + 1) * PIXELS);
      expect(new Float32Array(pixels.flat().map((grey) => grey / 255))).toEqual(image);
    }
  });
});

describe('the digit CNN as saved', () => {
  const saved = readSaved(folder);

  test('is small and holds no optimizer slots', () => {
    expect(metrics.parameters).toBeLessThan(60_000);
    expect(statSync(`${folder}weights.bin`).size).toBe(metrics.parameters * 4 + 4);
    expect(saved.weightSpecs?.filter(({ group }) => group === 'optimizer')).toEqual([
      { name: 'iter', shape: [], dtype: 'int32', group: 'optimizer' },
    ]);
  });

  test('has a loss and a metric for each head', () => {
    expect(saved.trainingConfig).toMatchObject({
      loss: { main: 'categorical_crossentropy', aux: 'categorical_crossentropy' },
      metrics: { main: 'accuracy', aux: 'accuracy' },
    });
  });

  test.each(backends)('is as accurate as metrics.json says on %s', async (backend) => {
    await useBackend(backend);
    const model = await loadLayersModel(io.fromMemory(saved));
    expect(model.outputNames).toEqual(['main', 'aux']);
    const accuracy = headAccuracies(model, loadDigits().test);
    // Kernels round differently, so that a digit on the edge may fall either way.
    expect(Math.abs(accuracy.main - metrics.accuracy.main) * metrics.tested_on).toBeLessThanOrEqual(2);
    expect(Math.abs(accuracy.aux - metrics.accuracy.aux) * metrics.tested_on).toBeLessThanOrEqual(2);
    expect(accuracy.main).toBeGreaterThanOrEqual(0.98);
  });
});
