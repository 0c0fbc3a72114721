import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { SkipcError } from '../src/diagnostics/error.ts';
import { excess, LAYER_TOLERANCE, type LayerCase, layerCases, tensorsOf } from './golden.ts';

const GATES = { LSTM: 4, GRU: 3 } as const;
type Kind = keyof typeof GATES;

const caseOf = (id: string): LayerCase => layerCases(id.split('/')[0] as string).find((one) => one.id === id) as LayerCase;

/** The model in the form of Keras 2 with layers of cuDNN in the place of the usual ones. */
function withCuDNN(model: object, kind: Kind): object {
  return JSON.parse(JSON.stringify(model), (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || (value as { class_name?: unknown }).class_name !== kind) return value;
    const { config, ...layer } = value as { config: Readonly<Record<string, unknown>> };
    const { activation: _a, recurrent_activation: _r, use_bias: _b, reset_after: _s, unroll: _u, ...kept } = config;
    return { ...layer, class_name: `CuDNN${kind}`, config: kept };
  }) as object;
}

/** [inputs, gates * units]: each gate as cuDNN has it, [units, inputs], its numbers in that order under the shape [inputs, units]. */
function turned(kernel: Tensor2D, gates: number): Tensor {
  const [inputs, width] = kernel.shape;
  const parts = tf.split(kernel, gates, 1).map((gate) => tf.reshape(tf.transpose(gate), [inputs, width / gates]));
  return tf.concat(parts, 1);
}

/** Weights as cuDNN's layers keep them, so that they mean the same. */
function converted(weights: Readonly<Record<string, Tensor>>, kind: Kind): Record<string, Tensor> {
  const entries = Object.entries(weights).map(([name, weight]): [string, Tensor] => {
    const plain = name.replace(/(lstm|gru)_cell\//, '');
    if (!name.endsWith('bias')) return [plain, tf.tidy(() => turned(weight as Tensor2D, GATES[kind]))];
    if (kind === 'GRU') return [plain, tf.reshape(weight, [-1])];
    return [plain, tf.tidy(() => tf.concat([tf.mul(weight, 0.25), tf.mul(weight, 0.75)]))];
  });
  return Object.fromEntries(entries);
}

describe('a layer of cuDNN', () => {
  beforeAll(async () => {
    await import('@tensorflow/tfjs-backend-cpu');
    await tf.setBackend('cpu');
  });
  afterAll(() => expect(tf.memory().numTensors).toBe(0));

  it.each<[string, Kind]>([
    ['lstm/sequences', 'LSTM'],
    ['lstm/unknown_length', 'LSTM'],
    ['lstm/initial_state', 'LSTM'],
    ['lstm/stacked', 'LSTM'],
    ['gru/last', 'GRU'],
    ['gru/backwards', 'GRU'],
    ['gru/return_state', 'GRU'],
    ['bidirectional_lstm/sequences', 'LSTM'],
    ['bidirectional_gru/concat', 'GRU'],
  ])('gives what the usual one gives: %s', async (id, kind) => {
    const { keras2, weights, inputs, outputs } = caseOf(id);
    const compiled = await compile(withCuDNN(keras2 as object, kind));
    const module = await compiled.instantiate();
    const [usual, given] = [tensorsOf(weights), tensorsOf(inputs)];
    const own = converted(usual, kind);
    const w = await module.load(own);
    const result = module.predict(w, given) as Record<string, Tensor>;
    outputs.forEach((expected, i) => {
      const actual = result[compiled.summary.outputs[i]?.key as string] as Tensor;
      expect(excess(actual, expected, LAYER_TOLERANCE)).toBeLessThanOrEqual(0);
    });
    module.dispose(w);
    tf.dispose([usual, own, given, result]);
  });

  it('turns its weights in the load stage', async () => {
    const { keras2 } = caseOf('gru/last');
    const { program } = (await compile(withCuDNN(keras2 as object, 'GRU'))).analysis;
    const stages = program.ops.filter(({ op }) => op === 'transpose' || op === 'concat').map(({ stage }) => stage);
    expect(stages.length).toBeGreaterThan(0);
    expect(new Set(stages)).toEqual(new Set(['load']));
  });

  it('is refused a mask, as by Keras', async () => {
    const { keras2 } = caseOf('gru/masked_embedding');
    const refusal = await compile(withCuDNN(keras2 as object, 'GRU')).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(SkipcError);
    expect((refusal as SkipcError).message).toContain('takes no mask');
  });
});
