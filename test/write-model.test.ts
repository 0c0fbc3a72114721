import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { type Analysis, analyseModel } from '../src/analyse.ts';
import { compile } from '../src/compile.ts';
import type { StoredWeight } from '../src/emit/safetensors.ts';
import { liveWeights } from '../src/emit/weights.ts';
import { print } from '../src/ir/print.ts';
import { readModel } from '../src/read/read.ts';
import type { Selection } from '../src/select/selection.ts';
import { writeModel } from '../src/write/model.ts';
import { useBackend } from './backends.ts';
import { layerCases, layerFamilies, modelCase } from './golden.ts';
import { modelOf } from './peer-runs.ts';

const analysed = async (model: object, selection: Partial<Selection> = {}): Promise<Analysis> =>
  analyseModel(await readModel(model), { ...selection, name: 'program' });

/** The graph as a file, parsed. */
function written({ selected }: Analysis): object {
  const model = writeModel(selected, null, 'weights.bin');
  if ('reason' in model) throw new Error(model.reason);
  return JSON.parse(model.json) as object;
}

async function expectSame(model: object, selection: Partial<Selection> = {}): Promise<void> {
  const whole = await analysed(model, selection);
  const again = await analysed(written(whole));
  expect(again.model.graph.origin).toEqual(whole.model.graph.origin);
  expect(print(again.lowered)).toBe(print(whole.lowered));
}

describe('what is written means what was read', () => {
  for (const family of layerFamilies()) {
    it(`layers/${family}`, async () => {
      for (const { keras2, keras3 } of layerCases(family)) {
        await expectSame(keras3);
        if (keras2 !== null) await expectSame(keras2);
      }
    });
  }

  it.each([
    ...['feature_extractor_classifier', 'two_branch_merge', 'inception_aux', 'nested_two_output_backbone', 'raw_conv_tap', 'unet_small'],
    ...['text_bilstm', 'transformer_small', 'ops_in_graph', 'frozen_transfer', 'mobilenet_v2', 'resnet50', 'efficientnet_b0'],
  ])('%s, whole and in part', async (name) => {
    const { keras2, keras3, queries } = modelCase(name);
    for (const { query } of queries) {
      await expectSame(keras3, query);
      if (keras2 !== null) await expectSame(keras2, query);
    }
  });

  it.each([
    ['Keras 2 of no version', undefined],
    ['Keras 1', '1.2.2'],
    ['Keras before 2.3', '2.1.6'],
    ['Keras 3', '3.15.1'],
    ['tfjs-layers', 'tfjs-layers 4.22.0'],
  ])('of %s', async (_, version) => {
    const { keras_version: __, ...model } = modelOf(
      [5, 4],
      [
        ['r', 'LSTM', { units: 3 }, 'x'],
        ['a', 'ReLU', {}, 'r'],
      ],
    ) as Record<string, unknown>;
    await expectSame(version === undefined ? model : { ...model, keras_version: version });
  });

  it('of tfjs-layers that says so beside the model', async () => {
    const { keras_version: _, ...model } = modelOf([5, 4], [['r', 'LSTM', { units: 3 }, 'x']]) as Record<string, unknown>;
    await expectSame({ ...model, backend: 'tensor_flow.js' });
  });

  it('under any names, with any keys', async () => {
    const model = modelOf(
      [3],
      [
        ['__proto__', 'Dense', { units: 3 }, 'x'],
        ['constructor', 'Dense', { units: 2 }, '__proto__'],
      ],
    );
    await expectSame(model, { inputs: ['first key=__proto__'], outputs: ['__proto__=constructor', 'x=__proto__'] });
  });
});

interface Stored {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly values: readonly (number | null)[];
}
interface MaskedCase {
  readonly name: string;
  readonly model: object;
  readonly weights: Readonly<Record<string, Stored>>;
  readonly queries: readonly Partial<Selection>[];
  readonly runs: readonly { readonly inputs: Readonly<Record<string, Stored>>; readonly tensors: Readonly<Record<string, Stored>> }[];
}

const masked = JSON.parse(readFileSync(new URL('fixtures/masked-graphs/cases.json', import.meta.url), 'utf8')) as readonly MaskedCase[];

const tensorsOf = (stored: Readonly<Record<string, Stored>>): NamedTensorMap =>
  Object.fromEntries(
    Object.entries(stored).map(([name, { values, shape, dtype }]) => [name, tf.tensor(values.map(Number), [...shape], dtype)]),
  );

describe('masks in what is written', async () => {
  await useBackend('cpu');
  let compared = 0;
  let refused = 0;
  afterAll(() => {
    expect(compared).toBeGreaterThan(2 * refused);
    expect(refused).toBeGreaterThan(0);
  });

  it.each(
    masked.flatMap(({ name, queries, ...each }) => [{}, ...queries].map((query) => [name, JSON.stringify(query), query, each] as const)),
  )('%s %s', async (_, __, { hoist: ___, ...query }: Partial<Selection> & { hoist?: unknown }, { model, weights, runs }) => {
    const whole = await analysed(model, query);
    const again = writeModel(whole.selected, null, 'weights.bin');
    if ('reason' in again) {
      // Where a layer takes masks off what it is called with, a part of the model may not say it; nothing else is refused.
      expect(whole.model.graph.calls.some(({ layer }) => layer.className === 'MultiHeadAttention')).toBe(true);
      refused++;
      return;
    }
    const variables = tensorsOf(weights);
    const programs = [await compile(model, query), await compile(JSON.parse(again.json) as object)];
    for (const { inputs, tensors } of runs) {
      const given = tensorsOf({ ...inputs, ...tensors });
      const found: NamedTensorMap[] = [];
      for (const { instantiate, summary } of programs) {
        const module = await instantiate();
        const w = await module.load(variables);
        const own = Object.fromEntries(summary.inputs.flatMap(({ key }) => (given[key] === undefined ? [] : [[key, given[key]]])));
        // The mask of a cut tensor is one that the file cannot leave out.
        for (const { key, shape } of summary.inputs) {
          if (own[key] !== undefined || !key.endsWith(':mask')) continue;
          const of = own[key.slice(0, -':mask'.length)] as Tensor;
          own[key] = tf.ones(of.shape.slice(0, shape.length), 'bool');
        }
        found.push(module.predict(w, own) as NamedTensorMap);
        module.dispose(w);
      }
      const [here, there] = found as [NamedTensorMap, NamedTensorMap];
      expect(Object.keys(there)).toEqual(Object.keys(here));
      for (const [key, tensor] of Object.entries(here)) expect(there[key]?.dataSync(), key).toEqual(tensor.dataSync());
      compared++;
      tf.dispose([given, found]);
    }
    tf.dispose(variables);
  });
});

describe('weights in what is written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skipc-write-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are found again, quantised ones as they are stored', async () => {
    const model = modelOf(
      [2],
      [
        ['a/b', 'Dense', { units: 2 }, 'x'],
        ['c', 'Dense', { units: 1, use_bias: false }, 'a/b'],
      ],
    );
    const whole = await analysed(model);
    const weights: readonly StoredWeight[] = [
      {
        name: 'a/b/kernel',
        shape: [2, 2],
        dtype: 'float32',
        stored: { dtype: 'uint8', scale: 0.5, min: -1 },
        bytes: Uint8Array.of(1, 2, 3, 4),
      },
      { name: 'a/b/bias', shape: [2], dtype: 'float32', stored: { dtype: 'float16' }, bytes: Uint8Array.of(0, 60, 0, 64) },
      {
        name: 'c/kernel',
        shape: [2, 1],
        dtype: 'float32',
        stored: { dtype: 'float32' },
        bytes: new Uint8Array(new Float32Array([5, -6]).buffer),
      },
    ];
    const file = writeModel(whole.selected, weights, 'small.bin');
    if ('reason' in file) throw new Error(file.reason);
    writeFileSync(join(folder, 'model.json'), file.json);
    writeFileSync(join(folder, 'small.bin'), file.weights);
    const again = await readModel(join(folder, 'model.json'));
    if (again.weights === null) throw new Error('no weights');
    expect(await liveWeights(analyseModel(again).lowered, again.weights)).toEqual(weights);
  });

  it('are none where there are none', async () => {
    const file = writeModel((await analysed(modelOf([2], [['r', 'ReLU', {}, 'x']]))).selected, [], 'weights.bin');
    expect(file).toMatchObject({ weights: new Uint8Array(0) });
  });
});

it('refuses a Lambda of a nested model, whose plug-in goes by its name there', async () => {
  const inner = modelOf([2], [['twice', 'Lambda', { function: 'secret' }, 'x']]) as { class_name: string; config: object };
  const model = modelOf([2], [['nested', inner.class_name, inner.config, 'x']]);
  const graph = (await readModel(model)).graph;
  expect(writeModel(graph, null, 'weights.bin')).toEqual({ reason: expect.stringMatching(/Lambda "nested\/twice"/) });
});
