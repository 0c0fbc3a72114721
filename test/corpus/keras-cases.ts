import { readFileSync } from 'node:fs';
import { compile } from '../../src/compile.ts';
import { compare, LAYER } from './compare.ts';
import { runModule } from './run-module.ts';
import { Difference, type Suite } from './suite.ts';

interface Stored {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly number[];
}

interface KerasCase {
  readonly test: string;
  /** As Keras 3 writes a layer. */
  readonly layer: { readonly class_name: string; readonly config: { readonly name: string } };
  readonly weights: readonly (Stored & { readonly path: string })[];
  readonly inputs: readonly Stored[];
  /** Whether the layer is called with its tensors, or with one list of them. */
  readonly call_struct: 'args' | 'list';
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly out_index: number;
  readonly expected: Stored;
}

/** Layers recorded from the tests of Keras 3. */
export const kerasCases: Suite = {
  name: 'keras-cases',
  needs: 'keras-cases/cases.jsonl',
  cases(corpus) {
    const lines = readFileSync(new URL('keras-cases/cases.jsonl', corpus), 'utf8').split('\n');
    const counts = new Map<string, number>();
    return lines
      .filter((line) => line !== '')
      .map((line) => {
        const one = JSON.parse(line) as KerasCase;
        const test = one.test.split('.').slice(-2).join('.');
        const count = counts.get(test) ?? 0;
        counts.set(test, count + 1);
        return { name: `${test}#${count}`, topology: one.layer, run: () => run(one) };
      });
  },
};

async function run(one: KerasCase): Promise<void> {
  const { weights, inputs, out_index: index, expected } = one;
  const compiled = await compile(modelOf(one));
  const variables = new Map(weights.map(({ path, shape, dtype, data }) => [path, { shape, dtype, values: data }]));
  const given = inputs.map(({ shape, dtype, data }) => ({ shape, dtype, values: data }));
  // The tests of state look at what the second call gives.
  const calls = JSON.stringify(one.layer).includes('"stateful":true') ? 2 : 1;
  const [output] = await runModule(compiled, variables, given, calls);
  if (output === undefined) throw new Difference(`there is no output ${index}`);
  compare(`output ${index}`, output, { shape: expected.shape, values: expected.data }, LAYER);
}

/** A model of the one layer, with the batch size left open. */
function modelOf({ layer, inputs, call_struct: struct, kwargs, out_index: index }: KerasCase): object {
  const { name } = layer.config;
  const given = inputs.map(({ shape, dtype }, i) => ({
    name: `given_${i}`,
    batch_shape: [null, ...shape.slice(1)],
    // The tests compute in doubles here and there: layers cast what they are given to their own dtype.
    dtype: dtype.startsWith('float') ? 'float32' : dtype,
  }));
  const tensors = given.map((input) => ({
    class_name: '__keras_tensor__',
    config: { shape: input.batch_shape, dtype: input.dtype, keras_history: [input.name, 0, 0] },
  }));
  return {
    class_name: 'Functional',
    keras_version: '3.15.1',
    config: {
      name: 'case',
      layers: [
        ...given.map((config) => ({ class_name: 'InputLayer', module: 'keras.layers', config, name: config.name, inbound_nodes: [] })),
        { ...layer, name, inbound_nodes: [{ args: struct === 'list' ? [tensors] : tensors, kwargs }] },
      ],
      input_layers: given.map((input) => [input.name, 0, 0]),
      output_layers: [[name, 0, index]],
    },
  };
}
