import { readFileSync } from 'node:fs';
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { FeatureCache } from '../src/evaluate/feature-cache.ts';
import type { Instance } from '../src/instantiate.ts';
import type { EvaluationData } from '../src/runtime/evaluate/data.ts';
import type { EvaluateOptions } from '../src/runtime/evaluate/evaluate.ts';
import type { Sums } from '../src/runtime/evaluate/sums.ts';
import { availableBackends, useBackend } from './backends.ts';
import { type StoredArray, tensorOf, tensorsOf } from './golden.ts';
import { imageTensor } from './models/digits/accuracy.ts';
import { loadDigits } from './models/digits/load.ts';
import { readSaved } from './models/digits/saved.ts';

interface Run {
  readonly keras3: object & { readonly config: { readonly name: string } };
  readonly weights: readonly StoredArray[];
  readonly x: readonly StoredArray[];
  readonly y: readonly StoredArray[];
  readonly sample_weight: readonly StoredArray[] | null;
  readonly batch_size: number;
  readonly result: Readonly<Record<string, number>>;
}

const runs = JSON.parse(readFileSync(new URL('fixtures/goldens/evaluate/evaluate.json', import.meta.url), 'utf8')) as readonly Run[];
const tensors = (arrays: readonly StoredArray[]): Tensor[] => arrays.map(tensorOf);
const backends = await availableBackends();

type Evaluate = (data: EvaluationData, options?: EvaluateOptions) => Promise<Record<string, number | readonly number[]>>;

/** Loads a program that has an `evaluate`, and frees what it made. */
async function evaluating<T>(
  module: Instance,
  weights: NamedTensorMap | undefined,
  work: (evaluate: Evaluate, w: NamedTensorMap) => Promise<T>,
): Promise<T> {
  const { evaluate } = module;
  if (evaluate === undefined) throw new Error('there is no evaluate');
  const w = await module.load(weights);
  try {
    return await work((data, options) => evaluate(w, data, options), w);
  } finally {
    module.dispose(w);
  }
}

function expectKeras(found: Readonly<Record<string, number | readonly number[]>>, wanted: Readonly<Record<string, number>>): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, value] of Object.entries(wanted)) {
    expect(Math.abs(Number(found[name]) - value), `${name}: ${found[name]} instead of ${value}`).toBeLessThanOrEqual(
      1e-4 + 1e-3 * Math.abs(value),
    );
  }
}

describe.each(backends)('Keras evaluate on %s', (backend) => {
  describe.each(runs.map((run) => [run.keras3.config.name, run] as const))(
    '%s',
    (_, { keras3, weights, x, y, sample_weight: sampleWeight, batch_size: batchSize, result }) => {
      async function evaluated(
        data: (xs: Tensor[], ys: Tensor[], weights: Tensor[] | undefined) => EvaluationData,
      ): Promise<Record<string, number | readonly number[]>> {
        await useBackend(backend);
        const module = await (await compile(keras3)).instantiate();
        const variables = tensorsOf(weights);
        const [xs, ys, given] = [tensors(x), tensors(y), sampleWeight === null ? undefined : tensors(sampleWeight)];
        try {
          return await evaluating(module, variables, async (evaluate) => {
            const before = tf.memory().numTensors;
            const found = await evaluate(data(xs, ys, given), { batchSize });
            expect(tf.memory().numTensors - before, 'tensors left behind').toBe(0);
            return found;
          });
        } finally {
          tf.dispose([variables, xs, ys, given ?? []]);
        }
      }

      it('gives what Keras gives, of tensors', async () => {
        expectKeras(await evaluated((xs, ys, given) => (given === undefined ? [xs, ys] : [xs, ys, given])), result);
      });

      it('gives the same of batches that are made one by one', async () => {
        const found = await evaluated((xs, ys, given) => batches(xs, ys, given, batchSize));
        expectKeras(found, result);
      });

      it('gives the same of a tf.data.Dataset', async () => {
        const found = await evaluated((xs, ys, given) => ({
          async iterator() {
            const iterator = batches(xs, ys, given, batchSize);
            return { next: () => iterator.next() };
          },
        }));
        expectKeras(found, result);
      });
    },
  );
});

/** Batches as dictionaries of one tensor each, or lists. The tensors are the reader's to free where a data set gives them. */
async function* batches(xs: readonly Tensor[], ys: readonly Tensor[], weights: readonly Tensor[] | undefined, size: number) {
  const count = xs[0]?.shape[0] ?? 0;
  for (let from = 0; from < count; from += size) {
    const rows = Math.min(size, count - from);
    const cut = (list: readonly Tensor[]): Tensor[] => list.map((tensor) => tf.slice(tensor, [from], [rows]));
    const made = { xs: cut(xs), ys: cut(ys), ...(weights === undefined ? {} : { sampleWeight: cut(weights) }) };
    yield made;
    tf.dispose(Object.values(made));
  }
}
