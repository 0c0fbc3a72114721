import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { availableBackends, useBackend } from './backends.ts';

type Json = Readonly<Record<string, unknown>>;

/** A model of one layer of keras.applications, `y`, on inputs `a`, `b`, ..., in the form of Keras 2 or 3. */
function model(module: string, className: string, config: Json, shapes: readonly (readonly number[])[], form: 2 | 3, kwargs: Json = {}) {
  const names = shapes.map((_, i) => 'ab'[i] as string);
  const shapeOf = (shape: readonly number[]) => ({ [form === 3 ? 'batch_shape' : 'batch_input_shape']: [null, ...shape] });
  const tensors = names.map((name, i) =>
    form === 2
      ? [name, 0, 0, kwargs]
      : { class_name: '__keras_tensor__', config: { shape: [null, ...(shapes[i] ?? [])], dtype: 'float32', keras_history: [name, 0, 0] } },
  );
  const one = tensors.length === 1 ? tensors : [tensors];
  return {
    class_name: 'Functional',
    keras_version: form === 3 ? '3.15.1' : '2.15.0',
    config: {
      name: 'm',
      layers: [
        ...names.map((name, i) => ({ class_name: 'InputLayer', name, config: { name, ...shapeOf(shapes[i] ?? []) }, inbound_nodes: [] })),
        {
          class_name: className,
          module: `keras.src.applications.${module}`,
          registered_name: className,
          name: 'y',
          config: { name: 'y', ...config },
          inbound_nodes: form === 2 ? [tensors] : [{ args: one, kwargs }],
        },
      ],
      input_layers: names.map((name) => [name, 0, 0]),
      output_layers: [['y', 0, 0]],
    },
  };
}

const refused = (source: object): Promise<string> =>
  compile(source).then(
    () => 'compiled',
    ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
  );

describe.each(await availableBackends())('on %s', (backend) => {
  afterAll(() => expect(tf.memory().numTensors).toBe(0));

  async function run(source: object, inputs: Record<string, Tensor>, weights: Record<string, Tensor> = {}): Promise<number[]> {
    const module = await (await compile(source)).instantiate();
    const w = await module.load(weights);
    const outputs = module.predict(w, inputs);
    const values = Array.from((outputs['y'] as Tensor).dataSync());
    module.dispose(w);
    tf.dispose([inputs, weights, outputs]);
    return values;
  }

  describe.each([2, 3] as const)('as Keras %i', (form) => {
    // Keras itself gives the weight no name of its own.
    it.each(['y/gamma', 'y/variable', 'm/y/Variable:0'])('LayerScale multiplies each channel, by a weight called %s', async (name) => {
      await useBackend(backend);
      const source = model('convnext', 'LayerScale', { init_values: 1e-6, projection_dim: 3 }, [[2, 3]], form);
      const values = await run(source, { a: tf.tensor3d([1, 2, 3, 4, 5, 6], [1, 2, 3]) }, { [name]: tf.tensor1d([2, 3, -1]) });
      expect(values).toEqual([2, 6, -3, 8, 15, -6]);
    });

    it('CustomScaleLayer adds scaled residuals, which may broadcast', async () => {
      await useBackend(backend);
      const source = model(
        'inception_resnet_v2',
        'CustomScaleLayer',
        { scale: 0.5 },
        [
          [2, 2],
          [1, 2],
        ],
        form,
      );
      expect(await run(source, { a: tf.tensor3d([1, 2, 3, 4], [1, 2, 2]), b: tf.tensor3d([10, 20], [1, 1, 2]) })).toEqual([6, 12, 8, 14]);
    });

    it('StochasticDepth passes all on', async () => {
      await useBackend(backend);
      const source = model('convnext', 'StochasticDepth', { drop_path_rate: 0.5 }, [[2]], form);
      expect(await run(source, { a: tf.tensor2d([[1, 2]]) })).toEqual([1, 2]);
    });
  });
});

it('what these layers cannot take is refused', async () => {
  expect(await refused(model('convnext', 'LayerScale', { projection_dim: 4 }, [[2, 3]], 3))).toMatch(/^shape-mismatch: LayerScale over 4/);
  expect(await refused(model('convnext', 'LayerScale', {}, [[2, 3]], 3))).toMatch(/^config-invalid/);
  expect(await refused(model('inception_resnet_v2', 'CustomScaleLayer', { scale: 1 }, [[2]], 3))).toMatch(/^shape-mismatch: .*takes two/);
  expect(await refused(model('convnext', 'StochasticDepth', {}, [[2]], 3, { training: true }))).toMatch(/^layer-unsupported/);
});
