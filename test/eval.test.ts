import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import Ajv from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EvalFlags, runEval } from '../src/cli/eval.ts';
import { duration, pace } from '../src/cli/progress.ts';
import { SkipcError } from '../src/diagnostics/error.ts';
import { batchesIn, samplesIn } from '../src/eval/batches.ts';
import type { Evaluation } from '../src/eval/evaluation.ts';
import { mergeParts } from '../src/eval/merge.ts';
import { bytesOf } from '../src/eval/options.ts';
import { checkOf, type Part } from '../src/eval/part.ts';
import { shardOf } from '../src/eval/shard.ts';
import { useBackend } from './backends.ts';
import { type BuiltCli, buildCli, type Ended, scratchFolder } from './built-cli.ts';
import { floats, ints, npy, npz, png, refusal } from './data-files.ts';
import { imageTensor } from './models/digits/accuracy.ts';
import { type Digits, loadDigits, PIXELS, SIDE } from './models/digits/load.ts';
import { readSaved } from './models/digits/saved.ts';
import { SmallModel, twoHeads } from './small-model.ts';

const DIGITS = fileURLToPath(new URL('models/digits/model.json', import.meta.url));
const METRICS = fileURLToPath(new URL('models/digits/metrics.json', import.meta.url));
const { test: digits } = loadDigits();

let cli: BuiltCli;
let here: string;
const path = (name: string): string => join(here, name);

const SOME = 100;

/** The samples of the two-headed model, of which the last batch is smaller. */
const SAMPLES = 50;
const TWO = ['two/model.json', '--data', 'two.npz', '--batch-size', '10', '--backend', 'wasm'];
const MEASURED = {
  loss: { aux: 'sparse_categorical_crossentropy', head: 'mse' },
  metrics: { aux: 'accuracy', head: ['mae', 'RootMeanSquaredError', 'R2Score', 'F1Score'] },
};
const MEASURES = Object.entries(MEASURED.loss).flatMap(([output, loss]) => ['--loss', `${output}=${loss}`]);
const METRICS_OF_TWO = Object.entries(MEASURED.metrics).flatMap(([output, metrics]) =>
  [metrics].flat().flatMap((metric) => ['--metric', `${output}=${metric}`]),
);
const TWO_MEASURED = [...TWO, ...MEASURES, ...METRICS_OF_TWO];
const nothing = (): void => undefined;

beforeAll(async () => {
  cli = await buildCli();
  here = scratchFolder('eval');
  writeFileSync(path('digits.npz'), digitFile(digits.count));
  writeFileSync(path('some.npz'), digitFile(SOME));
  twoHeads().save(path('two'));
  twoHeads({ frozen: true }).save(path('frozen'));
  writeFileSync(path('two.npz'), twoData());
});
afterAll(() => {
  cli?.dispose();
  rmSync(here, { recursive: true, force: true });
});

const run = (...args: readonly string[]): Promise<Ended> => cli.run(['eval', ...args], { cwd: here });
const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

/** The command in this process, which is refused before any thread starts. */
async function refuses(code: string, words: RegExp, model: string | undefined, flags: EvalFlags): Promise<void> {
  const here = { ...flags, quiet: true, ...(flags.data === undefined ? {} : { data: path(flags.data) }) };
  const error = await runEval(model === undefined ? undefined : path(model), here).catch((thrown: unknown) => thrown);
  if (!(error instanceof SkipcError)) throw error instanceof Error ? error : new Error('it was not refused');
  expect(error.code).toBe(code);
  expect(`${error.message} ${error.hint}`).toMatch(words);
}

function digitFile(count: number): Uint8Array {
  const x = npy([count, SIDE, SIDE, 1], digits.images.subarray(0, count * PIXELS));
  return npz({ x, y: npy([count], digits.labels.subarray(0, count)) });
}

function twoData(aux: readonly number[] = Array.from({ length: SAMPLES }, (_, i) => i % 3), width = 4): Uint8Array {
  const wave = (count: number, step: number): number[] => Array.from({ length: count }, (_, i) => Math.abs(Math.sin(i * step)));
  return npz({
    image: floats([SAMPLES, width], wave(SAMPLES * width, 1)),
    aux: ints(...aux),
    head: floats([SAMPLES, 2], wave(SAMPLES * 2, 0.7)),
  });
}

/** What a command that prints JSON found. */
async function evaluated(...args: readonly string[]): Promise<Evaluation> {
  const { status, stdout, stderr } = await run(...args, '--json', '--quiet');
  expect({ status, stderr }, stderr).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Evaluation;
}

describe('the digit model', () => {
  it('has the accuracies that it was trained to, in one thread or two, cached or not, bit for bit', async () => {
    const { accuracy } = JSON.parse(readFileSync(METRICS, 'utf8')) as { accuracy: { main: number; aux: number } };
    const of = [DIGITS, '--data', 'digits.npz', '--backend', 'wasm', '--batch-size', '96', '--hoist', 'block1_pool'];
    const plain = await evaluated(...of);
    expect(plain).toMatchObject({ model: { name: 'digits' }, samples: digits.count, backend: 'wasm', parts: 1, cache: null });
    expect(plain.results).toMatchObject({ main_accuracy: accuracy.main, aux_accuracy: accuracy.aux });
    const caching = [...of, '--cache', 'features', '--jobs', '2'];
    const [first, second] = [await evaluated(...caching), await evaluated(...caching)];
    const batches = Math.ceil(digits.count / 96);
    expect([first.cache, second.cache]).toEqual([
      { hits: 0, misses: batches },
      { hits: batches, misses: 0 },
    ]);
    expect(first.results).toEqual(plain.results);
    expect(second.results).toEqual(plain.results);
    const isValid = new Ajv.default({ strict: false }).compile(
      JSON.parse(readFileSync(fileURLToPath(new URL('../schemas/evaluation.schema.json', import.meta.url)), 'utf8')) as object,
    );
    expect(isValid(second), JSON.stringify(isValid.errors)).toBe(true);
    expect(isValid({ ...second, results: { loss: null } })).toBe(false);
  }, 60_000);

  it('has the losses and accuracies that tfjs-layers computes', async () => {
    const evaluating = evaluated(DIGITS, '--data', 'some.npz', '--backend', 'cpu', '--batch-size', '64');
    await useBackend('cpu');
    const model = await loadLayersModel(tf.io.fromMemory(readSaved(fileURLToPath(new URL('models/digits', import.meta.url)))));
    model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
    const some: Digits = { ...digits, count: SOME };
    const [x, y] = [imageTensor(some, 0, SOME), tf.oneHot(tf.tensor1d(Int32Array.from(some.labels.subarray(0, SOME)), 'int32'), 10)];
    // The loss of the first output stands first, then the sum.
    const [, ...found] = (model.evaluate(x, [y, y], { batchSize: 64 }) as tf.Scalar[]).map((scalar) => scalar.dataSync()[0] as number);
    const { results } = await evaluating;
    const names = ['loss', 'main_loss', 'aux_loss', 'main_accuracy', 'aux_accuracy'];
    expect(Object.keys(results)).toEqual(names);
    names.forEach((name, i) => {
      expect(Math.abs((results[name] as number) - (found[i] as number)), name).toBeLessThan(1e-5);
    });
  }, 60_000);

  it('evaluates a folder of images, and names the one that is none', async () => {
    for (let i = 0; i < 20; i++) {
      const grey = Array.from(digits.images.subarray(i * PIXELS, (i + 1) * PIXELS), (value) => Math.round(value * 255));
      const rows = Array.from({ length: SIDE }, (_, row) => grey.slice(row * SIDE, (row + 1) * SIDE));
      mkdirSync(path(`images/${digits.labels[i]}`), { recursive: true });
      writeFileSync(path(`images/${digits.labels[i]}/${String(i).padStart(2, '0')}.png`), png([SIDE, SIDE], 'grey', rows));
    }
    const of = [DIGITS, '--output', 'aux', '--classes', '0,1,2,3,4,5,6,7,8,9', '--rescale', '1/255', '--backend', 'wasm'];
    writeFileSync(path('twenty.npz'), digitFile(20));
    const [{ results, data }, { results: same }] = await Promise.all([
      evaluated(...of, '--data', 'images'),
      evaluated(...of.slice(0, 3), '--backend', 'wasm', '--data', 'twenty.npz'),
    ]);
    expect(data.samples).toBe(20);
    expect(results['accuracy']).toBe(same['accuracy']);
    expect(results['loss']).toBeCloseTo(same['loss'] as number, 5);
    writeFileSync(path('images/3/zz.png'), 'no image');
    const { status, stdout, stderr } = await run(...of, '--data', 'images', '--quiet');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/images\/3\/zz\.png.*\[data-image\]/s);
  }, 60_000);
});

describe('what is printed', () => {
  it('is a table on standard output, all else on standard error, in 80 columns; and JSON in a file', async () => {
    const { status, stdout, stderr } = await run(...TWO_MEASURED, '-o', 'results.json');
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^ {2}metric +value\n {2}loss +[\d.]+\n {2}aux_loss .*\n {2}head_loss .*\n {2}aux_accuracy .*\n {2}head_mae .*\n {2}head_Root/,
    );
    expect(stdout).toMatch(/\n {2}head_F1Score +[\d.]+, [\d.]+\n\n {2}50 samples, [\d.]+ s, [\d.]+ a second\n$/);
    expect(stderr).toContain('aux-head of "two_heads" on wasm, 50 samples\n');
    for (const text of [stdout, stderr]) expect(widest(text)).toBeLessThanOrEqual(80);
    expect(JSON.parse(readFileSync(path('results.json'), 'utf8'))).toMatchObject({ 'skipc-evaluation': 1, samples: SAMPLES });
  });

  it('is not written over a file of somebody else', async () => {
    writeFileSync(path('theirs.json'), '{}');
    const { status } = await run(...TWO_MEASURED, '-o', 'theirs.json', '--quiet');
    expect(status).toBe(2);
    expect(readFileSync(path('theirs.json'), 'utf8')).toBe('{}');
  });

  it('has its exit status where nobody reads standard error', async () => {
    const child = spawn(process.execPath, [cli.main, 'eval', 'two/model.json', '--data', 'nowhere', ...MEASURES], { cwd: here });
    child.stderr.destroy();
    expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(2);
  });
});

describe('parts', () => {
  const file = (index: number, of: number): string => `parts${of}/part-${index}-of-${of}.json`;
  const change = (name: string, edit: (part: Part) => object): string => {
    const read = JSON.parse(readFileSync(path(file(1, 3)), 'utf8')) as Part;
    const { check: _, ...rest } = { ...read, ...edit(read) };
    writeFileSync(path(name), JSON.stringify({ ...rest, check: checkOf(rest) }));
    return path(name);
  };

  const timeless = (found: Evaluation): object => ({
    ...found,
    data: { ...found.data, path: '' },
    parts: 0,
    seconds: 0,
    samplesPerSecond: 0,
  });

  it('give what one run gives, to the last bit, in job arrays too', async () => {
    mkdirSync(path('parts3'));
    const env = { JOB_COMPLETION_INDEX: '1', JOB_COMPLETIONS: '3' };
    const [whole, { status, stdout }] = await Promise.all([
      evaluated(...TWO_MEASURED),
      cli.run(['eval', ...TWO_MEASURED, '--shard', 'auto', '-o', 'parts3/', '--quiet'], { cwd: here, env }),
    ]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    // As the command does it, without the time that starting it takes. There are five batches: of seven parts two are empty.
    const { runEvaluation } = (await import(
      pathToFileURL(join(cli.main, '../../eval/run.js')).href
    )) as typeof import('../src/eval/run.ts');
    const evaluatePart = async (index: number, of: number): Promise<void> => {
      const found = await runEvaluation(path('two/model.json'), {
        compile: MEASURED,
        data: { path: path('two.npz'), options: {} },
        batchSize: 10,
        jobs: of === 1 ? 2 : 1,
        shard: { index, of },
        backends: ['wasm'],
        isIdentified: true,
        signal: new AbortController().signal,
        observer: { warn: nothing, note: nothing, begin: nothing, advance: nothing, problem: nothing },
      });
      mkdirSync(path(`parts${of}`), { recursive: true });
      writeFileSync(path(file(index, of)), JSON.stringify(found));
    };
    for (const of of [1, 3, 7]) {
      const indices = Array.from({ length: of }, (_, index) => index);
      await Promise.all(indices.filter((index) => !existsSync(path(file(index, of)))).map((index) => evaluatePart(index, of)));
      const merged = mergeParts(indices.toReversed().map((index) => path(file(index, of))));
      expect(timeless(merged)).toEqual(timeless(whole));
      expect(merged.parts).toBe(of);
    }
    const merged = await run('--merge', ...[0, 1, 2].map((index) => file(index, 3)));
    expect(merged.stdout).toMatch(/^ {2}metric +value\n.*50 samples, in 3 parts, /s);
  }, 60_000);

  it('fit the schema, and say what their metrics are', () => {
    const read = JSON.parse(readFileSync(path(file(1, 3)), 'utf8')) as Part;
    const schema = JSON.parse(readFileSync(fileURLToPath(new URL('../schemas/evaluation-part.schema.json', import.meta.url)), 'utf8'));
    const isValid = new Ajv.default({ strict: false }).compile(schema as object);
    expect(isValid(read), JSON.stringify(isValid.errors)).toBe(true);
    expect(read.heads[1]).toMatchObject({ key: 'head', loss: { loss: 'mse' }, metrics: [{ name: 'head_mae', metric: 'mae' }, {}, {}, {}] });
    expect(read).toMatchObject({ shard: { index: 1, of: 3 }, samples: 20 });
  });

  it.each<[string, string, (part: Part) => object]>([
    ['another model', 'parts-differ', () => ({ model: { name: 'two_heads', hash: 'another' } })],
    ['another program', 'parts-differ', () => ({ program: { name: 'aux-head', hash: 'another' } })],
    ['other weights', 'parts-differ', () => ({ weights: 'others' })],
    ['other data', 'parts-differ', ({ data }) => ({ data: { ...data, identity: 'another' } })],
    ['other labels', 'parts-differ', ({ data }) => ({ data: { ...data, labels: 'others' } })],
    ['another backend', 'parts-differ', () => ({ backend: 'cpu' })],
    ['another batch size', 'parts-differ', () => ({ batchSize: 20, samples: 20 })],
    ['other metrics', 'parts-differ', ({ heads }) => ({ heads: heads.slice(1) })],
    ['another number of parts', 'parts-differ', () => ({ shard: { index: 1, of: 4 }, samples: 10 })],
    ['a sum that is none', 'part-invalid', () => ({ sums: { loss: { high: [null, 1], low: [0, 0] } } })],
    ['an index beyond', 'part-invalid', () => ({ shard: { index: 3, of: 3 } })],
    ['a share that is not its own', 'part-invalid', () => ({ samples: 17 })],
    ['parts without end', 'part-invalid', () => ({ shard: { index: 1, of: 1e15 } })],
    ['another format', 'part-invalid', () => ({ 'skipc-evaluation-part': 2 })],
  ])('refuse %s', async (name, code, edit) => {
    const changed = change(`${name}.json`, edit);
    const merging = Promise.resolve().then(() => mergeParts([path(file(0, 3)), changed, path(file(2, 3))]));
    expect(await refusal(merging)).toContain(code);
  });

  it('refuse what was changed by hand, or by chance', async () => {
    const whole = readFileSync(path(file(0, 1)), 'utf8');
    const part = JSON.parse(whole) as Part;
    const changes = [
      whole.replace(/"high":\[(\d)/, '"high":[1$1'),
      JSON.stringify({ ...part, sums: {} }),
      JSON.stringify({ ...part, check: '' }),
    ];
    for (const changed of changes) {
      writeFileSync(path('changed.json'), changed);
      expect(await refusal(Promise.resolve().then(() => mergeParts([path('changed.json')])))).toMatch(/part-invalid.*was changed/);
    }
  });

  it('refuse metrics that are none of those that skipc knows', async () => {
    const hostile: readonly [unknown, string][] = [
      ['constructor', 'metric-unknown'],
      ['__proto__', 'metric-unknown'],
      [{ class_name: 'AUC', config: { num_thresholds: 1e15 } }, 'config-invalid'],
      [{ class_name: 'MeanIoU', config: { num_classes: 1e12 } }, 'config-invalid'],
    ];
    for (const [metric, code] of hostile) {
      const changed = change('hostile.json', ({ heads: [head] }) => ({
        shard: { index: 0, of: 1 },
        samples: SAMPLES,
        heads: [{ ...head, metrics: [{ name: 'aux_accuracy', metric }] }],
      }));
      expect(await refusal(Promise.resolve().then(() => mergeParts([changed])))).toContain(code);
    }
    writeFileSync(path('deep.json'), `{"skipc-evaluation-part": 1, "heads": ${'['.repeat(50_000)}${']'.repeat(50_000)}}`);
    expect(await refusal(Promise.resolve().then(() => mergeParts([path('deep.json')])))).toContain('part-invalid');
  });

  it('are each there once, and are parts', async () => {
    const { status, stderr } = await run('--merge', file(0, 3), file(2, 3), '--json');
    expect(status).toBe(2);
    expect(stderr).toMatch(/of 3 parts, 1 is missing: "1\/3" \[parts-missing\]/);
    await refuses('part-twice', /both part 0\/3/, undefined, { merge: [path(file(0, 3)), path(file(0, 3))] });
    await refuses('json-invalid', /JSON/, undefined, { merge: [path('two.npz')] });
    await refuses('file-not-found', /nowhere/, undefined, { merge: [path('nowhere.json')] });
    await refuses('options-conflict', /--merge and --jobs/, undefined, { merge: [path(file(0, 3))], jobs: '2' });
    await refuses('options-conflict', /a model/, 'two/model.json', { merge: [path(file(0, 3))] });
  });
});

describe('--shard', () => {
  it('takes the batches of one run apart', () => {
    for (const [samples, size, of] of [
      [50, 8, 3],
      [48, 8, 7],
      [5, 8, 2],
      [1, 1, 1],
    ] as const) {
      const parts = Array.from({ length: of }, (_, index) => [...batchesIn(samples, size, { index, of })]);
      const whole = [...batchesIn(samples, size, { index: 0, of: 1 })];
      expect(parts.flat().sort((a, b) => a.from - b.from)).toEqual(whole);
      expect(whole.at(-1)?.to).toBe(samples);
      parts.forEach((part, index) => {
        expect(samplesIn(samples, size, { index, of })).toBe(part.reduce((sum, { from, to }) => sum + to - from, 0));
      });
    }
  });

  it('auto is what a job array says', () => {
    const slurm = { SLURM_ARRAY_TASK_ID: '7', SLURM_ARRAY_TASK_MIN: '1', SLURM_ARRAY_TASK_COUNT: '4', SLURM_ARRAY_TASK_STEP: '3' };
    expect(shardOf('auto', slurm)).toEqual({ index: 2, of: 4 });
    expect(shardOf('auto', { JOB_COMPLETION_INDEX: '0', JOB_COMPLETIONS: '5' })).toEqual({ index: 0, of: 5 });
    expect(shardOf('auto', { JOB_COMPLETION_INDEX: '3', SKIPC_SHARDS: '4' })).toEqual({ index: 3, of: 4 });
    expect(shardOf('2/3', slurm)).toEqual({ index: 2, of: 3 });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['3/3', {}, /shard-invalid/],
    ['-1/3', {}, /shard-invalid/],
    ['1', {}, /shard-invalid/],
    ['0/0', {}, /shard-invalid/],
    ['auto', {}, /shard-environment.*no job array/],
    ['auto', { JOB_COMPLETION_INDEX: '1' }, /shard-environment/],
    ['auto', { JOB_COMPLETION_INDEX: '5', JOB_COMPLETIONS: '5' }, /JOB_COMPLETION_INDEX=5, JOB_COMPLETIONS=5/],
    ['auto', { SLURM_ARRAY_TASK_ID: '4', SLURM_ARRAY_TASK_COUNT: '4', SLURM_ARRAY_TASK_STEP: '3' }, /shard-environment/],
  ])('%s with %o is refused', async (given, environment, message) => {
    expect(await refusal(Promise.resolve().then(() => shardOf(given, environment)))).toMatch(message);
  });
});

describe('what cannot be evaluated', () => {
  it('ends with 2, and a message in 80 columns', async () => {
    const { status, stdout, stderr } = await run(...TWO);
    expect({ status, stdout }, stderr).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^error: .*\[evaluation-nothing\]\n {2}add --loss/s);
    expect(widest(stderr)).toBeLessThanOrEqual(80);
  });

  const two = (flags: EvalFlags): [string, EvalFlags] => ['two/model.json', { data: 'two.npz', backend: 'wasm', ...flags }];
  const loss = ['mse'];
  it.each<[string, RegExp, string | undefined, EvalFlags]>([
    ['model-needed', /neither a model/, undefined, {}],
    ['data-needed', /--data PATH/, 'two/model.json', {}],
    ['data-option', /--jobs takes a number/, ...two({ jobs: 'many' })],
    ['data-option', /--jobs/, ...two({ jobs: '0' })],
    ['data-option', /--batch-size/, ...two({ batchSize: '2.5' })],
    ['data-option', /--cache-size/, ...two({ cache: 'c', cacheSize: 'lots' })],
    ['option-alone', /--cache-size means nothing without --cache/, ...two({ cacheSize: '1GB' })],
    ['backend-unknown', /node, wasm, cpu/, ...two({ backend: 'webgl' })],
    ['shard-invalid', /i\/n/, ...two({ shard: 'half' })],
    ['data-not-found', /nowhere"/, ...two({ data: 'nowhere', loss })],
    ['cache-no-prefix', /--hoist stem/, ...two({ cache: 'c', loss })],
  ])('%s', (code, words, model, flags) => refuses(code, words, model, flags));

  it('says what is wrong with the data', async () => {
    const classes = Array.from({ length: SAMPLES }, () => 3);
    writeFileSync(path('classes.npz'), twoData(classes));
    writeFileSync(path('wide.npz'), twoData(undefined, 5));
    writeFileSync(path('nan.csv'), `a,b,c,d,label\n${'1,2,3,4,0\n'.repeat(5)}1,2,3,4,nan\n`);
    writeFileSync(path('some.csv'), `a,b,c,d,label\n${'1,2,3,4,dog\n'.repeat(5)}1,2,3,4,cat\n`);
    writeFileSync(path('empty.csv'), 'a,b,c,d,label\n');
    const aux = (flags: EvalFlags): [string, EvalFlags] => two({ output: ['aux'], loss: ['sparse_categorical_crossentropy'], ...flags });
    await refuses('data-class', /the label 3 is none of the classes 0 to 2/, ...aux({ labels: 'aux', data: 'classes.npz' }));
    await refuses('data-shape', /\[50,5\].*\[\?,4\]/, ...aux({ labels: 'aux', data: 'wide.npz' }));
    await refuses('data-value', /nan/, ...aux({ labels: 'label', data: 'nan.csv' }));
    await refuses('data-classes-unlisted', /2 of the 3 classes.*"cat", "dog"/, ...aux({ labels: 'label', data: 'some.csv' }));
    await refuses('data-empty', /no samples/, ...aux({ labels: 'label', data: 'empty.csv' }));
  });

  it('names the weights that are missing', async () => {
    writeFileSync(path('topology.json'), JSON.stringify(twoHeads().topology));
    await refuses('weights-needed', /--weights FILE/, 'topology.json', { data: 'two.npz', loss });
  });

  it('does not take apart what carries states', async () => {
    const config = { name: 'memory', units: 2, stateful: true, batch_shape: [5, 3, 4] };
    const model = new SmallModel('stateful').input('x', 4).output('x');
    const topology = model.topology as { config: { layers: object[]; output_layers: unknown; input_layers: unknown } };
    topology.config.layers = [
      { class_name: 'InputLayer', name: 'x', config: { name: 'x', batch_shape: [5, 3, 4], dtype: 'float32' }, inbound_nodes: [] },
      {
        class_name: 'GRU',
        name: 'memory',
        config,
        inbound_nodes: [
          {
            args: [{ class_name: '__keras_tensor__', config: { shape: [5, 3, 4], dtype: 'float32', keras_history: ['x', 0, 0] } }],
            kwargs: {},
          },
        ],
      },
    ];
    topology.config.output_layers = [['memory', 0, 0]];
    writeFileSync(path('stateful.json'), JSON.stringify(topology));
    const zeros = (shape: readonly number[]) => floats(shape, Array(64).fill(0.1));
    writeFileSync(
      path('stateful.npz'),
      npz({ 'memory/kernel': zeros([4, 6]), 'memory/recurrent_kernel': zeros([2, 6]), 'memory/bias': zeros([2, 6]) }),
    );
    writeFileSync(path('sequences.npz'), npz({ x: floats([10, 3, 4]), y: floats([10, 2]) }));
    // The model is built for batches of five.
    writeFileSync(path('twelve.npz'), npz({ x: floats([12, 3, 4]), y: floats([12, 2]) }));
    const weights = path('stateful.npz');
    const of = ['stateful.json', '--weights', weights, '--loss', 'mse', '--backend', 'cpu', '--quiet', '--data'];
    const [sequences, twelve] = await Promise.all([run(...of, 'sequences.npz'), run(...of, 'twelve.npz')]);
    expect(sequences.status, sequences.stderr).toBe(0);
    expect(twelve.status).toBe(2);
    expect(twelve.stderr.replaceAll(/\n +/g, ' ')).toMatch(/the samples 10 to 11 cannot be evaluated: .*\[5,3,4\].*\[evaluation-failed\]/);
    const flags = { weights, data: 'sequences.npz', loss, backend: 'cpu', quiet: true };
    await refuses('evaluation-stateful', /--jobs cannot/, 'stateful.json', { ...flags, jobs: '2' });
    await refuses('evaluation-stateful', /--shard cannot/, 'stateful.json', { ...flags, shard: '0/2' });
    await refuses('cache-stateful', /without --cache/, 'stateful.json', { ...flags, cache: 'c', hoist: ['memory'] });
  });
});

describe('an interrupt', () => {
  it('ends with 130, and what was cached is used by the next run', async () => {
    const args = [DIGITS, '--data', 'some.npz', '--backend', 'cpu', '--output', 'aux', '--batch-size', '1', '--hoist', 'block1_pool'];
    const kept = (): number =>
      existsSync(path('kept'))
        ? readdirSync(path('kept'), { recursive: true }).filter((name) => /\d-\d+\.json$/.test(String(name))).length
        : 0;
    const child = spawn(process.execPath, [cli.main, 'eval', ...args, '--cache', 'kept'], { cwd: here });
    let said = '';
    child.stderr.on('data', (text: Buffer) => {
      said += text.toString();
    });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    while (kept() < 5 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill('SIGINT');
    expect(await ended, said).toBe(130);
    expect(said).toContain('interrupted; the features that were computed are kept\n');
    const found = kept();
    const [plain, next] = await Promise.all([evaluated(...args), evaluated(...args, '--cache', 'kept')]);
    expect(next.cache).toEqual({ hits: found, misses: SOME - found });
    expect(found).toBeLessThan(SOME);
    expect(next.results).toEqual(plain.results);
  }, 60_000);
});

describe('progress', () => {
  it('is samples a second, and the time that is left', () => {
    expect(pace(512, 2000, 4000)).toBe('128/s  12 s left');
    expect(pace(0, 2000, 10)).toBe('');
    expect([0, 59.2, 61, 3600, 7325].map(duration)).toEqual(['0 s', '1 min 0 s', '1 min 1 s', '1 h 0 min', '2 h 2 min']);
  });
});

describe('sizes', () => {
  it('are bytes', () => {
    expect(['0', '500', '1.5kB', '500MB', '2 GB', '1TB'].map(bytesOf)).toEqual([0, 500, 1500, 5e8, 2e9, 1e12]);
  });

  it.each(['', '-1', '1e3', '2XB', 'GB', '99999999TB'])('%s is none', async (given) => {
    expect(await refusal(Promise.resolve().then(() => bytesOf(given)))).toContain('data-option');
  });
});
