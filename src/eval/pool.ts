import { Worker } from 'node:worker_threads';
import { fail } from '../diagnostics/error.ts';
import { addSums, noSums, type Sums } from '../runtime/evaluate/sums.ts';
import type { Range } from './batches.ts';
import { type BatchNames, type CacheUse, type Order, type Report, receivedError, type SentError, type Task } from './messages.ts';

export interface PoolOptions {
  readonly jobs: number;
  /** Called once, with the backend that was started. */
  readonly onReady: (backend: string) => void;
  /** Called after each batch. */
  readonly onSamples: (samples: number) => void;
  readonly onProblem: (message: string) => void;
  /** No batch is begun once it aborts; those that run are finished. */
  readonly signal: AbortSignal;
}

export interface Pooled {
  readonly sums: Readonly<Record<string, Sums>>;
  readonly cache: CacheUse | null;
  readonly backend: string;
  readonly seconds: number;
}

/**
 * Evaluates batches in worker threads, each of which has tfjs, the module, its weights and the data to itself; whichever is free takes the
 * next batch.
 * @throws SkipcError `evaluation-failed` naming the samples, `evaluation-not-begun`, and what reading them throws; the reason of the signal where it aborted
 */
export async function evaluateInThreads(task: Task, batches: Iterator<Range>, options: PoolOptions): Promise<Pooled> {
  const { jobs, onReady, onSamples, onProblem, signal } = options;
  const sums: Record<string, Sums> = Object.create(null) as Record<string, Sums>;
  let cache: CacheUse | null = null;
  let backend: string | undefined;
  let began: number | undefined;
  const take = (worker: Worker, report: Report): void => {
    switch (report.is) {
      case 'ready':
        if (backend === undefined) onReady(report.backend);
        backend ??= report.backend;
        return;
      case 'next': {
        began ??= performance.now();
        const next = signal.aborted ? { done: true as const } : batches.next();
        worker.postMessage((next.done ? null : next.value) satisfies Order);
        return;
      }
      case 'done':
        onSamples(report.samples);
        return;
      case 'problem':
        onProblem(report.message);
        return;
      case 'failed':
        raise(report.error, report.batch);
        return;
      case 'ended':
        for (const [name, own] of Object.entries(report.sums)) {
          sums[name] ??= noSums();
          addSums(sums[name], own);
        }
        if (report.cache !== null) {
          const { hits, misses } = report.cache;
          cache = { hits: (cache?.hits ?? 0) + hits, misses: (cache?.misses ?? 0) + misses };
        }
    }
  };
  const workers = Array.from({ length: jobs }, () => start(task));
  try {
    await Promise.all(workers.map((worker) => ended(worker, (report) => take(worker, report))));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  signal.throwIfAborted();
  if (backend === undefined) throw new Error('no thread was ready');
  return { sums, cache, backend, seconds: (performance.now() - (began ?? performance.now())) / 1000 };
}

function start(task: Task): Worker {
  // Standard output holds results alone: what libraries print there goes to standard error.
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: task, stdout: true, execArgv: [] });
  worker.stdout.pipe(process.stderr, { end: false });
  return worker;
}

/** Waits until a worker has sent its sums. @throws what it, or taking its reports, throws */
function ended(worker: Worker, take: (report: Report) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on('message', (report: Report) => {
      try {
        take(report);
        if (report.is === 'ended') resolve();
      } catch (error) {
        reject(error);
      }
    });
    worker.on('error', reject);
    worker.on('exit', (status) => reject(new Error(`a thread ended with status ${status} and no result`)));
  });
}

function raise(error: SentError, batch: BatchNames | null): never {
  const diagnostic = receivedError(error);
  if (diagnostic !== null) throw diagnostic;
  if (batch === null) return fail('evaluation-not-begun', { why: error.message });
  const { from, to, files } = batch;
  return fail('evaluation-failed', { why: error.message, from, last: to - 1, files });
}
