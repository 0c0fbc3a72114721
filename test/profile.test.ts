import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { profileText } from '../src/cli/profile-text.ts';
import { compile } from '../src/compile.ts';
import { sitesOf } from '../src/emit/sites.ts';
import { groupsOf } from '../src/profile/groups.ts';
import { medianRun } from '../src/profile/median.ts';
import { ownersOf } from '../src/profile/owners.ts';
import { profile } from '../src/profile/profile.ts';
import { type Profile, profileSchema } from '../src/profile/report.ts';
import { Stopwatch } from '../src/profile/stopwatch.ts';
import { instanceOf } from '../src/schema/validate.ts';
import { useBackend } from './backends.ts';

const DIGITS = 'test/models/digits/model.json';
const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

beforeAll(() => useBackend('cpu'));

/** Keeps the processor busy for some milliseconds. */
function busy(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

describe('a stopwatch', () => {
  it('gives each owner its own time, not that of an owner within it', () => {
    const stopwatch = new Stopwatch();
    stopwatch.around('outer', () => {
      busy(5);
      stopwatch.around('inner', () => busy(20));
    });
    const spent = stopwatch.spent();
    expect(spent.get('inner')?.milliseconds).toBeGreaterThanOrEqual(20);
    expect(spent.get('outer')?.milliseconds).toBeGreaterThanOrEqual(5);
    expect(spent.get('outer')?.milliseconds).toBeLessThan(spent.get('inner')?.milliseconds ?? 0);
  });

  it('counts kernels by the owner that runs them, and those of nobody apart', () => {
    const stopwatch = new Stopwatch();
    const x = tf.ones([3]);
    stopwatch.watch(() => {
      stopwatch.around('a', () => tf.dispose([tf.add(x, x), tf.relu(x), tf.relu(x)]));
      tf.neg(x).dispose();
    });
    const kernels = (owner: string) =>
      stopwatch
        .spent()
        .get(owner)
        ?.kernels.map(({ name, calls }) => [name, calls]);
    expect(kernels('a')).toEqual([
      ['Add', 1],
      ['Relu', 2],
    ]);
    expect(kernels('')).toEqual([['Neg', 1]]);
    x.dispose();
  });

  it('leaves tfjs as it was, also when the work throws', () => {
    const before = tf.engine().runKernel;
    const stopwatch = new Stopwatch();
    const failing = () =>
      stopwatch.watch(() => {
        throw new Error('stopped');
      });
    expect(failing).toThrow('stopped');
    expect(tf.engine().runKernel).toBe(before);
    expect(Object.hasOwn(tf.engine(), 'runKernel')).toBe(false);
  });
});

it('what an owner spends is the median of all turns, a turn without it counting as nothing', () => {
  const turn = (milliseconds: number) => new Map([['a', { milliseconds, kernels: [{ name: 'Add', calls: 2, milliseconds }] }]]);
  const { a } = Object.fromEntries(medianRun([turn(1), turn(9), turn(2)]));
  expect(a).toEqual({ milliseconds: 2, kernels: [{ name: 'Add', calls: 2, milliseconds: 2 }] });
  expect(medianRun([turn(4), new Map()]).get('a')?.milliseconds).toBe(2);
});

describe('the layers of a program', () => {
  it('are in one group where an op comes from several, and each in one group only', async () => {
    const { analysis, identifiers, code } = await compile(DIGITS, { outputs: ['main', 'aux'] });
    const groups = groupsOf(analysis.program);
    const all = groups.flatMap(({ layers }) => layers);
    expect(new Set(all).size).toBe(all.length);
    expect(groups.map(({ layers }) => layers.join(' '))).toContain('stem_conv stem_bn stem_relu');
    expect(groups.flatMap(({ ops }) => ops)).toHaveLength(analysis.program.ops.filter(({ stage }) => stage !== 'load').length);
    const owners = ownersOf(groups, identifiers);
    const running = sitesOf(code).filter(({ stage }) => stage !== 'load');
    expect(running.filter((site) => !owners.has(site.identifiers[0] as string))).toEqual([]);
  });

  it('own what emission declares for their loops', async () => {
    const layer = (class_name: string, name: string, config: object, before: string | null) => ({
      class_name,
      name,
      config: { name, ...config },
      inbound_nodes: before === null ? [] : [[[before, 0, 0, {}]]],
    });
    const config = {
      name: 'loops',
      layers: [
        layer('InputLayer', 'x', { batch_input_shape: [null, 3, 2] }, null),
        layer('LSTM', 'first', { units: 4, return_sequences: true }, 'x'),
        layer('GRU', 'second', { units: 4 }, 'first'),
      ],
      input_layers: [['x', 0, 0]],
      output_layers: [['second', 0, 0]],
    };
    const { analysis, identifiers, code } = await compile({ class_name: 'Functional', config, keras_version: '2.15.0' });
    const groups = groupsOf(analysis.program);
    expect(groups.map(({ layers }) => layers)).toEqual([['first'], ['second']]);
    const owners = ownersOf(groups, identifiers);
    const running = sitesOf(code).filter(({ stage }) => stage !== 'load');
    expect(running.filter((site) => !owners.has(site.identifiers[0] as string)).map(({ text }) => text)).toEqual([]);
  });
});

describe('a profile', () => {
  const options = { backends: ['cpu'], batchSize: 2, runs: 2, withPeer: true } as const;

  it('has a row for every layer of the model, and each kernel of the module', async () => {
    const before = tf.memory().numTensors;
    const { profile: measured } = await profile(DIGITS, { ...options, compile: { outputs: ['aux'] } });
    expect(tf.memory().numTensors).toBe(before);
    expect(instanceOf(profileSchema, measured)).toEqual(measured);
    const { analysis } = await compile(DIGITS, { outputs: ['aux'] });
    const layers = measured.perLayer.flatMap((row) => row.layers);
    expect(layers.toSorted()).toEqual([...new Set(analysis.model.graph.calls.map(({ layer }) => layer.path))].toSorted());
    const dead = measured.perLayer.filter(({ stage }) => stage === 'none');
    expect(dead.flatMap((row) => row.layers)).toContain('block3_conv1');
    expect(dead.every(({ milliseconds, kernels }) => milliseconds === null && kernels.length === 0)).toBe(true);
    // tfjs-layers runs these too.
    expect(dead.find((row) => row.layers.includes('block3_conv1'))?.peerMilliseconds).toBeGreaterThan(0);
    const conv = measured.perLayer.find((row) => row.layers.includes('stem_conv'));
    expect(conv).toMatchObject({ stage: 'suffix', classNames: ['Conv2D', 'BatchNormalization'] });
    expect(conv?.kernels.map(({ name, calls }) => [name, calls])).toContainEqual(['Conv2D', 1]);
    expect(measured.module.kernels.find(({ name }) => name === 'Conv2D')?.calls).toBe(3);
  });

  it('tells prefix and suffix apart, and says why tfjs-layers was not run', async () => {
    const compileOptions = { outputs: ['main'], hoist: 'block2_pool' };
    const { profile: alone } = await profile(DIGITS, { ...options, withPeer: false, compile: compileOptions });
    expect(alone).toMatchObject({ peer: null, peerAbsent: null, weights: 'model' });
    expect(new Set(alone.perLayer.map(({ stage }) => stage))).toEqual(new Set(['prefix', 'suffix', 'none']));
    const model = {
      class_name: 'Sequential',
      config: {
        name: 's',
        layers: [
          { class_name: 'Normalization', config: { name: 'n', batch_input_shape: [null, 4] } },
          { class_name: 'Dense', config: { name: 'd', units: 3 } },
        ],
      },
    };
    const { profile: measured } = await profile(model, { ...options, compile: {} });
    expect(measured).toMatchObject({ peer: null, weights: 'random' });
    expect(measured.peerAbsent).toContain('n');
  });

  it('is text of 80 columns', async () => {
    const { profile: measured } = await profile(DIGITS, { ...options, compile: { outputs: ['main'], hoist: 'block2_pool' } });
    const long: Profile = {
      ...measured,
      perLayer: measured.perLayer.map((row) => ({ ...row, layers: row.layers.map((name) => `a/very/long/path/of/nested/models/${name}`) })),
    };
    const without = { ...measured, peer: null, peerAbsent: 'a layer of many words that nobody has, '.repeat(9) };
    for (const each of [measured, long, without]) expect(widest(profileText(each, 5))).toBeLessThanOrEqual(80);
    expect(profileText(measured, 5)).toMatch(/^main of "digits" on cpu: 2 samples, median of 2 runs\n/);
    expect(profileText(measured, 5)).toContain('features at hand save');
  });
});
