import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { type SymbolicTensor, input as tfjsInput, layers as tfjsLayers, model as tfjsModel } from '@tensorflow/tfjs-layers';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { availableBackends, useBackend } from './backends.ts';
import { compare, LAYER } from './corpus/compare.ts';
import { runModule } from './corpus/run-module.ts';

interface Stored {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly values: readonly number[];
}

interface Run {
  readonly inputs: readonly Stored[];
  readonly outputs: readonly Stored[];
}

interface Case {
  readonly id: string;
  readonly keras3: object;
  readonly keras2?: object;
  readonly weights: readonly Stored[];
  readonly runs: readonly Run[];
}

const read = (file: string): readonly Case[] =>
  JSON.parse(readFileSync(new URL(`fixtures/recurrent/${file}`, import.meta.url), 'utf8')) as readonly Case[];
const loops = read('loops.json');
const stateful = read('stateful.json');
const backends = await availableBackends();

const tensors = (stored: readonly Stored[]): tf.NamedTensorMap =>
  Object.fromEntries(stored.map(({ name, shape, dtype, values }) => [name, tf.tensor([...values], [...shape], dtype)]));
const caseOf = (cases: readonly Case[], id: string): Case => cases.find((one) => one.id === id) as Case;

/** Every run by itself. */
async function check(model: object, { weights, runs }: Case): Promise<void> {
  const compiled = await compile(model);
  for (const { inputs, outputs } of runs) {
    const given = await runModule(compiled, new Map(weights.map((weight) => [weight.name, weight])), inputs);
    expect(given.length).toBe(outputs.length);
    for (const [i, wanted] of outputs.entries()) compare(`output ${i}`, given[i] as Stored, wanted, LAYER);
  }
}

/** All runs one after the other, the states handed from each to the next. */
async function checkInTurn({ keras3, weights, runs }: Case): Promise<readonly string[]> {
  const compiled = await compile(keras3);
  const module = await compiled.instantiate();
  const variables = tensors(weights);
  const w = await module.load(variables);
  const names = compiled.summary.outputs.map(({ key }) => key);
  const stateNames = names.filter((name) => /:state\d+$/.test(name));
  let states: tf.NamedTensorMap = {};
  for (const { inputs, outputs } of runs) {
    const given = tensors(inputs);
    const result = module.predict(w, { ...given, ...states });
    for (const [i, wanted] of outputs.entries()) {
      const tensor = result[names[i] as string] as tf.Tensor;
      compare(`output ${i}`, { shape: tensor.shape, values: [...tensor.dataSync()] }, wanted, LAYER);
    }
    tf.dispose([given, states]);
    states = Object.fromEntries(stateNames.map((name) => [name, result[name] as tf.Tensor]));
    tf.dispose(Object.entries(result).flatMap(([name, tensor]) => (stateNames.includes(name) ? [] : [tensor])));
  }
  tf.dispose([states, variables]);
  module.dispose(w);
  return stateNames;
}

describe.each(backends)('on %s', (backend) => {
  afterAll(() => expect(tf.memory().numTensors, 'tensors left in the end').toBe(0));

  for (const one of loops) {
    const { id, keras3, keras2 } = one;
    it(`${id} as Keras 3`, () => useBackend(backend).then(() => check(keras3, one)));
    if (keras2 !== undefined) it(`${id} as Keras 2`, () => useBackend(backend).then(() => check(keras2, one)));
  }

  for (const one of stateful) {
    it(`stateful: ${one.id}`, async () => {
      await useBackend(backend);
      const names = await checkInTurn(one);
      expect(names.length, 'states').toBeGreaterThan(0);
    });
  }
});

describe('a stateful layer', () => {
  it('gives one long sequence for its two halves', async () => {
    await useBackend('wasm');
    const { keras3, weights } = caseOf(stateful, 'two layers');
    const module = await (await compile(keras3)).instantiate();
    const variables = tensors(weights);
    const w = await module.load(variables);
    const whole = tf.randomUniform([2, 6, 2], -1, 1, 'float32', 5);
    const halves = tf.split(whole, 2, 1);
    const long = { ...keras3, config: JSON.parse(JSON.stringify((keras3 as { config: object }).config).replaceAll('[2,3,2]', '[2,6,2]')) };
    const longModule = await (await compile(long)).instantiate();
    const wLong = await longModule.load(variables);
    const expected = longModule.predict(wLong, { x: whole });
    const first = module.predict(w, { x: halves[0] as tf.Tensor });
    const states = Object.fromEntries(Object.entries(first).filter(([name]) => name.includes(':state')));
    expect(Object.keys(states).sort()).toEqual(['lstm_1:state0', 'lstm_1:state1', 'simple_rnn:state0']);
    const second = module.predict(w, { x: halves[1] as tf.Tensor, ...states });
    for (const [name, tensor] of Object.entries(expected)) {
      const given = second[name] as tf.Tensor;
      compare(name, { shape: given.shape, values: [...given.dataSync()] }, { shape: tensor.shape, values: [...tensor.dataSync()] }, LAYER);
    }
    module.dispose(w);
    longModule.dispose(wLong);
    tf.dispose([variables, whole, halves, expected, first, second]);
    expect(tf.memory().numTensors).toBe(0);
  });

  it('takes an initial state in the place of what it kept', async () => {
    const model = withInitialState();
    const compiled = await compile(model);
    expect(compiled.summary.inputs.map(({ key }) => key)).toEqual(['x', 's']);
    expect(compiled.summary.outputs.map(({ key }) => key)).toEqual(['r', 'r:state0']);
  });
});

describe('cells that tfjs-layers stacks', () => {
  it('have numbers for names, and the states of the last one first', async () => {
    await useBackend('cpu');
    const initial = {
      kernelInitializer: 'glorotUniform',
      recurrentInitializer: 'glorotUniform',
      biasInitializer: 'randomUniform',
    } as const;
    const cells = [tfjsLayers.lstmCell({ units: 2, ...initial }), tfjsLayers.gruCell({ units: 3, ...initial })];
    const x = tfjsInput({ shape: [4, 2] });
    const outputs = tfjsLayers.rnn({ cell: cells, returnSequences: true, returnState: true }).apply(x) as SymbolicTensor[];
    const model = tfjsModel({ inputs: x, outputs });
    let artifacts: tf.io.ModelArtifacts = {};
    await model.save(
      tf.io.withSaveHandler((saved) => {
        artifacts = saved;
        return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
      }),
    );
    const compiled = await compile(artifacts);
    const module = await compiled.instantiate();
    const w = await module.load();
    const given = tf.randomUniform([2, 4, 2], -1, 1, 'float32', 3);
    const [expected, result] = [model.predict(given) as tf.Tensor[], module.predict(w, given)];
    expect(compiled.summary.outputs.length).toBe(4);
    for (const [i, { key }] of compiled.summary.outputs.entries()) {
      const [wanted, tensor] = [expected[i] as tf.Tensor, result[key] as tf.Tensor];
      compare(key, { shape: tensor.shape, values: [...tensor.dataSync()] }, { shape: wanted.shape, values: [...wanted.dataSync()] }, LAYER);
    }
    module.dispose(w);
    tf.dispose([expected, result, given]);
    model.dispose();
  });
});

describe('what a config leaves out', () => {
  const activations = async (model: object): Promise<string[]> => {
    const { program } = (await compile(model)).analysis;
    return program.ops.flatMap((op) => (op.body?.ops ?? []).map((inner) => inner.op)).filter((op) => /tanh|sigmoid|clip|relu/i.test(op));
  };
  const keras2 = (className: string, version: string): object => ({
    class_name: 'Sequential',
    keras_version: version,
    config: {
      name: 'm',
      layers: [
        {
          class_name: className,
          config: {
            name: 'r',
            units: 2,
            filters: 2,
            kernel_size: 1,
            batch_input_shape: [null, 3, ...(className === 'LSTM' ? [2] : [4, 4, 2])],
          },
        },
      ],
    },
  });

  it('is what the version has by default', async () => {
    expect(await activations(withInitialState())).toEqual(['tanh']);
    expect((await activations(keras2('LSTM', '2.15.0'))).sort()).toEqual(['sigmoid', 'sigmoid', 'sigmoid', 'tanh', 'tanh']);
    expect(await activations(keras2('LSTM', '2.2.4'))).not.toContain('sigmoid');
    expect(await activations(keras2('ConvLSTM2D', '2.15.0'))).not.toContain('sigmoid');
    expect(await activations(keras2('ConvLSTM2D', '3.15.1'))).toContain('sigmoid');
  });
});

describe('when a step throws', () => {
  const gone = (id: string, weight: string, cases: readonly Case[]) =>
    it(`leaves nothing behind: ${id}`, async () => {
      await useBackend('wasm');
      const { keras3, weights, runs } = caseOf(cases, id);
      const module = await (await compile(keras3)).instantiate();
      const [variables, given] = [tensors(weights), tensors((runs[0] as Run).inputs)];
      const w = await module.load(variables);
      const held = w as Readonly<Record<string, tf.Tensor>>;
      const key = Object.keys(held).find((name) => name.includes(weight)) as string;
      held[key]?.dispose();
      const before = tf.memory().numTensors;
      expect(() => module.predict(w, given)).toThrow(/disposed/);
      expect(tf.memory().numTensors).toBe(before);
      module.dispose(w);
      tf.dispose([variables, given]);
      expect(tf.memory().numTensors).toBe(0);
    });
  gone('lstm', 'recurrent_kernel', stateful);
  gone('stacked cells', 'gru_cell', stateful);
  gone('conv channels first', 'recurrent_kernel', stateful);
  gone('bidirectional', 'backward', stateful);
});

/** A stateful SimpleRNN that is handed its initial state. */
function withInitialState(): object {
  const tensor = (name: string, shape: readonly (number | null)[]): object => ({
    class_name: '__keras_tensor__',
    config: { shape, dtype: 'float32', keras_history: [name, 0, 0] },
  });
  const input = (name: string, shape: readonly (number | null)[]): object => ({
    class_name: 'InputLayer',
    module: 'keras.layers',
    config: { name, batch_shape: shape, dtype: 'float32' },
    name,
    inbound_nodes: [],
  });
  return {
    class_name: 'Functional',
    keras_version: '3.15.1',
    config: {
      name: 'm',
      layers: [
        input('x', [2, 3, 2]),
        input('s', [2, 4]),
        {
          class_name: 'SimpleRNN',
          module: 'keras.layers',
          name: 'r',
          config: { name: 'r', units: 4, stateful: true },
          inbound_nodes: [{ args: [tensor('x', [2, 3, 2])], kwargs: { initial_state: [tensor('s', [2, 4])] } }],
        },
      ],
      input_layers: [
        ['x', 0, 0],
        ['s', 0, 0],
      ],
      output_layers: [['r', 0, 0]],
    },
  };
}
