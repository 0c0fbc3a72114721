import { join, resolve } from 'node:path';
import type { DataOptions } from '../data/dataset.ts';
import { statOf } from '../data/files.ts';
import { fail } from '../diagnostics/error.ts';
import { printable } from '../diagnostics/text.ts';
import { type Evaluation, evaluationOf } from '../eval/evaluation.ts';
import { mergeParts } from '../eval/merge.ts';
import { backendsOf, batchSizeOf, bytesOf, jobsOf } from '../eval/options.ts';
import type { Observer } from '../eval/run.ts';
import { shardOf } from '../eval/shard.ts';
import { onStderr } from './colors.ts';
import { remarkText, warningText } from './errors.ts';
import { evaluationText } from './evaluation-text.ts';
import { checkTarget, writeFiles } from './files.ts';
import { type MeasureOptions, measuresOf } from './measures.ts';
import { type Progress, progressOf, silent } from './progress.ts';
import { type SelectionOptions, selectionOf } from './selection.ts';

export interface EvalFlags extends SelectionOptions, MeasureOptions, DataOptions {
  readonly weights?: string;
  readonly backend?: string;
  readonly data?: string;
  readonly batchSize?: string;
  readonly cache?: string;
  readonly cacheSize?: string;
  readonly jobs?: string;
  readonly shard?: string;
  readonly merge?: readonly string[];
  readonly out?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly force?: boolean;
}

/** The file in a folder that `--out` names. */
const WHOLE_NAME = 'evaluation.json';

/** As a shell has it for what an interrupt ends: 128 and the signal's number. */
const INTERRUPTED = 130;

/** `skipc eval`: returns the exit status. */
export async function runEval(model: string | undefined, flags: EvalFlags): Promise<number> {
  if (flags.merge !== undefined) return merge(model, flags, flags.merge);
  if (model === undefined) fail('model-needed', {});
  if (flags.data === undefined) fail('data-needed', {});
  if (flags.cacheSize !== undefined && flags.cache === undefined) fail('option-alone', { option: '--cache-size', without: '--cache' });
  const shard = flags.shard === undefined ? undefined : shardOf(flags.shard, process.env);
  const backends = backendsOf(flags.backend);
  const { batchSize, cache, cacheSize, jobs, weights, json, out } = flags;
  const maxBytes = cacheSize === undefined ? undefined : bytesOf(cacheSize);
  const sizes = {
    batchSize: batchSize === undefined ? undefined : batchSizeOf(batchSize),
    jobs: jobs === undefined ? 1 : jobsOf(jobs),
  };
  const compile = { ...(await selectionOf(flags)), ...measuresOf(flags), weightsFrom: weights };
  const name = shard === undefined ? WHOLE_NAME : `part-${shard.index}-of-${shard.of}.json`;
  const target = targetOf(out, name);
  if (target !== null) checkTarget(target, flags.force ?? false);
  const { runEvaluation } = await import('../eval/run.ts');

  // tfjs-node reads this as it is loaded: what it says of the processor's instructions is nothing about the evaluation.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  const { observer, stop } = observe(flags.quiet ?? false);
  const interrupt = onInterrupt();
  try {
    const part = await runEvaluation(model, {
      compile,
      data: { path: flags.data, options: dataOptions(flags) },
      ...sizes,
      cache: cache === undefined ? undefined : { folder: cache, maxBytes },
      shard,
      backends,
      isIdentified: json === true || out !== undefined,
      signal: interrupt.signal,
      observer,
    });
    stop();
    if (shard !== undefined) return give(part, flags, name);
    return report(evaluationOf([part]), flags);
  } catch (error) {
    stop();
    if (!interrupt.signal.aborted || error !== interrupt.signal.reason) throw error;
    if (!flags.quiet) process.stderr.write(`interrupted${cache === undefined ? '' : '; the features that were computed are kept'}\n`);
    return INTERRUPTED;
  } finally {
    interrupt.dispose();
  }
}

const WITH_MERGE: ReadonlySet<string> = new Set(['merge', 'json', 'quiet', 'out', 'force'] satisfies (keyof EvalFlags)[]);

/** `skipc eval --merge`. */
function merge(model: string | undefined, flags: EvalFlags, paths: readonly string[]): number {
  if (model !== undefined) fail('options-conflict', { one: '--merge', other: 'a model' });
  const other = Object.keys(flags).find((flag) => !WITH_MERGE.has(flag));
  if (other !== undefined)
    fail('options-conflict', { one: '--merge', other: `--${other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}` });
  return report(mergeParts(paths), flags);
}

function report(evaluation: Evaluation, flags: EvalFlags): number {
  if (flags.json || flags.out === '-') return give(evaluation, flags, WHOLE_NAME);
  process.stdout.write(evaluationText(evaluation));
  return flags.out === undefined ? 0 : give(evaluation, flags, WHOLE_NAME);
}

/** Writes JSON to standard output, a file, or under its own name into a folder. */
function give(value: object, { out, force }: EvalFlags, name: string): number {
  const content = `${JSON.stringify(value, null, 2)}\n`;
  const path = targetOf(out, name);
  if (path === null) process.stdout.write(content);
  else writeFiles([{ path, content }], force ?? false);
  return 0;
}

/** The file that is meant; null for standard output. */
function targetOf(out: string | undefined, name: string): string | null {
  if (out === undefined || out === '-') return null;
  const isFolder = /[/\\]$/.test(out) || statOf(out)?.isDirectory() === true;
  return isFolder ? join(resolve(out), name) : resolve(out);
}

function dataOptions(flags: EvalFlags): DataOptions {
  const { labels, classes, sampleWeights, rescale, offset, resize, imageSize, cropToAspectRatio, padToAspectRatio } = flags;
  return { labels, classes, sampleWeights, rescale, offset, resize, imageSize, cropToAspectRatio, padToAspectRatio };
}

const BACKEND_NAMES: Readonly<Record<string, string>> = { node: 'tfjs-node', wasm: 'wasm', cpu: 'cpu' };

/** What is said on standard error while it runs. */
function observe(isQuiet: boolean): { readonly observer: Observer; stop(): void } {
  let progress: Progress = silent;
  const problems = new Set<string>();
  const say = (line: string): void => void (isQuiet || process.stderr.write(`${line}\n`));
  const observer: Observer = {
    warn: (warning) => void (isQuiet || process.stderr.write(warningText(warning))),
    note: (note) => void (isQuiet || process.stderr.write(remarkText('note', note))),
    begin({ program, model, backend, jobs, samples }) {
      const threads = jobs === 1 ? '' : `, ${jobs} threads`;
      say(
        `${onStderr.bold(printable(program))} of ${JSON.stringify(printable(model))} on ${BACKEND_NAMES[backend] ?? backend}${threads}, ${samples} ${samples === 1 ? 'sample' : 'samples'}`,
      );
      if (!isQuiet) progress = progressOf(samples);
    },
    advance: (samples) => progress.advance(samples),
    problem(message) {
      problems.add(message);
    },
  };
  const stop = (): void => {
    progress.stop();
    // Not into the bar; and once, whichever thread it was told by.
    for (const message of problems) if (!isQuiet) process.stderr.write(remarkText('warning', message));
    problems.clear();
  };
  return { observer, stop };
}

/** The first interrupt stops after the batches that run, the second at once. */
function onInterrupt(): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  };
  process.on('SIGINT', interrupt);
  return { signal: controller.signal, dispose: () => void process.off('SIGINT', interrupt) };
}
