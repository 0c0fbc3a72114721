import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { DIVERGENCES } from '../src/tfjs-layers/divergences.ts';
import { isPeer } from '../src/tfjs-layers/peer.ts';
import { useBackend } from './backends.ts';
import {
  LAYER_TOLERANCE,
  layerCases,
  layerFamilies,
  modelCase,
  modelTolerance,
  type StoredArray,
  tensorOf,
  tensorsOf,
  valuesOf,
} from './golden.ts';
import { compiledRun, modelOf, opened, type Written } from './peer-runs.ts';

await useBackend('cpu');
afterAll(() => expect(tf.memory().numTensors, 'tensors left in the end').toBe(0));

/** How far tfjs-layers is from what Keras computed; null where it has another shape. */
function distance(found: tf.Tensor | undefined, wanted: StoredArray, tolerance: (value: number) => number): number | null {
  if (found === undefined || found.shape.join() !== wanted.shape.join()) return null;
  const [here, there] = [found.dataSync(), valuesOf(wanted)];
  let worst = Number.NEGATIVE_INFINITY;
  there.forEach((value, i) => {
    const off = Math.abs((here[i] as number) - value) - tolerance(value);
    worst = Math.max(worst, Number.isNaN(off) ? Number.POSITIVE_INFINITY : off);
  });
  return worst;
}

describe('what Keras computed', () => {
  const counts = { agree: 0, known: 0, cannot: 0 };
  afterAll(() => expect(counts.agree).toBeGreaterThan(100));

  for (const family of layerFamilies()) {
    it.each(layerCases(family).flatMap((golden) => [[golden.id, 'keras2', golden] as const, [golden.id, 'keras3', golden] as const]))(
      '%s as %s is what tfjs-layers computes, or it is known why not, or it cannot',
      async (_, form, golden) => {
        const model = golden[form];
        if (model === null) return;
        const { analysis, peer } = await opened(model, golden.weights);
        if (!isPeer(peer)) {
          expect(peer.reason).toMatch(/tfjs-layers/);
          counts.cannot++;
          return;
        }
        const inputs = tensorsOf(golden.inputs);
        let outputs: tf.NamedTensorMap = {};
        try {
          outputs = peer.run(inputs);
        } catch (error) {
          expect((error as Error).name).toBe('PeerFailure');
          counts.cannot++;
          return;
        } finally {
          peer.dispose();
          tf.dispose(inputs);
        }
        const keys = analysis.selected.outputs.map(({ key }) => key);
        const off = golden.outputs.map((wanted, i) => distance(outputs[keys[i] as string], wanted, LAYER_TOLERANCE));
        tf.dispose(outputs);
        const agrees = off.every((each) => each !== null && each <= 0);
        expect(agrees, `tfjs-layers is off by ${off}; known: ${[...peer.divergences.values()]}`).toBe(peer.divergences.size === 0);
        counts[agrees ? 'agree' : 'known']++;
      },
    );
  }

  it.each(['feature_extractor_classifier', 'two_branch_merge', 'nested_two_output_backbone', 'raw_conv_tap', 'unet_small', 'text_bilstm'])(
    '%s, whole and in part',
    async (name) => {
      const golden = modelCase(name);
      for (const model of [golden.keras2, golden.keras3]) {
        for (const { query, inputs: cut = [], outputs } of golden.queries) {
          if (model === null) continue;
          const { analysis, peer } = await opened(model, golden.weights, query);
          if (!isPeer(peer)) continue;
          const inputs: tf.NamedTensorMap = {};
          for (const { key, name: input } of analysis.selected.inputs) {
            const stored = cut.find((array) => array.name === key) ?? golden.inputs.find((array) => array.name === input);
            if (stored !== undefined) inputs[key] = tensorOf(cut.includes(stored) ? stored : { ...stored, name: `input/${input}` });
          }
          const found = peer.run(inputs);
          if (peer.divergences.size === 0) {
            for (const wanted of outputs) expect(distance(found[wanted.name], wanted, modelTolerance(wanted))).toBeLessThanOrEqual(0);
          }
          peer.dispose();
          tf.dispose([inputs, found]);
        }
      }
    },
  );
});

interface Case {
  readonly title: string;
  /** How the sentence begins that says what differs; null where nothing does. */
  readonly known: RegExp | null;
  readonly shape: readonly (number | null)[];
  readonly layers: readonly Written[];
  readonly keras?: 2 | 3;
  readonly version?: string;
  readonly range?: readonly [number, number];
}

const LSTM = { units: 3, activation: 'tanh', recurrent_activation: 'sigmoid', return_sequences: true };
const WORDS: Written = ['words', 'Embedding', { input_dim: 5, output_dim: 4, mask_zero: true }, 'x'];
const TOKENS = { shape: [6], range: [0, 5] } as const;

const conv = (extra: object): object => ({ filters: 3, kernel_size: [3, 3], strides: [2, 2], padding: 'same', ...extra });
const inTime = (config: object): object => ({ class_name: 'LSTM', config: { name: 'inner', ...LSTM, ...config } });

/** For each known difference a model that shows it, and beside it models that come near and agree. */
const CASES: readonly Case[] = [
  {
    title: 'hard_sigmoid of Keras 3',
    known: /hard_sigmoid as/,
    shape: [4],
    layers: [['d', 'Dense', { units: 3, activation: 'hard_sigmoid' }, 'x']],
    keras: 3,
  },
  { title: 'hard_sigmoid of Keras 2', known: null, shape: [4], layers: [['d', 'Dense', { units: 3, activation: 'hard_sigmoid' }, 'x']] },
  {
    title: 'hard_sigmoid of Keras 3 in a wrapped layer',
    known: /hard_sigmoid as/,
    shape: [5, 4],
    layers: [
      ['t', 'TimeDistributed', { layer: { class_name: 'Dense', config: { name: 'd', units: 3, activation: 'hard_sigmoid' } } }, 'x'],
    ],
    keras: 3,
  },
  { title: 'gates by default', known: /names no recurrent/, shape: [5, 4], layers: [['r', 'LSTM', { units: 3 }, 'x']] },
  { title: 'gates by default, before 2.3', known: null, shape: [5, 4], layers: [['r', 'LSTM', { units: 3 }, 'x']], version: '2.2.4' },
  {
    title: 'gates by default of a convolutional layer in Keras 2',
    known: null,
    shape: [3, 5, 5, 2],
    layers: [['r', 'ConvLSTM2D', { filters: 2, kernel_size: [3, 3] }, 'x']],
  },
  {
    title: 'gates by default of a convolutional layer in Keras 3',
    known: /names no recurrent/,
    shape: [3, 5, 5, 2],
    layers: [['r', 'ConvLSTM2D', { filters: 2, kernel_size: [3, 3] }, 'x']],
    keras: 3,
  },
  {
    title: 'GRU that does not say reset_after',
    known: /reset_after/,
    shape: [5, 4],
    layers: [['r', 'GRU', { units: 3, use_bias: false, recurrent_activation: 'sigmoid' }, 'x']],
  },
  {
    title: 'GRU that says no to reset_after',
    known: null,
    shape: [5, 4],
    layers: [['r', 'GRU', { units: 3, use_bias: false, recurrent_activation: 'sigmoid', reset_after: false }, 'x']],
  },
  { title: 'ReLU with a threshold', known: /only max_value/, shape: [9], layers: [['a', 'ReLU', { threshold: 0.5 }, 'x']] },
  { title: 'ReLU with a slope', known: /only max_value/, shape: [9], layers: [['a', 'ReLU', { negative_slope: 0.5 }, 'x']] },
  {
    title: 'ReLU with a maximum',
    known: null,
    shape: [9],
    layers: [['a', 'ReLU', { max_value: 0.5, negative_slope: 0, threshold: 0 }, 'x']],
  },
  {
    title: 'dilated DepthwiseConv2D',
    known: /DepthwiseConv2D/,
    shape: [7, 7, 2],
    layers: [['c', 'DepthwiseConv2D', { kernel_size: [3, 3], padding: 'same', dilation_rate: [2, 2] }, 'x']],
  },
  {
    title: 'dilated DepthwiseConv2D of one point',
    known: null,
    shape: [7, 7, 2],
    layers: [['c', 'DepthwiseConv2D', { kernel_size: 1, padding: 'same', dilation_rate: 2 }, 'x']],
  },
  {
    title: 'dilated transposed convolution',
    known: /dilation_rate of a transposed/,
    shape: [5, 5, 2],
    layers: [['c', 'Conv2DTranspose', conv({ strides: [1, 1], dilation_rate: [2, 2] }), 'x']],
  },
  {
    title: 'output_padding that changes nothing',
    known: null,
    shape: [5, 5, 2],
    layers: [['c', 'Conv2DTranspose', conv({ output_padding: [1, 1] }), 'x']],
  },
  {
    title: 'output_padding',
    known: /output_padding/,
    shape: [5, 5, 2],
    layers: [['c', 'Conv2DTranspose', conv({ output_padding: [0, 1] }), 'x']],
  },
  {
    title: 'output_padding without padding',
    known: /output_padding/,
    shape: [5, 5, 2],
    layers: [['c', 'Conv2DTranspose', conv({ padding: 'valid', output_padding: [1, 1] }), 'x']],
  },
  {
    title: 'no output_padding without padding',
    known: null,
    shape: [5, 5, 2],
    layers: [['c', 'Conv2DTranspose', conv({ padding: 'valid', output_padding: [0, 0] }), 'x']],
  },
  {
    title: 'bilinear UpSampling2D',
    known: /corners/,
    shape: [3, 3, 2],
    layers: [['u', 'UpSampling2D', { size: [2, 2], interpolation: 'bilinear' }, 'x']],
  },
  {
    title: 'bilinear UpSampling2D of one pixel',
    known: null,
    shape: [1, 3, 2],
    layers: [['u', 'UpSampling2D', { size: [2, 1], interpolation: 'bilinear' }, 'x']],
  },
  {
    title: 'nearest UpSampling2D',
    known: null,
    shape: [3, 3, 2],
    layers: [['u', 'UpSampling2D', { size: 2, interpolation: 'nearest' }, 'x']],
  },
  {
    title: 'Conv1D with channels first',
    known: /Conv1D last/,
    shape: [2, 6],
    layers: [['c', 'Conv1D', { filters: 3, kernel_size: 3, data_format: 'channels_first' }, 'x']],
  },
  {
    title: 'SeparableConv2D with channels first',
    known: /SeparableConv2D/,
    shape: [2, 3, 5],
    layers: [['c', 'SeparableConv2D', { filters: 3, kernel_size: 3, padding: 'same', data_format: 'channels_first' }, 'x']],
  },
  {
    title: 'SeparableConv2D with channels first and no bias',
    known: null,
    shape: [2, 3, 5],
    layers: [
      ['c', 'SeparableConv2D', { filters: 3, kernel_size: 3, padding: 'same', data_format: 'channels_first', use_bias: false }, 'x'],
    ],
  },
  {
    title: 'MaxPooling1D with channels first',
    known: /one axis/,
    shape: [4, 6],
    layers: [['p', 'MaxPooling1D', { pool_size: 2, data_format: 'channels_first' }, 'x']],
  },
  {
    title: 'global pooling with channels first',
    known: /one axis/,
    shape: [4, 6],
    layers: [['p', 'GlobalMaxPooling1D', { data_format: 'channels_first' }, 'x']],
  },
  {
    title: 'global pooling that keeps its axes',
    known: /keepdims/,
    shape: [4, 4, 3],
    layers: [['p', 'GlobalMaxPooling2D', { keepdims: true }, 'x']],
  },
  { title: 'global pooling that does not', known: null, shape: [4, 4, 3], layers: [['p', 'GlobalMaxPooling2D', { keepdims: false }, 'x']] },
  {
    title: 'LayerNormalization that scales alone',
    known: /rms_scaling/,
    shape: [4, 3],
    layers: [['n', 'LayerNormalization', { rms_scaling: true, center: false }, 'x']],
    keras: 3,
  },
  { title: 'a mean of masked steps', known: /do not count/, ...TOKENS, layers: [WORDS, ['p', 'GlobalAveragePooling1D', {}, 'words']] },
  { title: 'a maximum of masked steps', known: null, ...TOKENS, layers: [WORDS, ['p', 'GlobalMaxPooling1D', {}, 'words']] },
  { title: 'masked steps', known: null, ...TOKENS, layers: [WORDS, ['r', 'LSTM', LSTM, 'words']] },
  {
    title: 'masked steps behind a layer that keeps masks in Keras alone',
    known: null,
    ...TOKENS,
    layers: [WORDS, ['a', 'ReLU', {}, 'words'], ['r', 'LSTM', LSTM, 'a']],
  },
  {
    title: 'a mask that a call before has left behind',
    known: /another mask/,
    ...TOKENS,
    layers: [
      WORDS,
      ['r', 'LSTM', LSTM, 'words'],
      ['plain', 'Embedding', { input_dim: 5, output_dim: 4 }, 'x'],
      ['s', 'LSTM', LSTM, 'plain'],
      ['sum', 'Concatenate', { axis: -1 }, 's', 'r'],
    ],
  },
  {
    title: 'the mask of a sum',
    known: /another mask/,
    ...TOKENS,
    layers: [WORDS, ['a', 'Dense', { units: 4 }, 'words'], ['sum', 'Add', {}, 'words', 'a'], ['r', 'LSTM', LSTM, 'sum']],
  },
  {
    title: 'a layer without a mask that runs before',
    known: null,
    ...TOKENS,
    layers: [
      WORDS,
      ['r', 'LSTM', LSTM, 'words'],
      ['plain', 'Embedding', { input_dim: 5, output_dim: 4 }, 'x'],
      ['s', 'LSTM', LSTM, 'plain'],
      ['sum', 'Concatenate', { axis: -1 }, 'r', 's'],
    ],
  },
  {
    title: 'the mask of a concatenation of one mask',
    known: null,
    ...TOKENS,
    layers: [
      WORDS,
      ['a', 'Dense', { units: 3 }, 'words'],
      ['both', 'Concatenate', { axis: -1 }, 'words', 'a'],
      ['r', 'LSTM', LSTM, 'both'],
    ],
  },
  {
    title: 'a wrapped layer that reads masks',
    known: /TimeDistributed/,
    shape: [3, 3, 2],
    layers: [
      ['m', 'Masking', { mask_value: 0 }, 'x'],
      ['t', 'TimeDistributed', { layer: inTime({}) }, 'm'],
    ],
  },
  {
    title: 'a wrapped layer that reads no masks',
    known: null,
    ...TOKENS,
    layers: [
      WORDS,
      ['t', 'TimeDistributed', { layer: { class_name: 'Dense', config: { name: 'd', units: 2 } } }, 'words'],
      ['r', 'LSTM', LSTM, 't'],
    ],
  },
  {
    title: 'zeros for masked steps',
    known: /zero_output_for_mask/,
    ...TOKENS,
    layers: [WORDS, ['r', 'LSTM', { ...LSTM, zero_output_for_mask: true }, 'words']],
  },
  {
    title: 'zeros for steps without a mask',
    known: null,
    shape: [5, 4],
    layers: [['r', 'LSTM', { ...LSTM, zero_output_for_mask: true }, 'x']],
  },
  {
    title: 'sequences of a masked Bidirectional',
    known: /Bidirectional of Keras/,
    ...TOKENS,
    layers: [WORDS, ['b', 'Bidirectional', { layer: inTime({}), merge_mode: 'concat' }, 'words']],
  },
  {
    title: 'the last output of a masked Bidirectional',
    known: null,
    ...TOKENS,
    layers: [WORDS, ['b', 'Bidirectional', { layer: inTime({ return_sequences: false }), merge_mode: 'sum' }, 'words']],
  },
  {
    title: 'sequences of a Bidirectional',
    known: null,
    shape: [5, 4],
    layers: [['b', 'Bidirectional', { layer: inTime({}), merge_mode: 'mul' }, 'x']],
  },
  {
    title: 'masked steps that do not start from zeros',
    known: /starts from/,
    ...TOKENS,
    layers: [
      WORDS,
      ['plain', 'Embedding', { input_dim: 5, output_dim: 4 }, 'x'],
      ['state', 'SimpleRNN', { units: 3 }, 'plain'],
      ['r', 'SimpleRNN', { units: 3, return_sequences: true }, 'words', 'state'],
    ],
  },
  {
    title: 'steps that do not start from zeros',
    known: null,
    shape: [5, 4],
    layers: [
      ['state', 'SimpleRNN', { units: 3 }, 'x'],
      ['r', 'SimpleRNN', { units: 3, return_sequences: true }, 'x', 'state'],
    ],
  },
  {
    title: 'states of stacked cells',
    known: /stacked cells/,
    shape: [5, 4],
    layers: [
      ['r', 'RNN', { return_state: true, cell: stacked() }, 'x'],
      ['one', 'Concatenate', { axis: -1 }, 'r:1', 'r:2'],
    ],
  },
  { title: 'the output of stacked cells', known: null, shape: [5, 4], layers: [['r', 'RNN', { cell: stacked() }, 'x']] },
];

function stacked(): object {
  const cell = (name: string, units: number) => ({ class_name: 'SimpleRNNCell', config: { name, units } });
  return { class_name: 'StackedRNNCells', config: { name: 'cells', cells: [cell('a', 3), cell('b', 3)] } };
}

describe('each known difference', () => {
  const seen = new Set<string>();
  afterAll(() => expect(DIVERGENCES.map(({ what }) => what).filter((what) => !seen.has(what))).toEqual([]));

  it.each(CASES.map((each) => [each.title, each] as const))('%s', async (_, { known, shape, layers, keras, version, range }) => {
    const model = modelOf(shape, layers, keras, version);
    const { analysis, peer } = await opened(model, null);
    if (!isPeer(peer)) throw new Error(peer.reason);
    const x = tensorOf({
      name: 'input/x',
      shape: [4, ...shape].map(Number),
      dtype: range === undefined ? 'float32' : 'int32',
      ...(range && { range }),
    });
    const sentences = [...peer.divergences.values()].flat();
    for (const sentence of sentences) seen.add(sentence);
    // Some steps are all zeros, so that Masking has something to mask.
    const masked =
      range === undefined && layers.some(([, className]) => className === 'Masking')
        ? tf.tidy(() => tf.mul(x, tf.greater(tf.max(x, -1, true), 0)))
        : x.clone();
    const wanted = await compiledRun(model, { x: masked });
    let differs = false;
    try {
      const found = peer.run({ x: masked });
      const key = analysis.selected.outputs[0]?.key as string;
      const [here, there] = [found[key] as tf.Tensor, wanted[key] as tf.Tensor];
      differs =
        here.shape.join() !== there.shape.join() || tf.tidy(() => tf.max(tf.abs(tf.sub(here, there))).dataSync()[0] as number) > 1e-4;
      tf.dispose(found);
    } catch (error) {
      if ((error as Error).name !== 'PeerFailure') throw error;
      differs = true;
    } finally {
      peer.dispose();
      tf.dispose([x, masked, wanted]);
    }
    if (known === null) expect(sentences).toEqual([]);
    else expect(sentences).toEqual([expect.stringMatching(known)]);
    expect(differs, 'tfjs-layers computes something else').toBe(known !== null);
  });

  it('is none where tfjs-layers wrote the model', async () => {
    const model = modelOf([9], [['a', 'ReLU', { threshold: 0.5 }, 'x']], 2, 'tfjs-layers 4.22.0');
    const { peer } = await opened(model, null);
    expect(isPeer(peer) && peer.divergences.size).toBe(0);
  });
});
