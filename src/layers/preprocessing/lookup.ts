import type { Value } from '../../ir/program.ts';
import type { Lowering } from '../row.ts';
import { type Encoding, encode } from './encode.ts';
import type { Salt } from './salt.ts';
import { type LookupConfig, type Vocabulary, vocabularyOf } from './vocabulary.ts';

/** From here on, a table over the range of all keys costs more than looking each up. */
const DENSEST = 4096;

export interface LookupOptions {
  readonly config: LookupConfig;
  readonly mode: Encoding | 'tf_idf';
  /** How several indices for unknown integers are chosen among; strings are hashed in any case. */
  readonly byHash: boolean;
  readonly salt: Salt | null;
}

/**
 * The index of each token in a vocabulary, in the form that the mode asks for. Keras declares vectors as floats, whatever it
 * computes them in.
 * @param x tokens: str or i32, as the vocabulary is
 */
export function lookUp(layer: Lowering, x: Value, { config, mode, byHash, salt }: LookupOptions): Value {
  const vocabulary = vocabularyOf(layer, config, mode === 'int');
  const { depth, idf } = vocabulary;
  if (mode === 'tf_idf' && idf === null)
    return layer.unsupported("the idf_weights of this layer are not in the model's topology", 'save the model with idf_weights=[...]');
  if (mode !== 'tf_idf' && idf !== null) return layer.mismatch('idf_weights go with output_mode tf_idf alone', mode);
  const inMemory = x.type.dtype === 'str';
  const indices = indicesOf(layer, x, config, vocabulary, { ints: mode === 'int', byHash, salt });
  if (mode !== 'tf_idf' || idf === null)
    return encode(layer, indices, mode as Encoding, { depth, dtype: mode === 'int' ? 'i32' : 'f32', inMemory });
  const counts = encode(layer, indices, 'count', { depth, inMemory });
  const weights = layer.constant(idf.map(Math.fround), [idf.length], 'idf_weights');
  const padded =
    depth === idf.length ? weights : layer.op('pad', [weights], { paddings: [[0, depth - idf.length]], value: 0 }, 'idf_weights_padded');
  return layer.op('mul', [counts, padded], {});
}

interface How {
  readonly ints: boolean;
  readonly byHash: boolean;
  readonly salt: Salt | null;
}

function indicesOf(
  layer: Lowering,
  x: Value,
  config: LookupConfig,
  { tokens, first, unknown }: Vocabulary,
  { ints, byHash, salt }: How,
): Value {
  const { num_oov_indices: buckets, mask_token: mask } = config;
  // Masked values have the index 0; where each has a vector, one that is none.
  const masked = mask === null ? -1 : ints ? 0 : -1;
  const isText = x.type.dtype === 'str';
  if (!isText) checkIntegers(layer, tokens as readonly number[]);
  const dense =
    buckets === 1 && !isText
      ? denseTable(layer, x, tokens as readonly number[], { first, unknown, mask: mask as number | null, masked })
      : null;
  if (dense !== null) return dense;
  const keys = isText
    ? layer.op('strings', [], { values: tokens as readonly string[] }, 'vocabulary')
    : layer.constant(tokens as readonly number[], [tokens.length], 'vocabulary', 'i32');
  const hashes = buckets > 1 && (isText || byHash);
  // Which index an unknown value has is found apart from the others where it is hashed; -2 is no index, nor that of the mask.
  const missing = buckets === 0 ? null : hashes ? -2 : unknown;
  const places = layer.op('lookup', [x, keys], { first, missing, buckets: hashes ? 1 : Math.max(buckets, 1), mask, masked }, 'places');
  if (!hashes) return places;
  const bins = layer.op('hash', [x], { bins: buckets, salt, mask: null }, 'bins');
  const others = unknown === 0 ? bins : layer.op('add', [bins, layer.scalar(unknown, 'first_bin', 'i32')], {}, 'others');
  const isMissing = layer.op('equal', [places, layer.scalar(-2, 'missing', 'i32')], {}, 'is_missing');
  return layer.op('where', [isMissing, others, places], {}, 'indices');
}

/** Refuses tokens that tfjs's one integer type does not hold. */
export function checkIntegers(layer: Lowering, tokens: readonly number[]): void {
  const large = tokens.find((token) => token !== Math.trunc(token) || Math.abs(token) >= 2 ** 31);
  if (large !== undefined)
    layer.unsupported(`the integer ${large} in a vocabulary: tfjs has 32 bits`, 'cut behind this layer with --input, and feed it indices');
}

interface Indices {
  readonly first: number;
  readonly unknown: number;
  readonly mask: number | null;
  readonly masked: number;
}

/** Integers near each other as rows of a table over their range, with one for all that lies outside at either end. */
function denseTable(layer: Lowering, x: Value, tokens: readonly number[], { first, unknown, mask, masked }: Indices): Value | null {
  const keys = mask === null ? tokens : [...tokens, mask];
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const key of keys) [least, most] = [Math.min(least, key), Math.max(most, key)];
  const size = most - least + 3;
  const inRange = least > -(2 ** 31) && most < 2 ** 31 - 1;
  if (!inRange || size > Math.max(DENSEST, 4 * keys.length)) return null;
  const table = Array.from({ length: size }, () => unknown);
  tokens.forEach((token, i) => {
    table[token - least + 1] = first + i;
  });
  if (mask !== null) table[mask - least + 1] = masked;
  const above = layer.op('maximum', [x, layer.scalar(least - 1, 'least', 'i32')], {}, 'above');
  const within = layer.op('minimum', [above, layer.scalar(most + 1, 'most', 'i32')], {}, 'within');
  const rows = layer.op('sub', [within, layer.scalar(least - 1, 'row_0', 'i32')], {}, 'rows');
  return layer.op('gather', [layer.constant(table, [size], 'vocabulary', 'i32'), rows], { axis: 0 }, 'indices');
}
