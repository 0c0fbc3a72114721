import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { typeErrors } from './type-check.ts';

const stored = JSON.parse(readFileSync(new URL('fixtures/preprocessing/keras.json', import.meta.url), 'utf8')) as readonly {
  readonly name: string;
  readonly model: object;
}[];

/** A model of one layer on a column. */
const model = (className: string, config: object, dtype = 'string'): object => ({
  class_name: 'Sequential',
  keras_version: '3.15.1',
  config: {
    name: 'm',
    layers: [
      { class_name: 'InputLayer', config: { name: 'a', batch_shape: [null, 1], dtype } },
      { class_name: className, config: { name: 'y', ...config } },
    ],
  },
});

it('gives modules that type-check, with what they need of lookups, texts, hashes and spectra', async () => {
  const chosen = stored.filter(({ name }) => /count_weights|Discretization count|of power|psd|Pipeline/.test(name));
  expect(chosen.length).toBeGreaterThan(4);
  const weighted = { output_mode: 'tf_idf', idf_weights: [1], max_tokens: 9, pad_to_max_tokens: true };
  const models = [
    ...chosen.map(({ model }) => model),
    model('TextVectorization', { vocabulary: ['a'], ngrams: 2, ...weighted }),
    model('TextVectorization', { vocabulary: ['a'], split: null, ngrams: 1 }),
    model('StringLookup', { vocabulary: ['a'], num_oov_indices: 3, salt: 5 }),
    model('StringLookup', { vocabulary: ['a'], invert: true }, 'int32'),
    model('IntegerLookup', { vocabulary: [1], num_oov_indices: 3, mask_token: 0 }, 'int32'),
    model('Hashing', { num_bins: 4, output_mode: 'multi_hot', mask_value: 3.5 }, 'float32'),
  ];
  const files = new Map<string, string>();
  for (const source of models) files.set(`module${files.size}.ts`, (await compile(source)).code);
  expect(typeErrors(files)).toEqual([]);
});
