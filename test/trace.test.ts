import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Compiled, compile } from '../src/compile.ts';
import type { Site } from '../src/emit/sites.ts';
import { trace } from '../src/trace.ts';
import { useBackend } from './backends.ts';

const DIGITS = 'test/models/digits/model.json';

let compiled: Compiled;
beforeAll(async () => {
  await useBackend('cpu');
  compiled = await compile(DIGITS, { outputs: ['main'], hoist: 'block2_pool', name: 'main' });
});

const image = () => tf.ones([2, 28, 28, 1]);

describe('a module that is watched', () => {
  it('reports each of its statements, with the program value that each computes', async () => {
    const { module, watch, sites } = await trace(compiled.code, compiled.weights);
    const seen: string[] = [];
    watch((site, compute) => {
      seen.push(...site.identifiers);
      return compute();
    });
    const weights = await module.load();
    module.predict(weights, image());
    const { ops } = compiled.analysis.program;
    const computed = ops.flatMap(({ results }) => results.map(({ name }) => compiled.identifiers.get(name)));
    expect(seen).toEqual(computed);
    expect(sites.flatMap(({ identifiers }) => identifiers).toSorted()).toEqual(computed.toSorted());
    expect(sites.map(({ stage }) => stage)).toEqual(expect.arrayContaining(['load', 'prefix', 'suffix']));
  });

  it('says where in the module a statement stands', async () => {
    const { sites } = await trace(compiled.code, null);
    const lines = compiled.code.split('\n');
    for (const { line, text } of sites) expect(lines[line - 1]?.trim()).toContain(text.split('\n')[0]);
  });

  it('computes what it computes unwatched, and again when nobody looks any more', async () => {
    const plain = await compiled.instantiate();
    const { module, watch } = await trace(compiled.code, compiled.weights);
    const run = async (instance: typeof plain) => {
      const weights = await instance.load();
      return [...(instance.predict(weights, image())['main'] as tf.Tensor).dataSync()];
    };
    const expected = await run(plain);
    let statements = 0;
    watch((_, compute) => {
      statements += 1;
      return compute();
    });
    expect(await run(module)).toEqual(expected);
    const watched = statements;
    expect(watched).toBeGreaterThan(0);
    watch(null);
    expect(await run(module)).toEqual(expected);
    expect(statements).toBe(watched);
  });

  it('passes on what a statement throws, and frees what was computed before it', async () => {
    const { module, watch } = await trace(compiled.code, compiled.weights);
    const weights = await module.load();
    const input = image();
    const before = tf.memory().numTensors;
    let last: Site | undefined;
    watch((site, compute) => {
      last = site;
      if (site.identifiers.includes('block3_add')) throw new Error('stopped');
      return compute();
    });
    expect(() => module.predict(weights, input)).toThrow('stopped');
    expect(last?.stage).toBe('suffix');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('watches the parts of long bodies and what loops compute', async () => {
    const units = 4;
    const cell = { class_name: 'LSTM', name: 'lstm', config: { name: 'lstm', units }, inbound_nodes: [[['x', 0, 0, {}]]] };
    const input = { class_name: 'InputLayer', name: 'x', config: { name: 'x', batch_input_shape: [null, 3, 2] }, inbound_nodes: [] };
    const adds = Array.from({ length: 600 }, (_, i) => ({
      class_name: 'Activation',
      name: `a${i}`,
      config: { name: `a${i}`, activation: 'tanh' },
      inbound_nodes: [[[i === 0 ? 'lstm' : `a${i - 1}`, 0, 0, {}]]],
    }));
    const config = { name: 'long', layers: [input, cell, ...adds], input_layers: [['x', 0, 0]], output_layers: [['a599', 0, 0]] };
    const { code, identifiers } = await compile({ class_name: 'Functional', config, keras_version: '2.15.0' });
    const { module, watch } = await trace(code, null);
    const counts = new Map<string, number>();
    watch((site, compute) => {
      for (const name of site.identifiers) counts.set(name, (counts.get(name) ?? 0) + 1);
      return compute();
    });
    const weights = await module.load({
      'lstm/kernel': tf.ones([2, 16]),
      'lstm/recurrent_kernel': tf.ones([4, 16]),
      'lstm/bias': tf.zeros([16]),
    });
    module.predict(weights, tf.ones([1, 3, 2]));
    expect(counts.get(identifiers.get('%a0') as string)).toBe(1);
    expect(counts.get(identifiers.get('%a598') as string)).toBe(1);
    expect([...counts.values()].filter((count) => count === 3).length).toBeGreaterThan(5);
  });
});
