import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { inspectModel } from '../src/analyse.ts';
import { summaryText } from '../src/cli/summary.ts';
import { compile } from '../src/compile.ts';
import { availableBackends, useBackend } from './backends.ts';

const layer = (className: string, name: string, config: object, before: string | null) => ({
  class_name: className,
  name,
  config: { name, ...config },
  inbound_nodes: before === null ? [] : [[[before, 0, 0, {}]]],
});

/** A dense head beside one behind a layer that nobody knows. */
const model = {
  class_name: 'Functional',
  config: {
    name: 'two_heads',
    layers: [
      layer('InputLayer', 'x', { batch_input_shape: [null, 4], dtype: 'float32' }, null),
      layer('Dense', 'known', { units: 4, use_bias: false }, 'x'),
      layer('MyCustom', 'custom', {}, 'x'),
      layer('Dense', 'behind', { units: 1000 }, 'custom'),
    ],
    input_layers: [['x', 0, 0]],
    output_layers: [
      ['known', 0, 0],
      ['behind', 0, 0],
    ],
  },
};

describe('what is said of a model with a layer that skipc cannot compile', () => {
  it('is a lower bound of the whole, and says so', async () => {
    const { summary, code } = await compile(model, { outputs: ['known'] });
    expect(summary).toMatchObject({ uncounted: 2, layers: { kept: 1, of: 3 }, parameters: { kept: 16, of: 16 } });
    const text = summaryText(summary);
    expect(text).toContain('16 of at least 16');
    expect(text).toContain('32 of at least 32 per sample\n');
    expect(text).toContain('2 removed layers that skipc cannot compile');
    expect(code).toContain('uncounted: 2');
  });

  it('is no percentage of the whole in an inspection', async () => {
    const { inspection } = await inspectModel(model);
    expect(inspection).toMatchObject({ uncounted: 2, parameters: 16 });
    expect(inspection.outputs).toMatchObject([
      { key: 'known', alone: { layers: 1 } },
      { key: 'behind', alone: null },
    ]);
  });

  it('names the layer where it is live', async () => {
    await expect(compile(model, { outputs: ['behind'] })).rejects.toMatchObject({ code: 'layer-unknown', location: { layer: 'custom' } });
  });
});

describe('messages', () => {
  const withConfig = (config: object) => ({
    ...model,
    config: {
      ...model.config,
      layers: [
        layer('InputLayer', 'x', { batch_input_shape: [null, 4, 4, 1], dtype: 'float32' }, null),
        layer('Conv2D', 'conv', { filters: 1, kernel_size: 1, ...config }, 'x'),
      ],
      output_layers: [['conv', 0, 0]],
    },
  });

  it.each([
    [{ kernel_size: [3] }, 'found [3] where a value that has not fewer than 2 items was expected'],
    [{ kernel_size: [0, 3] }, 'found 0 where a value that is >= 1 was expected'],
    [{ kernel_size: 'three' }, 'found "three" where integer or a list of integers was expected'],
    [{ filters: -1 }, 'found -1 where a value that is >= 1 was expected'],
    [{ padding: 'some' }, 'found "some" where one of "valid", "same" was expected'],
  ])('of %j say what is wrong with it', async (config, message) => {
    await expect(compile(withConfig(config))).rejects.toMatchObject({ code: 'config-invalid', message, location: { layer: 'conv' } });
  });

  it('of two cuts at one tensor name both', async () => {
    const twice = compile(model, { outputs: ['known'], hoist: ['known', 'again=known'] });
    await expect(twice).rejects.toMatchObject({ code: 'hoist-twice', message: '--hoist known and --hoist again are the same tensor' });
  });

  it('of weights that are freed name one of them', async () => {
    const [backend = 'wasm'] = await availableBackends();
    await useBackend(backend);
    const module = await (await compile(model, { outputs: ['known'] })).instantiate();
    const [kernel, x] = [tf.ones([4, 4]), tf.ones([1, 4])];
    const w = await module.load({ 'known/kernel': kernel });
    module.dispose(w);
    expect(() => module.predict(w, x)).toThrow('weight "known_kernel" is disposed: load() again');
    tf.dispose([kernel, x]);
  });
});
