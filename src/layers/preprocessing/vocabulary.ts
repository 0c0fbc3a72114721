import type { Lowering } from '../row.ts';

type Token = string | number;

export interface LookupConfig {
  readonly max_tokens?: number | null;
  readonly num_oov_indices: number;
  readonly mask_token: Token | null;
  readonly oov_token: Token | null;
  readonly vocabulary: string | readonly Token[] | null;
  readonly idf_weights: readonly number[] | null;
  readonly invert: boolean;
  readonly pad_to_max_tokens: boolean;
}

export interface Vocabulary {
  /** The tokens proper, without those for masked and unknown values. */
  readonly tokens: readonly Token[];
  /** The index of the first one for unknown values. */
  readonly unknown: number;
  /** The index of the first token. */
  readonly first: number;
  /** How many indices there are, those that pad the vocabulary included. */
  readonly depth: number;
  /** A weight for each index but those that pad; null where there are none. */
  readonly idf: readonly number[] | null;
}

/**
 * What a lookup layer knows, by Keras's rules: a vocabulary may begin with the special tokens, or leave them out.
 * @param ints whether the layer gives indices: in other modes, masked values have none
 * @throws SkipcError `layer-unsupported` where the vocabulary is in another file, `shape-mismatch` where Keras refuses it
 */
export function vocabularyOf(layer: Lowering, config: LookupConfig, ints: boolean): Vocabulary {
  const {
    vocabulary,
    num_oov_indices: buckets,
    mask_token: mask,
    oov_token: oov,
    max_tokens: most = null,
    pad_to_max_tokens: pads,
  } = config;
  if (typeof vocabulary === 'string')
    return layer.unsupported(
      'the vocabulary of this layer is in a file of its own',
      'save the model with the words themselves: vocabulary=[...]',
    );
  if (vocabulary === null) {
    return layer.unsupported(
      "the vocabulary of this layer is not in the model's topology, as of one that was adapted",
      'save the model with vocabulary=layer.get_vocabulary()',
    );
  }
  const unknown = ints && mask !== null ? 1 : 0;
  const first = unknown + buckets;
  const special = [...vocabulary.slice(0, first)];
  const wholly = vocabulary.length >= first && special.every((token, i) => token === (i < unknown ? mask : oov));
  const tokens = wholly ? vocabulary.slice(first) : vocabulary;
  const known = new Set(tokens);
  if (known.size < tokens.length) return layer.mismatch('a vocabulary holds each token once', `${tokens.length - known.size} repeated`);
  if (vocabulary.length === 0) return layer.mismatch('a vocabulary holds a token', 'none');
  if (mask !== null && known.has(mask))
    return layer.mismatch('the mask token stands before all others or not at all', JSON.stringify(mask));
  if (config.invert && oov !== null && known.has(oov))
    return layer.mismatch('the token for unknown values stands before all others or not at all', JSON.stringify(oov));
  const size = first + tokens.length;
  if (most !== null && size > most) return layer.mismatch(`the vocabulary is larger than max_tokens, ${most}`, `${size} tokens`);
  if (pads && most === null) return layer.mismatch('pad_to_max_tokens takes max_tokens', 'null');
  const weights = config.idf_weights;
  if (weights !== null && weights.length !== vocabulary.length)
    return layer.mismatch('idf_weights has a weight for each token', `${weights.length} for ${vocabulary.length}`);
  // Without weights of their own, unknown values have the mean.
  const mean = (weights ?? []).reduce((sum, weight) => sum + weight / vocabulary.length, 0);
  const idf = weights && (wholly ? weights : [...Array.from({ length: first }, () => mean), ...weights]);
  return { tokens, unknown, first, depth: pads ? (most ?? size) : size, idf };
}
