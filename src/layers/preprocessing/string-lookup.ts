import type { Value } from '../../ir/program.ts';
import { array, boolean, either, integer, nullable, number, object, optional, string, withDefault } from '../../schema/build.ts';
import { type Lowering, layer } from '../row.ts';
import { lookUp } from './lookup.ts';
import { modeOf } from './modes.ts';
import { saltConfig, saltOf } from './salt.ts';
import { type LookupConfig, vocabularyOf } from './vocabulary.ts';

export const stringLookup = layer({
  className: 'StringLookup',
  doc: 'the index of each text in a vocabulary, or the reverse; as indices, one-hot, multi-hot, counted or by tf-idf',
  onMask: 'drops',
  config: object({
    max_tokens: optional(nullable(integer({ minimum: 2 }))),
    num_oov_indices: withDefault(integer({ minimum: 0 }), 1),
    mask_token: withDefault(nullable(string), null),
    oov_token: withDefault(nullable(string), '[UNK]'),
    vocabulary: withDefault(nullable(either(array(string), string)), null),
    idf_weights: withDefault(nullable(array(number())), null),
    invert: withDefault(boolean, false),
    output_mode: withDefault(string, 'int'),
    sparse: withDefault(nullable(boolean), false),
    pad_to_max_tokens: withDefault(boolean, false),
    encoding: withDefault(nullable(string), 'utf-8'),
    salt: withDefault(saltConfig, null),
  }),
  lower(layer) {
    const { config } = layer;
    const mode = modeOf(layer, config.output_mode, ['int', 'one_hot', 'multi_hot', 'count', 'tf_idf'], config.sparse);
    checkEncoding(layer, config.encoding);
    const [x] = layer.inputs;
    if (config.invert) {
      if (mode !== 'int') return layer.mismatch('a lookup that is inverted has output_mode int', mode);
      if (x === undefined || x.type.dtype === 'str')
        return layer.mismatch('a StringLookup that is inverted takes integers', x?.type.dtype ?? 'nothing');
      return inverted(layer, layer.cast(x, 'i32'), config);
    }
    if (x?.type.dtype !== 'str') return layer.mismatch('StringLookup takes texts', x?.type.dtype ?? 'nothing');
    return lookUp(layer, x, { config, mode, byHash: true, salt: saltOf(layer, config.salt) });
  },
});

/** tfjs holds strings as UTF-8. */
export function checkEncoding(layer: Lowering, encoding: string | null): void {
  if (encoding !== null && !/^utf-?8$/i.test(encoding))
    layer.unsupported(`texts in the encoding ${encoding}`, 'save the model with encoding="utf-8"');
}

/** The text that each index names. */
function inverted(layer: Lowering, indices: Value, config: LookupConfig): Value {
  const { tokens, unknown, first } = vocabularyOf(layer, config, true);
  const oov = config.oov_token ?? layer.mismatch('a StringLookup that is inverted has an oov_token', 'null');
  const special = Array.from({ length: first }, (_, i) => (i < unknown ? config.mask_token : oov) as string);
  const words = layer.op('strings', [], { values: [...special, ...(tokens as readonly string[])] }, 'vocabulary');
  return layer.op('wordsAt', [indices, words], { missing: String(oov) });
}
