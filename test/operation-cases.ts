import { readFileSync } from 'node:fs';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';

/** What Keras computes, as fixtures/operations/README.md describes it. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  /** Null is NaN. */
  readonly values: readonly (number | null)[];
}
interface StoredNode {
  readonly name: string;
  readonly module: string;
  readonly class_name: string;
  readonly config: object;
  readonly args: readonly unknown[];
  readonly kwargs: object;
}
export interface Case {
  readonly inputs: readonly string[];
  readonly nodes: readonly StoredNode[];
  readonly output_layers: unknown;
  readonly outputs: readonly StoredTensor[];
}
interface Cases {
  readonly keras_version: string;
  readonly arrays: Readonly<Record<string, StoredTensor & { readonly unknown: readonly boolean[] }>>;
  readonly cases: readonly Case[];
}

export const { keras_version, arrays, cases } = JSON.parse(
  readFileSync(new URL('fixtures/operations/cases.json', import.meta.url), 'utf8'),
) as Cases;

export const arrayOf = (name: string) => arrays[name] as (typeof arrays)[string];
export const tensorOf = ({ values, shape, dtype }: StoredTensor): Tensor => tf.tensor(values as number[], [...shape], dtype);

/** Arguments as Keras writes them. */
function written(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(written);
  if (typeof value !== 'object' || value === null) return value;
  if ('$' in value) return { class_name: '__keras_tensor__', config: { keras_history: value.$ } };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, written(item)]));
}

export function modelOf({ inputs, nodes, output_layers }: Case): object {
  const inputLayers = inputs.map((name) => {
    const { shape, dtype, unknown } = arrayOf(name);
    const batch_shape = [null, ...shape.slice(1).map((size, i) => (unknown[i] ? null : size))];
    return { module: 'keras.layers', class_name: 'InputLayer', name, config: { name, batch_shape, dtype }, inbound_nodes: [] };
  });
  const operations = nodes.map(({ args, kwargs, ...node }) => ({
    ...node,
    inbound_nodes: [{ args: written(args), kwargs: written(kwargs) }],
  }));
  const config = { name: 'm', layers: [...inputLayers, ...operations], input_layers: inputs.map((name) => [name, 0, 0]), output_layers };
  return { class_name: 'Functional', keras_version, config };
}

/** What a case does, in a line: the operations with their arguments. */
export const titleOf = ({ nodes, inputs }: Case): string =>
  nodes
    .map(({ class_name, config, args, kwargs }) => `${class_name}${JSON.stringify(config)} ${JSON.stringify([args, kwargs]).slice(0, 120)}`)
    .join('; ')
    .concat(` of ${inputs}`);
