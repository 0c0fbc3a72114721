import { createHash } from 'node:crypto';
import { type Compiled, type CompileOptions, compile } from '../compile.ts';
import type { DataOptions } from '../data/dataset.ts';
import { openData } from '../data/open.ts';
import { fail, type SkipcError } from '../diagnostics/error.ts';
import { withScripts } from '../instantiate.ts';
import type { ModelSource } from '../read/read.ts';
import { version } from '../version.ts';
import { batchesIn, type Shard, samplesIn, WHOLE } from './batches.ts';
import type { BackendChoice } from './choices.ts';
import { labelsHash } from './labels-hash.ts';
import { checkOf, headsIn, PART_FORMAT, type Part, sumsToJson } from './part.ts';
import { evaluateInThreads } from './pool.ts';
import { carriedStates, fixedBatch, prefixStates, wantedData } from './wanted.ts';

export interface EvaluationOptions {
  readonly compile: Omit<CompileOptions, 'backend' | 'bake' | 'weights' | 'command'>;
  readonly data: { readonly path: string; readonly options: DataOptions };
  /** 32 without it, as in Keras, or what the model was built for. */
  readonly batchSize?: number | undefined;
  readonly cache?: { readonly folder: string; readonly maxBytes: number | undefined } | undefined;
  readonly jobs: number;
  readonly shard?: Shard | undefined;
  /** Tried in this order. */
  readonly backends: readonly BackendChoice[];
  /** True where the data is hashed even if nothing depends on it. */
  readonly isIdentified: boolean;
  readonly signal: AbortSignal;
  readonly observer: Observer;
}

/** Is told what goes on. */
export interface Observer {
  /** What somebody should know, before anything is computed. */
  warn(warning: SkipcError): void;
  note(note: string): void;
  begin(about: {
    readonly program: string;
    readonly model: string;
    readonly backend: string;
    readonly jobs: number;
    readonly samples: number;
  }): void;
  advance(samples: number): void;
  /** Something is amiss with the cache. */
  problem(message: string): void;
}

const BATCH_SIZE = 32;

/**
 * Compiles a model and evaluates it on data, or on a shard of it, in worker threads.
 * @throws SkipcError what compiling, opening data and evaluating throw; `evaluation-nothing`, `weights-needed`, `cache-no-prefix`,
 *   `evaluation-stateful`, `cache-stateful`; the reason of the signal where that aborted
 */
export async function runEvaluation(model: ModelSource, options: EvaluationOptions): Promise<Part> {
  const { data: source, shard = WHOLE, observer, signal } = options;
  const compiled = await compile(model, options.compile);
  const { analysis, summary } = compiled;
  for (const warning of analysis.warnings) observer.warn(warning);
  for (const omitted of analysis.evaluation.omitted) observer.warn(omitted);
  check(compiled, options);
  const { heads } = analysis.evaluation;
  const wanted = wantedData(analysis.program, heads, summary);
  const data = await openData(source.path, wanted, source.options);
  for (const note of data.notes) observer.note(note);
  signal.throwIfAborted();

  const batchSize = options.batchSize ?? fixedBatch(wanted) ?? BATCH_SIZE;
  const batches = [...batchesIn(data.size, batchSize, shard)];
  const samples = samplesIn(data.size, batchSize, shard);
  const jobs = Math.max(1, Math.min(options.jobs, batches.length));
  const isIdentified = options.isIdentified || options.cache !== undefined || options.shard !== undefined;
  const identity = isIdentified ? data.identity : '';
  const labels = isIdentified ? labelsHash(data) : '';
  const { name: program, hash } = summary.program;
  const pooled = await withScripts({ 'module.mjs': compiled.code }, (url) =>
    evaluateInThreads(
      {
        module: url('module.mjs').href,
        weights: compiled.weights,
        backends: options.backends,
        data: { path: source.path, wanted, options: source.options },
        cache: options.cache === undefined ? null : { ...options.cache, id: identity },
      },
      batches.values(),
      {
        jobs,
        onReady: (backend) => observer.begin({ program, model: summary.model.name, backend, jobs, samples }),
        onSamples: (done) => observer.advance(done),
        onProblem: (message) => observer.problem(message),
        signal,
      },
    ),
  );
  const part = {
    'skipc-evaluation-part': PART_FORMAT,
    skipc: version,
    model: { name: summary.model.name, hash: summary.model.hash },
    program: { name: program, hash },
    weights: hashOf(compiled.weights),
    data: { path: source.path, identity, labels, samples: data.size },
    backend: pooled.backend,
    batchSize,
    origin: { writer: analysis.model.graph.origin.writer, keras: analysis.model.graph.origin.keras },
    heads: headsIn(heads),
    shard: { ...shard },
    samples,
    sums: sumsToJson(pooled.sums),
    seconds: pooled.seconds,
    cache: pooled.cache,
  } satisfies Omit<Part, 'check'>;
  return { ...part, check: checkOf(part) };
}

/** What can be refused before the data is opened. */
function check({ analysis, summary, weights }: Compiled, { cache, jobs, shard }: EvaluationOptions): void {
  const { program, evaluation } = analysis;
  if (evaluation.heads.length === 0) fail('evaluation-nothing', { program: program.name });
  if (weights === null && program.weights.length > 0) fail('weights-needed', { model: summary.model.name });
  if (cache !== undefined && program.features === null) fail('cache-no-prefix', { cuts: summary.cuts.map(({ name }) => name) });
  const kept = cache === undefined ? [] : prefixStates(program);
  if (kept.length > 0) fail('cache-stateful', { states: kept });
  const states = carriedStates(program);
  const option = shard !== undefined && shard.of > 1 ? '--shard' : jobs > 1 ? '--jobs' : null;
  if (option !== null && states.length > 0) fail('evaluation-stateful', { states, option });
}

const hashOf = (bytes: Uint8Array | null): string =>
  createHash('sha256')
    .update(bytes ?? new Uint8Array())
    .digest('hex');
