import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { byHead } from './assigned.ts';
import { type LabelledBatch, readEach } from './data.ts';
import type { EvaluatedProgram } from './evaluate.ts';
import type { HeadMetric } from './heads.ts';
import { reduceLosses } from './metric.ts';
import { type NDArray, numbersIn } from './ndarray.ts';
import { addTo, noSums, type Sums, sumAt } from './sums.ts';

/** Adds one batch to the sums. */
export async function addBatch(
  { heads, outputs: keys, isTotal = true, countsBatches = false, penalties = {} }: EvaluatedProgram,
  { ys, sampleWeight }: LabelledBatch,
  count: number,
  outputs: NamedTensorMap,
  sums: Record<string, Sums>,
): Promise<void> {
  const names = Object.keys(heads);
  const labels = byHead(await readEach(ys), names, keys, 'labels', false);
  const weights = sampleWeight === undefined ? null : byHead(await readEach(sampleWeight), names, keys, 'sample weights', true);
  const numbers = new Map<string, Promise<NDArray>>();
  const read = (key: string): Promise<NDArray> => {
    const known = numbers.get(key) ?? numbersIn(outputs[key] as Tensor);
    numbers.set(key, known);
    return known;
  };
  const sumsOf = (name: string): Sums => ownSums(sums, name);
  const addMean = (name: string, value: number, of: number): void => {
    addTo(sumsOf(name), 0, value * of);
    addTo(sumsOf(name), 1, of);
  };

  let total = 0;
  for (const [key, { loss, metrics = {}, weightedMetrics = {}, mask: maskKey }] of Object.entries(heads)) {
    const label = labels.get(key) as NDArray;
    const weight = weights?.get(key) ?? null;
    if (label.shape[0] !== count)
      throw new Error(`labels of ${JSON.stringify(key)}: ${label.shape[0]} samples, where others have ${count}`);
    const mask = maskKey === undefined ? null : await read(maskKey);
    if (loss !== undefined) {
      const predicted = await read(loss.reads ?? key);
      if (predicted.shape[0] !== count)
        throw new Error(`labels of ${JSON.stringify(key)}: ${count} samples, where the inputs have ${predicted.shape[0]}`);
      const value = reduceLosses(loss.of(label, predicted), weight, mask, loss.reduction ?? 'sum_over_batch_size');
      if (loss.name !== undefined) addMean(loss.name, value, countsBatches ? 1 : count);
      total += value * (loss.weight ?? 1);
    }
    const update = async (measured: Readonly<Record<string, HeadMetric>>, by: NDArray | null): Promise<void> => {
      for (const [name, { of, reads }] of Object.entries(measured)) of.update(sumsOf(name), label, await read(reads ?? key), by, mask);
    };
    await update(metrics, null);
    await update(weightedMetrics, weight);
  }
  if (!isTotal) return;
  const added = async (key: string | undefined): Promise<number> => (key === undefined ? 0 : sumOver((await read(key)).data));
  total += (await added(penalties.weights)) + (await added(penalties.activity)) / count;
  addMean('loss', total, count);
}

/** What follows from the sums, in the order in which Keras lists it. */
export function resultsOf(
  heads: EvaluatedProgram['heads'],
  sums: Readonly<Record<string, Sums>>,
): Record<string, number | readonly number[]> {
  const results = new Map<string, number | readonly number[]>();
  const found = (name: string): Sums | undefined => (Object.hasOwn(sums, name) ? sums[name] : undefined);
  const mean = (name: string): void => {
    const of = found(name);
    if (of !== undefined) results.set(name, sumAt(of, 0) / sumAt(of, 1));
  };
  mean('loss');
  for (const { loss } of Object.values(heads)) if (loss?.name !== undefined) mean(loss.name);
  for (const { metrics, weightedMetrics } of Object.values(heads)) {
    for (const [name, { of }] of Object.entries({ ...metrics, ...weightedMetrics })) results.set(name, of.result(found(name) ?? noSums()));
  }
  return Object.fromEntries(results);
}

/** The sums of this name, which may be that of a method or of the prototype. */
function ownSums(sums: Record<string, Sums>, name: string): Sums {
  if (!Object.hasOwn(sums, name))
    Object.defineProperty(sums, name, { value: noSums(), enumerable: true, writable: true, configurable: true });
  return sums[name] as Sums;
}

function sumOver(numbers: NDArray['data']): number {
  let sum = 0;
  for (const x of numbers) sum += x;
  return sum;
}
