import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BackendName, loadTfjsNode } from '../backends.ts';
import { bundleSizes } from './bundles.ts';
import { benchModel, catalogue } from './catalogue.ts';
import { runChild } from './child.ts';
import { compileTimes } from './compile-time.ts';
import { BACKEND } from './compiled.ts';
import type { EpochTask } from './epoch.ts';
import { stableJson } from './json.ts';
import { machine } from './machine.ts';
import type { BenchModel } from './models.ts';
import { type Options, PARTS, readOptions } from './options.ts';
import { peers } from './peers/index.ts';
import { report } from './report.ts';
import type { BundleSize, CompileTime, EpochTime, Facts, Failure, Measurement, Results, Start } from './results.ts';
import type { Message, Task } from './worker.ts';

/** Peers whose start is timed, beside skipc's. */
const STARTING = ['skipc', 'tfjs-layers predict', 'GraphModel'];

/** What is validated, as it is after each epoch of training. */
const EPOCH = { model: 'frozen_transfer', images: 512, batch: 32 };

const progress = (text: string): void => void process.stderr.write(`${text}\n`);

async function main(options: Options): Promise<number> {
  const found: Found = { facts: [], measurements: [], starts: [], failures: [] };
  const runsModels = options.parts.has('models') || options.parts.has('starts');
  const names = [...catalogue.keys()].filter((name) => options.only.length === 0 || options.only.some((part) => name.includes(part)));
  const backends = runsModels ? options.backends.filter((backend) => backend !== 'tensorflow' || hasTfjsNode()) : [];
  for (const model of runsModels ? names.map(benchModel) : []) {
    for (const backend of model.backends.filter((name) => backends.includes(name))) {
      const attempt = (what: string, work: () => Promise<void>) =>
        attempted(found.failures, `${what} of ${model.name} on ${BACKEND[backend]}`, work);
      if (options.parts.has('models')) await attempt('timing', () => timeModel(model, backend, options, found));
      if (options.parts.has('starts') && backend !== 'cpu') await attempt('starts', () => timeStarts(model, backend, options, found));
    }
  }
  const epochs: EpochTime[] = [];
  for (const backend of options.parts.has('epochs') ? options.backends.filter((name) => name !== 'cpu') : []) {
    if (backend === 'tensorflow' && !hasTfjsNode()) continue;
    await attempted(found.failures, `validation on ${BACKEND[backend]}`, async () => {
      const task: EpochTask = { ...EPOCH, backend, seconds: 4 * options.seconds };
      await runChild<EpochTime[]>('bench-epoch', task, (message) => {
        for (const { way, ms, ratio } of message) progress(`${way}: ${ms.value.toFixed(1)} ms, ${ratio.value.toFixed(1)}`);
        epochs.push(...message);
      });
    });
  }
  const times: CompileTime[] = [];
  const bundles: BundleSize[] = [];
  if (options.parts.has('compile')) {
    await attempted(found.failures, 'compilation', async () => {
      for await (const time of compileTimes()) {
        progress(`compiled ${time.what}: ${Math.round(time.ms)} ms, ${Math.round(time.peakMegabytes)} MB`);
        times.push(time);
      }
    });
  }
  if (options.parts.has('bundles')) {
    await attempted(found.failures, 'bundles', async () => {
      for await (const bundle of bundleSizes()) bundles.push(bundle);
    });
  }
  const { parts } = options;
  const before = parts.size === PARTS.length ? null : resultsIn(options.out);
  write(
    {
      machine: machine(),
      ...found,
      ...(before === null || parts.has('models') ? {} : { facts: before.facts, measurements: before.measurements }),
      ...(before === null || parts.has('starts') ? {} : { starts: before.starts }),
      epochs: before === null || parts.has('epochs') ? epochs : before.epochs,
      compileTimes: before === null || parts.has('compile') ? times : before.compileTimes,
      bundles: before === null || parts.has('bundles') ? bundles : before.bundles,
    },
    options.out,
  );
  return found.failures.length > 0 ? 1 : 0;
}

/** What an earlier run left of the parts that this one leaves out; null where there was none. */
function resultsIn(folder: string): Results | null {
  const file = join(folder, 'results.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : null;
}

interface Found {
  readonly facts: Facts[];
  readonly measurements: Measurement[];
  readonly starts: Start[];
  readonly failures: Failure[];
}

/** One model that fails does not end the run: it is told of in the end. */
async function attempted(failures: Failure[], what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { message } = error as Error;
    progress(`${what} failed: ${message}`);
    failures.push({ what, error: message });
  }
}

function hasTfjsNode(): boolean {
  const node = loadTfjsNode();
  if ('absent' in node) progress(`node is left out, for @tensorflow/tfjs-node does not load here (${node.absent})`);
  return !('absent' in node);
}

function taskFor(model: BenchModel, backend: BackendName, options: Options): Task {
  const chosen = peers.filter(({ name }, i) => i === 0 || options.peers.length === 0 || options.peers.some((part) => name.includes(part)));
  return {
    model: model.name,
    backend,
    batches: backend === 'cpu' ? options.batches.filter((batch) => batch === 1) : options.batches,
    peers: chosen.map(({ name }) => name),
    seconds: options.seconds,
    fewest: options.fewest,
    others: options.models === null ? null : pathToFileURL(`${resolve(options.models)}/`).href,
    start: null,
  };
}

async function timeModel(model: BenchModel, backend: BackendName, options: Options, found: Found): Promise<void> {
  progress(`${model.name} on ${BACKEND[backend]}`);
  const task = taskFor(model, backend, options);
  const [own = '', ...others] = task.peers;
  const contests = model.apart && others.length > 0 ? others.map((peer) => [own, peer]) : [task.peers];
  for (const [i, contestants] of contests.entries()) {
    await runChild<Message>('bench-worker', { ...task, peers: contestants }, (message) => {
      if ('facts' in message && i === 0) found.facts.push(message.facts);
      if (!('measurement' in message)) return;
      progress(told(message.measurement));
      add(message.measurement, found.measurements);
    });
  }
}

/** Of one question, peers that were timed in processes of their own stand together; each ratio is to skipc in the same process. */
function add(measurement: Measurement, measurements: Measurement[]): void {
  const same = measurements.findIndex((other) =>
    (['model', 'question', 'backend', 'batch'] as const).every((key) => other[key] === measurement[key]),
  );
  const before = measurements[same];
  if (before === undefined) measurements.push(measurement);
  else measurements[same] = { ...before, peers: [...before.peers, ...measurement.peers.slice(1)] };
}

async function timeStarts(model: BenchModel, backend: BackendName, options: Options, found: Found): Promise<void> {
  const task = taskFor(model, backend, options);
  for (const peer of STARTING.filter((name) => task.peers.includes(name))) {
    const start = { peer, question: model.questions[0]?.name ?? '' };
    await runChild<Message>('bench-worker', { ...task, start }, (message) => {
      if ('start' in message && message.start !== null) found.starts.push(message.start);
    });
  }
}

function told({ question, batch, peers: results, note }: Measurement): string {
  const lines = results.map((result) => {
    if (result.outcome === 'cannot') return `${result.peer}: ${result.why}`;
    if (result.outcome === 'differs') return `${result.peer}: differs by ${result.difference}`;
    const { ms, ratio, rounds } = result.timing;
    return `${result.peer}: ${ms.value.toFixed(3)} ms, ${ratio.value.toFixed(3)} [${ratio.low.toFixed(3)}, ${ratio.high.toFixed(3)}], ${rounds} rounds`;
  });
  return [`  ${question}, batch ${batch}`, ...lines, ...(note === null ? [] : [note])].join('\n    ');
}

function write(results: Results, out: string): void {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'RESULTS.md'), report(results));
  writeFileSync(join(out, 'results.json'), stableJson(results));
  progress(`written: ${join(out, 'RESULTS.md')}, results.json`);
}

process.exitCode = await main(readOptions(process.argv.slice(2), new URL('.', import.meta.url).pathname));
