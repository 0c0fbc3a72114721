import type { BackendName } from '../backends.ts';
import { seededRandom } from '../models/digits/load.ts';
import type { BenchModel, Question } from './models.ts';

const UNITS = 64;

/** A chain of dense layers as Keras 2 writes it. */
export function mlpTopology(depth: number, units = UNITS): object {
  const dense = (i: number) => ({
    class_name: 'Dense',
    config: { name: `dense_${i}`, trainable: true, dtype: 'float32', units, activation: 'relu', use_bias: true },
    name: `dense_${i}`,
    inbound_nodes: [[[i === 1 ? 'x' : `dense_${i - 1}`, 0, 0, {}]]],
  });
  const input = { class_name: 'InputLayer', config: { batch_input_shape: [null, units], dtype: 'float32', sparse: false, name: 'x' } };
  return {
    class_name: 'Functional',
    config: {
      name: `mlp_${depth}`,
      layers: [{ ...input, name: 'x', inbound_nodes: [] }, ...Array.from({ length: depth }, (_, i) => dense(i + 1))],
      input_layers: [['x', 0, 0]],
      output_layers: [[`dense_${depth}`, 0, 0]],
    },
    keras_version: '2.15.0',
    backend: 'tensorflow',
  };
}

/** A multilayer perceptron: what is left of the time when ops are small. */
export function mlp(depth: number, questions: readonly Question[], backends: readonly BackendName[]): BenchModel {
  return {
    name: `mlp_${depth}`,
    inputs: [{ name: 'x', shape: [UNITS], dtype: 'float32', range: [-1, 1] }],
    questions,
    backends,
    apart: false,
    artifacts() {
      const random = seededRandom(depth);
      // Variance 2 / UNITS keeps the size of what relu lets through.
      const scale = Math.sqrt(24 / UNITS);
      const data = Float32Array.from({ length: depth * (UNITS * UNITS + UNITS) }, () => (random() - 0.5) * scale);
      const names = Array.from({ length: depth }, (_, i) => `dense_${i + 1}`);
      return {
        format: 'layers-model',
        modelTopology: mlpTopology(depth),
        weightSpecs: names.flatMap((name) => [
          { name: `${name}/kernel`, shape: [UNITS, UNITS], dtype: 'float32' as const },
          { name: `${name}/bias`, shape: [UNITS], dtype: 'float32' as const },
        ]),
        weightData: data.buffer,
      };
    },
  };
}
