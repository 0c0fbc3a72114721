import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import {
  type LayersModel,
  layers,
  model as makeModel,
  type SymbolicTensor,
  sequential,
  input as symbolicInput,
} from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { compile } from '../src/compile.ts';
import { validation } from '../src/evaluate/index.ts';
import { useBackend } from './backends.ts';
import { fineTune } from './examples/fine-tune/fine-tune.ts';
import { oddDigits } from './examples/fine-tune/model.ts';
import { loadDigits } from './models/digits/load.ts';

// The wasm backend cannot train convolutions.
beforeAll(() => useBackend('cpu'));
afterEach(() => void vi.restoreAllMocks());

/** A nested model as the backbone, and a head of two layers with a batch norm between. */
function transfer(): { readonly whole: LayersModel; readonly backbone: LayersModel } {
  const backbone = sequential({
    name: 'backbone',
    layers: [
      layers.conv2d({ name: 'conv', inputShape: [6, 6, 2], filters: 3, kernelSize: 3, activation: 'relu' }),
      layers.globalAveragePooling2d({ name: 'pool', dataFormat: 'channelsLast' }),
    ],
  });
  const image = symbolicInput({ shape: [6, 6, 2], name: 'image' });
  const hidden = layers.dense({ name: 'hidden', units: 4 }).apply(backbone.apply(image)) as SymbolicTensor;
  const norm = layers.batchNormalization({ name: 'norm' }).apply(hidden) as SymbolicTensor;
  const whole = makeModel({
    inputs: image,
    outputs: layers.dense({ name: 'class', units: 3, activation: 'softmax' }).apply(norm) as SymbolicTensor,
  });
  backbone.trainable = false;
  whole.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return { whole, backbone };
}

function data(count: number): [Tensor, Tensor] {
  const labels = tf.tensor1d(
    Int32Array.from({ length: count }, (_, i) => i % 3),
    'int32',
  );
  const ys = tf.oneHot(labels, 3);
  labels.dispose();
  return [tf.randomUniform([count, 6, 6, 2], 0, 1, 'float32', 3), ys];
}

async function validated(whole: LayersModel) {
  const program = await compile(whole);
  const module = await program.instantiate();
  const { evaluate, refresh, prefixKey } = module;
  if (evaluate === undefined || refresh === undefined || prefixKey === undefined) throw new Error('nothing is hoisted');
  return { ...module, program, evaluate, refresh, prefixKey, w: await module.load(whole) };
}

describe('a live LayersModel', () => {
  it('is cut where its layers are frozen, though tfjs does not write that down', async () => {
    const { whole, backbone } = transfer();
    expect(JSON.stringify(whole.toJSON(null, false))).not.toContain('"trainable":false');
    expect((await compile(whole)).summary.features.map(({ key }) => key)).toEqual(['backbone/pool']);
    backbone.trainable = true;
    expect((await compile(whole)).summary.features).toEqual([]);
  });

  it('has its weights stored as they are now', async () => {
    const { whole } = transfer();
    const module = await (await compile(whole)).instantiate();
    const [x, y] = data(4);
    const [fromFile, live] = [await module.load(), await module.load(whole)];
    const expected = (whole.predict(x) as Tensor).dataSync();
    for (const w of [fromFile, live])
      expect([...(module.predict(w, x)['class'] as Tensor).dataSync()]).toEqual([
        ...(module.predict(live, x)['class'] as Tensor).dataSync(),
      ]);
    (module.predict(live, x)['class'] as Tensor).dataSync().forEach((value, i) => void expect(value).toBeCloseTo(expected[i] as number, 5));
    tf.dispose([x, y]);
  });

  it('compiles where its loss is a function, without evaluate', async () => {
    const { whole } = transfer();
    whole.compile({ optimizer: 'sgd', loss: (yTrue: Tensor, yPred: Tensor) => tf.sub(yTrue, yPred) });
    const { summary, instantiate } = await compile(whole);
    expect(summary.evaluation.heads).toEqual([]);
    expect((await instantiate()).evaluate).toBeUndefined();
  });
});

describe('refresh', () => {
  it('takes what training changed, and that alone', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const { whole } = transfer();
    const { refresh, prefixKey, evaluate, predict, dispose, w } = await validated(whole);
    const [x, y] = data(24);
    const key = await prefixKey(w);
    const frozen = Object.entries(w).filter(([name]) => name.startsWith('backbone_conv'));
    expect(await refresh(w, whole)).toEqual({ changed: [], prefix: false });
    await whole.fit(x, y, { epochs: 1, verbose: 0 });
    const before = tf.memory().numTensors;
    const { changed, prefix } = await refresh(w, whole);
    expect(tf.memory().numTensors).toBe(before);
    expect(prefix).toBe(false);
    expect(changed.map((name) => name.split('/')[0])).toEqual(['hidden', 'hidden', 'norm', 'norm', 'norm', 'norm', 'class', 'class']);
    expect(await prefixKey(w)).toBe(key);
    expect(frozen.length).toBe(2);
    for (const [name, tensor] of frozen) expect(w[name]).toBe(tensor);
    const expected = (whole.predict(x) as Tensor).dataSync();
    (predict(w, x)['class'] as Tensor).dataSync().forEach((value, i) => void expect(value).toBeCloseTo(expected[i] as number, 5));
    const [loss, accuracy] = (whole.evaluate(x, y) as Tensor[]).map((scalar) => scalar.dataSync()[0] as number);
    const found = await evaluate(w, [x, y], { cache: true });
    expect(found['loss']).toBeCloseTo(loss as number, 5);
    expect(found['accuracy']).toBeCloseTo(accuracy as number, 5);
    expect(warn).not.toHaveBeenCalled();
    dispose(w);
  });

  it('says that the prefix changed, and never uses features of before', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const { whole, backbone } = transfer();
    const { refresh, prefixKey, evaluate, w } = await validated(whole);
    const [x, y] = data(24);
    await evaluate(w, [x, y], { cache: true });
    const key = await prefixKey(w);
    backbone.trainable = true;
    whole.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
    await whole.fit(x, y, { epochs: 1, verbose: 0 });
    expect((await refresh(w, whole)).prefix).toBe(true);
    expect(await prefixKey(w)).not.toBe(key);
    expect(warn.mock.calls.flat().join('\n')).toMatch(/the model trains .*conv\/kernel.* frozen when this was compiled/);
    expect(warn.mock.calls.flat().join('\n')).toMatch(/weights of the prefix changed/);
    const [loss] = (whole.evaluate(x, y) as Tensor[]).map((scalar) => scalar.dataSync()[0] as number);
    expect((await evaluate(w, [x, y], { cache: true }))['loss']).toBeCloseTo(loss as number, 5);
  });

  it('comes one after the other', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const [first, second] = [transfer().whole, transfer().whole];
    const { refresh, predict, w } = await validated(first);
    const kernel = first.getLayer('backbone') as unknown as LayersModel;
    kernel.getLayer('conv').weights[0]?.write(tf.ones([3, 3, 2, 3]));
    const before = tf.memory().numTensors;
    const both = await Promise.all([refresh(w, first), refresh(w, second)]);
    expect(tf.memory().numTensors).toBe(before);
    expect(both.map(({ prefix }) => prefix)).toEqual([true, true]);
    expect((await refresh(w, second)).changed).toEqual([]);
    const [x, y] = data(4);
    const expected = (second.predict(x) as Tensor).dataSync();
    (predict(w, x)['class'] as Tensor).dataSync().forEach((value, i) => void expect(value).toBeCloseTo(expected[i] as number, 5));
    tf.dispose([x, y]);
  });

  it('knows by their contents that weights from a file are the same', async () => {
    const { whole } = transfer();
    const { refresh, program, w } = await validated(whole);
    expect((await refresh(w, program.weights as Uint8Array)).prefix).toBe(false);
  });
});

describe('models inside a live one', () => {
  it('may have layers of one name', async () => {
    const tower = (name: string) =>
      sequential({
        name,
        layers: [layers.dense({ name: 'embed', units: 3, inputShape: [3] }), layers.dense({ name: 'project', units: 3 })],
      });
    const [one, two] = [tower('one'), tower('two')];
    const shared = layers.dense({ name: 'shared', units: 3 });
    const x = symbolicInput({ shape: [3], name: 'x' });
    const whole = makeModel({ inputs: x, outputs: shared.apply(two.apply(shared.apply(one.apply(x)))) as SymbolicTensor });
    const { load, refresh, predict, dispose } = await (await compile(whole)).instantiate();
    const w = await load(whole);
    const given = tf.randomNormal([4, 3], 0, 1, 'float32', 3);
    const expectSame = (): void => {
      const expected = (whole.predict(given) as Tensor).dataSync();
      const [found] = Object.values(predict(w, given)) as [Tensor];
      found.dataSync().forEach((value, i) => void expect(value).toBeCloseTo(expected[i] as number, 5));
    };
    expectSame();
    two.getLayer('embed').weights[0]?.write(tf.ones([3, 3]));
    expect(await refresh?.(w, whole)).toEqual({ changed: ['two/embed/kernel'], prefix: false });
    expectSame();
    dispose(w);
  });
});

describe('validation in model.fit', () => {
  it('puts what the suffix gives into the history', async () => {
    const { whole } = transfer();
    const { refresh, evaluate, w } = await validated(whole);
    const [x, y] = data(24);
    const seen: number[] = [];
    const callback = validation(
      { refresh, evaluate },
      { weights: w, model: whole, data: [x, y] as const, options: { cache: true }, onResult: (epoch) => void seen.push(epoch) },
    );
    const { history } = await whole.fit(x, y, { epochs: 2, verbose: 0, validationData: [x, y], callbacks: [callback] });
    expect(seen).toEqual([0, 1]);
    expect(Object.keys(history)).toEqual(expect.arrayContaining(['val_loss', 'val_accuracy', 'val_acc']));
    history['val_accuracy']?.forEach((value, epoch) => void expect(Number(value)).toBeCloseTo(Number(history['val_acc']?.[epoch]), 5));
  });
});

describe('the worked example', () => {
  it('trains a head, and validates it as tfjs does', async () => {
    const model = await oddDigits('test/models/digits');
    const { features, validated, head, accuracy } = await fineTune(model, { ...loadDigits(), trained: 96, tested: 64, epochs: 2 });
    expect(features).toEqual(['main_pool']);
    validated.suffix.accuracy.forEach((found, epoch) => void expect(found).toBeCloseTo(validated.layers.accuracy[epoch] as number, 6));
    expect(head.accuracy.at(-1)).toBeGreaterThan(0.5);
    expect(accuracy).toBeGreaterThan(0.5);
  });
});
