import type { Value } from '../../ir/program.ts';
import { anything, array, boolean, either, integer, nullable, number, object, optional, string, withDefault } from '../../schema/build.ts';
import { type Lowering, layer } from '../row.ts';
import { lookUp } from './lookup.ts';
import { modeOf } from './modes.ts';
import { checkEncoding } from './string-lookup.ts';

/** Above this, no text has n-grams worth a list of widths. */
const WIDEST = 1000;

const CUSTOM = 'prepare the texts yourself, cut behind this layer with --input, and feed it indices';

export const textVectorization = layer({
  className: 'TextVectorization',
  doc: "a text's words or characters, or n-grams of them, by a vocabulary: as indices, multi-hot, counted or by tf-idf",
  onMask: 'drops',
  config: object({
    max_tokens: optional(nullable(integer({ minimum: 2 }))),
    standardize: withDefault(anything, 'lower_and_strip_punctuation'),
    split: withDefault(anything, 'whitespace'),
    ngrams: withDefault(nullable(either(integer({ minimum: 1 }), array(integer({ minimum: 1 })))), null),
    output_mode: withDefault(string, 'int'),
    output_sequence_length: withDefault(nullable(integer({ minimum: 0 })), null),
    pad_to_max_tokens: withDefault(boolean, false),
    vocabulary: withDefault(nullable(either(array(string), string)), null),
    idf_weights: withDefault(nullable(array(number())), null),
    sparse: withDefault(nullable(boolean), false),
    ragged: withDefault(nullable(boolean), false),
    encoding: withDefault(nullable(string), 'utf-8'),
  }),
  lower(layer) {
    const { config } = layer;
    const mode = modeOf(layer, config.output_mode, ['int', 'one_hot', 'multi_hot', 'count', 'tf_idf'], config.sparse);
    if (config.ragged)
      return layer.unsupported('TextVectorization with ragged=True, which tfjs has no tensors for', 'save the model with ragged=False');
    checkEncoding(layer, config.encoding);
    const length = config.output_sequence_length;
    if (length !== null && mode !== 'int') return layer.mismatch('output_sequence_length goes with output_mode int alone', mode);
    if (mode === 'one_hot' && config.split !== null)
      return layer.unsupported('TextVectorization with output_mode one_hot, which gives a ragged tensor', 'choose multi_hot, count or int');
    const [x] = layer.inputs;
    if (x?.type.dtype !== 'str') return layer.mismatch('TextVectorization takes texts', x?.type.dtype ?? 'nothing');
    const tokens = tokensOf(layer, standardized(layer, x, config.standardize), config.split, widthsOf(layer, config.ngrams), length);
    if (config.split !== null && mode !== 'int' && tokens.type.shape.length > 2)
      return layer.unsupported('TextVectorization that counts over texts of several axes', 'give it texts of shape [batch] or [batch, 1]');
    // The empty text, with which rows of words are filled up, is masked: it has index 0 or counts for nothing.
    const special = { num_oov_indices: 1, mask_token: '', oov_token: '[UNK]', invert: false } as const;
    const found = lookUp(layer, tokens, { config: { ...config, ...special }, mode, byHash: true, salt: null });
    return config.split === null && length !== null ? fitted(layer, found, length) : found;
  },
});

function standardized(layer: Lowering, x: Value, how: unknown): Value {
  if (how === null) return x;
  const [lower, strip] = [
    how === 'lower' || how === 'lower_and_strip_punctuation',
    how === 'strip_punctuation' || how === 'lower_and_strip_punctuation',
  ];
  if (!lower && !strip) return layer.unsupported('TextVectorization with a standardize function of its own', CUSTOM);
  return layer.op('standardize', [x], { lower, strip }, 'standardized');
}

/** A number stands for all widths up to it. */
function widthsOf(layer: Lowering, ngrams: number | readonly number[] | null): readonly number[] | null {
  if (ngrams === null) return null;
  const widest = typeof ngrams === 'number' ? ngrams : Math.max(0, ...ngrams.slice(0, WIDEST));
  if (widest > WIDEST || widest < 1) return layer.mismatch(`ngrams are of 1 to ${WIDEST} words`, String(widest));
  return typeof ngrams === 'number' ? Array.from({ length: ngrams }, (_, i) => i + 1) : ngrams;
}

/** The words of each text along a new axis; where there is nothing to split, the texts are the words. */
function tokensOf(layer: Lowering, x: Value, split: unknown, widths: readonly number[] | null, length: number | null): Value {
  const { shape } = x.type;
  if (split === null) {
    if (length !== null && shape.length < 2)
      return layer.mismatch('TextVectorization that splits nothing takes rank 2 where it has an output_sequence_length', shape);
    return widths === null ? x : layer.op('nGrams', [x], { widths }, 'ngrams');
  }
  if (split !== 'whitespace' && split !== 'character')
    return layer.unsupported('TextVectorization with a split function of its own', CUSTOM);
  if (shape.length > 1 && shape.at(-1) !== 1) return layer.mismatch('TextVectorization splits texts of shape [batch] or [batch, 1]', shape);
  return layer.op('splitTexts', [x], { by: split, widths, length }, 'tokens');
}

/** Indices along the last axis, cut off or filled up with zeros to a length. */
function fitted(layer: Lowering, indices: Value, length: number): Value {
  const { shape } = indices.type;
  const size = shape.at(-1);
  if (size === length) return indices;
  // At least as long as is asked for, whatever the length is; then cut off.
  const none = shape.map(() => [0, 0]);
  const padded =
    typeof size === 'number' && size > length
      ? indices
      : layer.op('pad', [indices], { paddings: none.with(-1, [0, typeof size === 'number' ? length - size : length]), value: 0 }, 'padded');
  if (typeof size === 'number' && size < length) return padded;
  return layer.op(
    'slice',
    [padded],
    { begin: shape.map(() => 0), size: shape.map((_, i) => (i === shape.length - 1 ? length : null)) },
    'fitted',
  );
}
