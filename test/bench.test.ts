import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { type BackendName, useBackend } from './backends.ts';
import { difference } from './bench/agreement.ts';
import { benchModel } from './bench/catalogue.ts';
import { inputsFor } from './bench/inputs.ts';
import { stableJson } from './bench/json.ts';
import { list, short, size, table } from './bench/markdown.ts';
import { compare, setUp } from './bench/measure.ts';
import type { Question } from './bench/models.ts';
import { peers } from './bench/peers/index.ts';
import { report } from './bench/report.ts';
import type { Measurement, PeerResult, Results } from './bench/results.ts';
import { bootstrapMedian, median, quantile, spread } from './bench/statistics.ts';
import { timeAlternating } from './bench/timing.ts';
import { seededRandom } from './models/digits/load.ts';

describe('statistics', () => {
  it('of known samples', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
    expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75);
    expect(quantile([10, 20], 1)).toBe(20);
    expect(spread([1, 2, 3, 4, 5])).toBeCloseTo(1 / 3);
  });

  it('the interval of a sample that does not vary is its value', () => {
    expect(bootstrapMedian([2, 2, 2, 2])).toEqual({ value: 2, low: 2, high: 2 });
  });

  it('95 % intervals hold the true median of about 95 of 100 samples', () => {
    const random = seededRandom(11);
    const holds = Array.from({ length: 200 }, () => {
      const { low, high } = bootstrapMedian(Array.from({ length: 25 }, random), random);
      return low <= 0.5 && 0.5 <= high;
    });
    const share = holds.filter(Boolean).length / holds.length;
    expect(share).toBeGreaterThan(0.9);
    expect(share).toBeLessThan(0.99);
  });
});

it('rounds run each call as often as the others, and the clock is read around the call alone', async () => {
  const counts = [0, 0];
  const slow = (i: number) => ({
    run() {
      counts[i] = (counts[i] ?? 0) + 1;
      const end = performance.now() + 9;
      while (performance.now() < end);
      return [];
    },
    dispose: () => undefined,
  });
  const calls = new Map([
    ['a', slow(0)],
    ['b', slow(1)],
  ]);
  const samples = await timeAlternating(calls, { seconds: 0, fewest: 4, most: 9 }, seededRandom(1));
  expect([...samples.keys()]).toEqual(['a', 'b']);
  for (const times of samples.values()) {
    expect(times).toHaveLength(4);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(9);
  }
  expect(Math.min(...counts)).toBeGreaterThan(4);
});

describe('agreement', () => {
  it('is the difference as a part of the largest value', () => {
    expect(difference([Float32Array.of(1, 10)], [Float32Array.of(1, 10)])).toBe(0);
    expect(difference([Float32Array.of(2, 10)], [Float32Array.of(1, 10)])).toBeCloseTo(0.1);
    expect(difference([Float32Array.of(Number.NaN)], [Float32Array.of(1)])).toBe(Number.POSITIVE_INFINITY);
    expect(difference([Float32Array.of(1)], [Float32Array.of(1, 2)])).toBe(Number.POSITIVE_INFINITY);
    expect(difference([], [Float32Array.of(1)])).toBe(Number.POSITIVE_INFINITY);
  });

  const cases: readonly (readonly [string, BackendName])[] = [
    ['digits', 'cpu'],
    ['digits', 'wasm'],
    ['nested_two_output_backbone', 'wasm'],
    ['text_bilstm (reset before)', 'wasm'],
    ['text_bilstm (reset before)', 'cpu'],
    ['transformer_small', 'wasm'],
  ];
  it.each(cases)('every peer that can run %s on %s gives what skipc gives', { timeout: 120_000 }, async (name, backend) => {
    await useBackend(backend);
    const model = benchModel(name);
    for (const question of model.questions) {
      const contest = await setUp(peers, { model, question, backend, others: undefined });
      const inputs = inputsFor(model, 2);
      const { calls, others } = await compare(contest, inputs);
      expect(Object.fromEntries(others.map((other) => [other.peer, other]))).toEqual(expectedOthers(name, question));
      const before = tf.memory().numTensors;
      for (const call of calls.values()) {
        await call.run();
        call.dispose();
      }
      expect(tf.memory().numTensors, 'tensors left behind by calls').toBe(before);
      for (const running of contest.running.values()) running.dispose();
      tf.dispose(inputs);
    }
  });

  /** Peers that have nothing to say, and why. */
  function expectedOthers(name: string, { outputs }: Question): object {
    const cannot = (peer: string, why: string) => ({ [peer]: { peer, outcome: 'cannot', why } });
    const layers = ['tfjs-layers predict', 'tfjs-layers apply', 'sub-model by hand'];
    const unknown = 'cannot load: Unknown layer: MultiHeadAttention.';
    if (name === 'transformer_small') return Object.assign({}, ...layers.map((peer) => cannot(peer, unknown)));
    return outputs.length === 0 ? cannot('sub-model by hand', 'the whole model is asked for') : {};
  }
});

describe('report', () => {
  it('tables escape what would end a cell', () => {
    expect(table(['a', 'b'], [['x|y', 'two\nlines']], 1)).toBe('| a | b |\n| --- | ---: |\n| x\\|y | two lines |');
    expect(list(['one', 'two\nthree'])).toBe('- one\n- two three');
  });

  it('numbers have the digits that say something', () => {
    expect([0.12345, 1.2345, 12.345, 123.45].map(short)).toEqual(['0.123', '1.23', '12.3', '123']);
    expect([999, 1_500, 2_345_678].map(size)).toEqual(['999 B', '1.50 KB', '2.35 MB']);
  });

  it('JSON has its keys in one order', () => {
    expect(stableJson({ b: [{ d: 1 / 3, c: 2 }], a: null })).toBe(stableJson({ a: null, b: [{ c: 2, d: 0.333333 }] }));
  });

  const timed = (peer: string, ratio: number): PeerResult => ({
    peer,
    outcome: 'timed',
    timing: { ms: { value: ratio, low: ratio, high: ratio }, ratio: { value: ratio, low: ratio, high: ratio }, spread: 0, rounds: 9 },
    costs: { kernels: 3, peakBytes: 1_000 },
  });
  const measurement: Measurement = {
    model: 'm',
    question: 'all',
    backend: 'wasm',
    batch: 32,
    note: null,
    peers: [
      timed('skipc', 1),
      timed('tfjs-layers predict', 1.5),
      { peer: 'tfjs-layers apply', outcome: 'differs', difference: 0.5 },
      { peer: 'GraphModel', outcome: 'cannot', why: 'no node for the op x' },
      timed('line', 0.9),
      timed('kernels', 0.98),
    ],
  };
  const results: Results = {
    machine: { cpu: 'c', cores: 2, memoryGigabytes: 1, node: 'v20', platform: 'p', packages: { 'tfjs-core': '4' }, date: '2020-01-01' },
    facts: [{ model: 'm', question: 'all', backend: 'wasm', flops: { kept: 1, of: 4 }, weightBytes: null, livenessBytes: 10, target: 3.2 }],
    measurements: [measurement],
    starts: [{ model: 'm', question: 'all', backend: 'wasm', peer: 'skipc', loadMs: 1, firstCallMs: 2 }],
    epochs: [],
    compileTimes: [
      { what: 'short', layers: 1_000, ms: 1_000, processMs: 1, peakMegabytes: 1 },
      { what: 'long', layers: 100_000, ms: 300_000, processMs: 1, peakMegabytes: 1 },
    ],
    bundles: [{ what: 'skipc, cpu backend with its kernels', bytes: 1, gzipBytes: 60_000 }],
    failures: [{ what: 'x', error: 'broke' }],
  };

  it('shows ratios, in bold what is slower than a peer, and why there is none', () => {
    const lines = report(results).split('\n');
    expect(lines.find((line) => line.startsWith('| m, all x 32 | 1.00'))).toBe(
      '| m, all x 32 | 1.00 | 1.50 [1.50, 1.50] | differs by 0.500 | - | **0.900 [0.900, 0.900]** | 0.980 [0.980, 0.980] |',
    );
    expect(lines).toContain('- m: no node for the op x (GraphModel)');
    expect(lines).toContain('- x: broke');
  });

  it('lists what is below target', () => {
    const text = report(results);
    const below = text.slice(text.indexOf('## Below target'), text.indexOf('## Failed')).trim().split('\n').slice(2);
    expect(below).toEqual([
      "- m, all, batch 32 on wasm: line takes 0.900 [0.900, 0.900] of skipc's time",
      '- m, all, batch 32 on wasm: 1.50 times as fast as tfjs-layers predict, to reach 3.20',
      '- m, all, batch 32 on wasm: 1.00 KB at its peak, 3.13 times what liveness gives',
      '- compiling a chain of 100 000 layers takes 3.00 times as long a layer as one of 1 000',
      '- bundle of skipc, cpu backend with its kernels: 60.0 KB, to reach 50.0 KB',
    ]);
  });
});
