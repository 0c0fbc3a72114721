import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { availableBackends, useBackend } from './backends.ts';

type Json = Readonly<Record<string, unknown>>;
type Nested = number | string | readonly Nested[];

interface Input {
  readonly dtype: 'string' | 'int64' | 'int32' | 'float32' | 'bool';
  readonly shape: readonly (number | null)[];
}
const texts = (...shape: readonly (number | null)[]): Input => ({ dtype: 'string', shape: [null, ...shape] });
const integers = (...shape: readonly (number | null)[]): Input => ({ dtype: 'int64', shape: [null, ...shape] });

/** A model of one layer, `y`, on inputs `a`, `b`, ... as Keras 3 writes it. */
function model(className: string, config: Json, ...inputs: readonly Input[]) {
  const names = inputs.map((_, i) => 'abc'[i] as string);
  const tensors = inputs.map(({ dtype, shape }, i) => ({
    class_name: '__keras_tensor__',
    config: { shape, dtype, keras_history: [names[i], 0, 0] },
  }));
  return {
    class_name: 'Functional',
    keras_version: '3.15.1',
    config: {
      name: 'm',
      layers: [
        ...inputs.map(({ dtype, shape }, i) => ({
          class_name: 'InputLayer',
          name: names[i],
          config: { name: names[i], batch_shape: shape, dtype },
          inbound_nodes: [],
        })),
        {
          class_name: className,
          name: 'y',
          config: { name: 'y', ...config },
          inbound_nodes: [{ args: tensors.length === 1 ? tensors : [tensors], kwargs: {} }],
        },
      ],
      input_layers: names.map((name) => [name, 0, 0]),
      output_layers: [['y', 0, 0]],
    },
  };
}

const TFJS: Readonly<Record<Input['dtype'], tf.DataType>> = {
  string: 'string',
  int64: 'int32',
  int32: 'int32',
  float32: 'float32',
  bool: 'bool',
};

/** What the model gives for some inputs, as nested lists. */
async function run(source: ReturnType<typeof model>, ...given: readonly Nested[]): Promise<unknown> {
  const module = await (await compile(source)).instantiate();
  const dtypes = source.config.layers.map(({ config }) => (config as { dtype?: Input['dtype'] }).dtype);
  const inputs = Object.fromEntries(
    given.map((values, i) => ['abc'[i], tf.tensor(values as string[], undefined, TFJS[dtypes[i] ?? 'float32'])]),
  );
  const w = await module.load();
  const before = tf.memory().numTensors;
  try {
    const { y } = module.predict(w, inputs) as { y: tf.Tensor };
    expect(tf.memory().numTensors - before).toBe(1);
    // tfjs has no nested lists for a tensor without elements.
    const values = y.size === 0 ? y.shape : await y.array();
    y.dispose();
    return values;
  } finally {
    expect(tf.memory().numTensors).toBe(before);
    module.dispose(w);
    tf.dispose(inputs);
  }
}

const refused = (source: object): Promise<unknown> =>
  compile(source).then(
    () => 'compiled',
    ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
  );

const VOCABULARY = ['a', 'b', 'c'];
/** Words whose hashes are known from TensorFlow. */
const NAMES = ['omar', 'stringer', 'marlo', 'wire', 'skywalker'];
const backends = await availableBackends();

describe.each(backends)('on %s', (backend) => {
  const expectRun = async (...given: Parameters<typeof run>) => {
    await useBackend(backend);
    return expect(await run(...given));
  };
  afterAll(() => expect(tf.memory().numTensors).toBe(0));

  describe('StringLookup', () => {
    it('gives what is unknown the first index, and with a mask the second', async () => {
      const rows = [
        ['b', 'x'],
        ['', 'c'],
      ];
      (await expectRun(model('StringLookup', { vocabulary: VOCABULARY }, texts(2)), rows)).toEqual([
        [2, 0],
        [0, 3],
      ]);
      (await expectRun(model('StringLookup', { vocabulary: VOCABULARY, mask_token: '' }, texts(2)), rows)).toEqual([
        [3, 1],
        [0, 4],
      ]);
    });

    it('takes a vocabulary that begins with the special tokens', async () => {
      const vocabulary = ['', '[UNK]', ...VOCABULARY];
      (await expectRun(model('StringLookup', { vocabulary, mask_token: '' }, texts()), ['a', '', 'x'])).toEqual([2, 0, 1]);
      // Without a mask the empty text is a word like others, and nothing is special.
      (await expectRun(model('StringLookup', { vocabulary }, texts()), ['a', '', 'x'])).toEqual([3, 1, 0]);
    });

    it('spreads unknown words by their hashes, as TensorFlow does', async () => {
      const config = { vocabulary: VOCABULARY, num_oov_indices: 2 };
      (await expectRun(model('StringLookup', config, texts()), [...NAMES, 'a'])).toEqual([0, 0, 1, 0, 0, 2]);
      (await expectRun(model('StringLookup', { ...config, mask_token: '-' }, texts()), [...NAMES, 'a', '-'])).toEqual([
        1, 1, 2, 1, 1, 3, 0,
      ]);
      (await expectRun(model('StringLookup', { ...config, salt: [133, 137] }, texts()), NAMES)).toEqual([0, 1, 0, 1, 0]);
    });

    it('is an error when it runs where unknown words have no index', async () => {
      const source = model('StringLookup', { vocabulary: VOCABULARY, num_oov_indices: 0, mask_token: '-' }, texts());
      (await expectRun(source, ['c', '-', 'a'])).toEqual([3, 0, 1]);
      await expect(run(source, ['c', 'x'])).rejects.toThrow('"x" is not in the vocabulary');
    });

    it('gives vectors, in which masked words count for nothing', async () => {
      const vectors = (output_mode: string, more: Json = {}) =>
        model('StringLookup', { vocabulary: VOCABULARY, mask_token: '', output_mode, ...more }, texts(3));
      const rows = [
        ['a', 'a', ''],
        ['x', 'c', 'y'],
      ];
      (await expectRun(vectors('multi_hot'), rows)).toEqual([
        [0, 1, 0, 0],
        [1, 0, 0, 1],
      ]);
      (await expectRun(vectors('count'), rows)).toEqual([
        [0, 2, 0, 0],
        [2, 0, 0, 1],
      ]);
      (await expectRun(vectors('count', { pad_to_max_tokens: true, max_tokens: 5 }), rows)).toEqual([
        [0, 2, 0, 0, 0],
        [2, 0, 0, 1, 0],
      ]);
      // The weight of unknown words is the mean of the others.
      (await expectRun(vectors('tf_idf', { idf_weights: [0.5, 1, 3] }), rows)).toEqual([
        [0, 1, 0, 0],
        [3, 0, 0, 3],
      ]);
      (await expectRun(vectors('tf-idf', { idf_weights: [0.5, 1, 3], pad_to_max_tokens: true, max_tokens: 6 }), rows)).toEqual([
        [0, 1, 0, 0, 0, 0],
        [3, 0, 0, 3, 0, 0],
      ]);
      (await expectRun(vectors('one_hot'), [['b', '', 'x']])).toEqual([
        [
          [0, 0, 1, 0],
          [0, 0, 0, 0],
          [1, 0, 0, 0],
        ],
      ]);
      (await expectRun(model('StringLookup', { vocabulary: VOCABULARY, output_mode: 'one_hot' }, texts(1)), [['b']])).toEqual([
        [0, 0, 1, 0],
      ]);
    });

    it('gives words for indices', async () => {
      const source = model('StringLookup', { vocabulary: VOCABULARY, invert: true, mask_token: '', num_oov_indices: 2 }, integers(3));
      (
        await expectRun(source, [
          [0, 1, 2],
          [3, 5, 6],
          [-1, 4, 100],
        ])
      ).toEqual([
        ['', '[UNK]', '[UNK]'],
        ['a', 'c', '[UNK]'],
        ['[UNK]', 'b', '[UNK]'],
      ]);
    });

    it('takes any word as data', async () => {
      const words = ['__proto__', 'constructor', "'; throw 1; //", '$&`', '\\', '"', '\u2028', 'é☃', '\n', '*/', 'NaN', '?x'];
      (await expectRun(model('StringLookup', { vocabulary: words }, texts()), [...words, 'toString'])).toEqual(
        [...words.keys()].map((i) => i + 1).concat(0),
      );
    });

    it('feeds what follows', async () => {
      const lookup = model('StringLookup', { vocabulary: VOCABULARY }, texts(1));
      const history = { shape: [null, 1], dtype: 'int64', keras_history: ['y', 0, 0] };
      lookup.config.layers.push({
        class_name: 'CategoryEncoding',
        name: 'z',
        config: { name: 'z', num_tokens: 4, output_mode: 'one_hot' },
        inbound_nodes: [{ args: [{ class_name: '__keras_tensor__', config: history }], kwargs: {} }],
      } as never);
      await useBackend(backend);
      const module = await (await compile(lookup, { outputs: ['y=z'] })).instantiate();
      const [given, w] = [tf.tensor(['c', '?'], [2, 1]), await module.load()];
      const { y } = module.predict(w, given) as { y: tf.Tensor };
      expect(await y.array()).toEqual([
        [0, 0, 0, 1],
        [1, 0, 0, 0],
      ]);
      module.dispose(w);
      tf.dispose([given, y]);
    });
  });

  describe('IntegerLookup', () => {
    const lookup = (config: Json, ...shape: readonly number[]) =>
      model('IntegerLookup', { vocabulary: [12, -3, 7], ...config }, integers(...shape));

    it('finds near and far integers', async () => {
      const given = [12, 7, -3, -4, 13, 0, 2 ** 31 - 1, -(2 ** 31)];
      (await expectRun(lookup({}), given)).toEqual([1, 3, 2, 0, 0, 0, 0, 0]);
      (await expectRun(lookup({ mask_token: 0 }), given)).toEqual([2, 4, 3, 1, 1, 0, 1, 1]);
      const far = lookup({ vocabulary: [2_000_000_000, -2_000_000_000, 5] });
      (await expectRun(far, [5, 2_000_000_000, -2_000_000_000, 6])).toEqual([3, 1, 2, 0]);
    });

    it('spreads unknown integers by remainder or hash', async () => {
      (await expectRun(lookup({ num_oov_indices: 3 }), [4, 5, -1, 12])).toEqual([1, 2, 2, 3]);
      (await expectRun(lookup({ num_oov_indices: 3, mask_token: 5 }), [4, 5, -1, 12])).toEqual([2, 0, 3, 4]);
      const hashes = { num_oov_indices: 3, oov_method: 'farmhash', vocabulary: [99] };
      (await expectRun(lookup(hashes), [0, 1, 2, 3, 4, 99])).toEqual([1, 0, 1, 0, 2, 3]);
      (await expectRun(lookup({ ...hashes, salt: [133, 137] }), [0, 1, 2, 3, 4])).toEqual([1, 1, 2, 0, 1]);
    });

    it('is an error when it runs where unknown integers have no index', async () => {
      (await expectRun(lookup({ num_oov_indices: 0 }), [7, 12])).toEqual([2, 0]);
      await expect(run(lookup({ num_oov_indices: 0 }), [7, 8])).rejects.toThrow('8 is not in the vocabulary');
    });

    it('gives vectors', async () => {
      (
        await expectRun(lookup({ output_mode: 'count', mask_token: 0 }, 3), [
          [7, 0, 7],
          [1, 2, 12],
        ])
      ).toEqual([
        [0, 0, 0, 2],
        [2, 1, 0, 0],
      ]);
      (await expectRun(lookup({ output_mode: 'one_hot' }, 2), [[7, 1]])).toEqual([
        [
          [0, 0, 0, 1],
          [1, 0, 0, 0],
        ],
      ]);
    });

    it('gives integers for indices', async () => {
      const given = [0, 1, 2, 3, 4, 5, -7];
      (await expectRun(lookup({ invert: true, mask_token: 50 }), given)).toEqual([50, -1, 12, -3, 7, -1, -1]);
      (await expectRun(lookup({ invert: true, oov_token: 9 }), given)).toEqual([9, 12, -3, 7, 9, 9, 9]);
    });
  });

  describe('TextVectorization', () => {
    const vectorized = (config: Json, input = texts(1)) =>
      model('TextVectorization', { vocabulary: ['earth', 'wind', 'and', 'fire'], ...config }, input);
    const songs = [['Earth, WIND, and... fire!'], ['fire\tand\n\n  wind & michigan '], ['']];

    it('gives the indices of words, as many as the longest text has', async () => {
      (await expectRun(vectorized({}), songs)).toEqual([
        [2, 3, 4, 5],
        [5, 4, 3, 1],
        [0, 0, 0, 0],
      ]);
      (await expectRun(vectorized({}, texts()), songs.flat())).toEqual([
        [2, 3, 4, 5],
        [5, 4, 3, 1],
        [0, 0, 0, 0],
      ]);
      (await expectRun(vectorized({}), [['']])).toEqual([1, 0]);
    });

    it('cuts and fills rows to a length', async () => {
      (await expectRun(vectorized({ output_sequence_length: 2 }), songs)).toEqual([
        [2, 3],
        [5, 4],
        [0, 0],
      ]);
      (await expectRun(vectorized({ output_sequence_length: 6 }), songs)).toEqual([
        [2, 3, 4, 5, 0, 0],
        [5, 4, 3, 1, 0, 0],
        [0, 0, 0, 0, 0, 0],
      ]);
      const split = { split: null, standardize: 'lower' };
      (await expectRun(vectorized({ ...split, output_sequence_length: 3 }, texts(2)), [['WIND', 'x']])).toEqual([[3, 1, 0]]);
      (await expectRun(vectorized({ ...split, output_sequence_length: 1 }, texts(null)), [['WIND', 'x']])).toEqual([[3]]);
      (await expectRun(vectorized({ ...split, output_sequence_length: 3 }, texts(null)), [['WIND', 'x']])).toEqual([[3, 1, 0]]);
    });

    it('standardizes as told: the letters and punctuation of ASCII alone', async () => {
      const vocabulary = ['É.', 'é', 'a.', 'A', 'a'];
      const given = [['É. A. A, a']];
      (await expectRun(vectorized({ vocabulary, standardize: null }), given)).toEqual([[2, 1, 1, 6]]);
      (await expectRun(vectorized({ vocabulary, standardize: 'lower' }), given)).toEqual([[2, 4, 1, 6]]);
      (await expectRun(vectorized({ vocabulary, standardize: 'strip_punctuation' }), given)).toEqual([[1, 5, 5, 6]]);
      (await expectRun(vectorized({ vocabulary }), given)).toEqual([[1, 6, 6, 6]]);
    });

    it('splits into characters, and joins neighbours', async () => {
      (await expectRun(vectorized({ split: 'character', vocabulary: ['☃', '𝄞', ' '] }), [['𝄞 ☃!']])).toEqual([[3, 4, 2]]);
      const pairs = { vocabulary: ['wind and', 'and', 'earth wind and'] };
      (await expectRun(vectorized({ ...pairs, ngrams: 2 }), songs.slice(0, 1))).toEqual([[1, 1, 3, 1, 1, 2, 1]]);
      (await expectRun(vectorized({ ...pairs, ngrams: [3, 1] }), songs.slice(0, 1))).toEqual([[4, 1, 1, 1, 3, 1]]);
      (await expectRun(vectorized({ ...pairs, ngrams: 2, split: null }, texts(3)), [['earth', 'wind', 'and']])).toEqual([[1, 1, 3, 1, 2]]);
    });

    it('gives a vector for each text', async () => {
      (await expectRun(vectorized({ output_mode: 'multi_hot' }), songs)).toEqual([
        [0, 1, 1, 1, 1],
        [1, 0, 1, 1, 1],
        [0, 0, 0, 0, 0],
      ]);
      (await expectRun(vectorized({ output_mode: 'count', pad_to_max_tokens: true, max_tokens: 6 }), [['fire x fire y z']])).toEqual([
        [3, 0, 0, 0, 2, 0],
      ]);
      const weighted = { output_mode: 'tf_idf', idf_weights: [0.25, 0.5, 1, 2.25] };
      (await expectRun(vectorized(weighted), [['fire x fire']])).toEqual([[1, 0, 0, 0, 4.5]]);
      (await expectRun(vectorized({ output_mode: 'count' }), [['']])).toEqual([[0, 0, 0, 0, 0]]);
    });

    it('takes a vocabulary that begins with the special tokens', async () => {
      (await expectRun(vectorized({ vocabulary: ['', '[UNK]', 'earth'] }), [['earth wind']])).toEqual([[2, 1]]);
      (await expectRun(vectorized({ vocabulary: ['[UNK]', 'earth'], output_mode: 'count' }), [['earth wind']])).toEqual([[1, 1]]);
    });
  });

  it('takes numbers as truth values: false is 0 alone', async () => {
    await useBackend(backend);
    const module = await (await compile(model('Identity', {}, { dtype: 'bool', shape: [null] }))).instantiate();
    const w = await module.load();
    for (const given of [tf.tensor([0.5, 0, -2, 256]), tf.tensor([1, 0, -2, 256], [4], 'int32')]) {
      const { y } = module.predict(w, given) as { y: tf.Tensor };
      expect([y.dtype, ...y.dataSync()]).toEqual(['bool', 1, 0, 1, 1]);
      tf.dispose([given, y]);
    }
  });

  describe('Hashing', () => {
    it('gives the bins that TensorFlow gives', async () => {
      (
        await expectRun(
          model('Hashing', { num_bins: 2 }, texts(1)),
          NAMES.map((name) => [name]),
        )
      ).toEqual([[0], [0], [1], [0], [0]]);
      (await expectRun(model('Hashing', { num_bins: 2, salt: [133, 137] }, texts()), NAMES)).toEqual([0, 1, 0, 1, 0]);
      (await expectRun(model('Hashing', { num_bins: 3 }, integers()), [0, 1, 2, 3, 4])).toEqual([1, 0, 1, 0, 2]);
      (await expectRun(model('Hashing', { num_bins: 3, salt: [133, 137] }, integers()), [0, 1, 2, 3, 4])).toEqual([1, 1, 2, 0, 1]);
      const floats: Input = { dtype: 'float32', shape: [null] };
      (await expectRun(model('Hashing', { num_bins: 3 }, floats), [0.5, 1.9, 2, 3, 4.2])).toEqual([1, 0, 1, 0, 2]);
    });

    it('keeps bin 0 for the mask', async () => {
      (await expectRun(model('Hashing', { num_bins: 3, mask_value: '' }, texts()), NAMES)).toEqual([1, 1, 2, 1, 1]);
      (await expectRun(model('Hashing', { num_bins: 3, mask_value: 'omar' }, texts()), NAMES)).toEqual([0, 1, 2, 1, 1]);
      (await expectRun(model('Hashing', { num_bins: 1, mask_value: 'omar' }, texts()), NAMES)).toEqual([0, 0, 0, 0, 0]);
    });

    it('gives vectors', async () => {
      (await expectRun(model('Hashing', { num_bins: 3, output_mode: 'count', dtype: 'float32' }, integers(5)), [[0, 1, 2, 3, 4]])).toEqual([
        [2, 2, 1],
      ]);
      (
        await expectRun(model('Hashing', { num_bins: 2, output_mode: 'one_hot', dtype: 'float32' }, texts(1)), [['omar'], ['marlo']])
      ).toEqual([
        [1, 0],
        [0, 1],
      ]);
    });

    it('crosses features as TensorFlow does', async () => {
      const crossed = (config: Json) => model('HashedCrossing', config, texts(), integers());
      const given = [
        ['A', 'B', 'A', 'B', 'A'],
        [101, 101, 101, 102, 102],
      ] as const;
      (await expectRun(crossed({ num_bins: 10 }), ...given)).toEqual([1, 4, 1, 6, 3]);
      (await expectRun(crossed({ num_bins: 5, output_mode: 'one_hot', dtype: 'float32' }), ...given)).toEqual(
        [1, 4, 1, 1, 3].map((bin) => Array.from({ length: 5 }, (_, i) => Number(i === bin))),
      );
    });
  });
});

describe('refuses', () => {
  it.each([
    ['a vocabulary in a file', model('StringLookup', { vocabulary: 'words.txt' }, texts()), /^layer-unsupported: .*file of its own/],
    ['a vocabulary that is elsewhere', model('TextVectorization', { vocabulary: null }, texts()), /^layer-unsupported: .*adapted/],
    ['boundaries that are elsewhere', model('Discretization', { num_bins: 3 }, integers()), /^layer-unsupported: .*boundaries/],
    ['boundaries that fall', model('Discretization', { bin_boundaries: [1, 0] }, integers()), /^shape-mismatch: bin_boundaries rise/],
    ['a token twice', model('StringLookup', { vocabulary: ['a', 'a'] }, texts()), /^shape-mismatch: .*once/],
    ['the mask among the tokens', model('StringLookup', { vocabulary: ['a', ''], mask_token: '' }, texts()), /^shape-mismatch: the mask/],
    ['more tokens than max_tokens', model('StringLookup', { vocabulary: ['a', 'b'], max_tokens: 2 }, texts()), /^shape-mismatch: .*larger/],
    [
      'weights for other tokens',
      model('StringLookup', { vocabulary: ['a'], output_mode: 'tf_idf', idf_weights: [1, 2] }, texts()),
      /^shape-mismatch/,
    ],
    [
      'missing idf weights',
      model('StringLookup', { vocabulary: ['a'], output_mode: 'tf_idf' }, texts()),
      /^layer-unsupported: the idf_weights/,
    ],
    ['sparse tensors', model('CategoryEncoding', { num_tokens: 2, sparse: true }, integers(2)), /^layer-unsupported: .*sparse/],
    ['ragged tensors', model('TextVectorization', { vocabulary: ['a'], ragged: true }, texts()), /^layer-unsupported: .*ragged/],
    [
      'a function of its own',
      model('TextVectorization', { vocabulary: ['a'], standardize: { class_name: 'function' } }, texts()),
      /^layer-unsupported/,
    ],
    ['integers of 64 bits', model('IntegerLookup', { vocabulary: [2 ** 40] }, integers()), /^layer-unsupported: .*32 bits/],
    ['numbers for texts', model('StringLookup', { vocabulary: ['a'] }, integers()), /^shape-mismatch: StringLookup takes texts/],
    ['texts for numbers', model('Discretization', { bin_boundaries: [1] }, texts(2)), /^shape-mismatch/],
    ['crossing one input', model('HashedCrossing', { num_bins: 2 }, texts()), /^shape-mismatch: HashedCrossing/],
    ['a salt that JSON does not hold', model('Hashing', { num_bins: 2, salt: 2 ** 60 }, texts()), /^layer-unsupported: a salt/],
    [
      'a table of waves beyond memory',
      model('MelSpectrogram', { fft_length: 2 ** 30 }, { dtype: 'float32', shape: [null, 9] }),
      /^layer-unsupported/,
    ],
    [
      'histograms',
      model('ContrastLimitedAdaptiveHistogramEqualization', {}, { dtype: 'float32', shape: [null, 9, 9, 3] }),
      /^layer-unsupported/,
    ],
  ])('%s', async (_, source, message) => expect(await refused(source)).toMatch(message));

  it('numbers where the program takes texts', async () => {
    await useBackend(backends[0] ?? 'wasm');
    const module = await (await compile(model('StringLookup', { vocabulary: ['a'] }, texts()))).instantiate();
    const [w, given] = [await module.load(), tf.tensor([1])];
    expect(() => module.predict(w, given)).toThrow('input "a": found float32[1], expected string[?]');
    module.dispose(w);
    given.dispose();
  });
});
