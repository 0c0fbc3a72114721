import { parentPort, workerData } from 'node:worker_threads';
import { type NamedTensorMap, type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { DataSet, TextArray } from '../data/dataset.ts';
import { openData } from '../data/open.ts';
import { DiskFeatureCache } from '../evaluate/disk.ts';
import type { Instance } from '../instantiate.ts';
import type { LabelledBatch } from '../runtime/evaluate/data.ts';
import type { NDArray } from '../runtime/evaluate/ndarray.ts';
import type { Sums } from '../runtime/evaluate/sums.ts';
import { startBackend } from './backend.ts';
import type { Range } from './batches.ts';
import { countedCache } from './counted-cache.ts';
import { type BatchNames, type Order, type Report, sentError, type Task } from './messages.ts';

/** A thread of `skipc eval`: it evaluates the batches that it is given, and sends the sums when there are no more. */

const port = parentPort;
if (port === null) throw new Error('this is the main program of a worker thread');
const report = (message: Report): void => port.postMessage(message);

/** As many as a message lists, and one to say that there are more. */
const MOST_FILES = 11;

let current: Range | null = null;
let names: (batch: Range) => BatchNames = (batch) => ({ ...batch, files: [] });

async function evaluateBatches({ module, weights, backends, data: { path, wanted, options }, cache }: Task): Promise<void> {
  const backend = await startBackend(backends);
  const data = await openData(path, wanted, options);
  names = (batch) => namesOf(data, batch);
  const instance = (await import(module)) as Instance;
  const { evaluate, load } = instance;
  if (evaluate === undefined) throw new Error('the module has no evaluate');
  const w = await (weights === null ? load() : load(weights));
  report({ is: 'ready', backend });

  const sums: Record<string, Sums> = {};
  const kept = cache === null ? null : countedCache(new DiskFeatureCache(cache.folder, { maxBytes: cache.maxBytes, onProblem }));
  const first = await nextBatch();
  if (first !== null) {
    const caching = cache === null || kept === null ? {} : { cache: kept, id: cache.id };
    await evaluate(w, batches(data, first), { sums, ...caching });
  }
  report({ is: 'ended', sums, cache: kept?.use() ?? null });
}

const onProblem = (message: string): void => report({ is: 'problem', message });

async function nextBatch(): Promise<Order> {
  const order = new Promise<Order>((resolve) => port?.once('message', resolve));
  report({ is: 'next' });
  return order;
}

/** The batches that this thread is given. Inputs are read when the module asks for them, which it does not where features are cached. */
async function* batches(data: DataSet, first: Range): AsyncGenerator<LabelledBatch> {
  for (let batch: Order = first; batch !== null; batch = await nextBatch()) {
    current = batch;
    const { from, to } = batch;
    const xs = async (): Promise<NamedTensorMap> =>
      Object.fromEntries(Object.entries(await data.inputs(from, to)).map(([key, values]) => [key, tensorOf(values)]));
    yield { xs, ...data.labels(from, to), name: `${from}-${to}` };
    report({ is: 'done', samples: to - from });
    current = null;
  }
}

const tensorOf = ({ data, shape, dtype }: NDArray | TextArray): Tensor => tensor(data as NDArray['data'] | string[], [...shape], dtype);

function namesOf(data: DataSet, { from, to }: Range): BatchNames {
  const count = Math.min(to - from, MOST_FILES);
  return { from, to, files: Array.from({ length: count }, (_, i) => data.nameOf(from + i)).filter((file) => file !== null) };
}

try {
  await evaluateBatches(workerData as Task);
} catch (error) {
  report({ is: 'failed', error: sentError(error), batch: current === null ? null : names(current) });
}
// The port would keep the thread alive.
port.close();
