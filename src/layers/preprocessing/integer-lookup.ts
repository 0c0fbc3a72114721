import type { Value } from '../../ir/program.ts';
import { array, boolean, either, integer, nullable, number, object, oneOf, optional, string, withDefault } from '../../schema/build.ts';
import { type Lowering, layer } from '../row.ts';
import { checkIntegers, lookUp } from './lookup.ts';
import { modeOf } from './modes.ts';
import { saltConfig, saltOf } from './salt.ts';
import { type LookupConfig, vocabularyOf } from './vocabulary.ts';

export const integerLookup = layer({
  className: 'IntegerLookup',
  doc: 'the index of each integer in a vocabulary, or the reverse; as indices, one-hot, multi-hot, counted or by tf-idf',
  onMask: 'drops',
  config: object({
    max_tokens: optional(nullable(integer({ minimum: 2 }))),
    max_values: optional(nullable(integer({ minimum: 2 }))),
    num_oov_indices: withDefault(integer({ minimum: 0 }), 1),
    mask_token: optional(nullable(integer())),
    mask_value: optional(nullable(integer())),
    oov_token: optional(nullable(integer())),
    oov_value: optional(nullable(integer())),
    vocabulary: withDefault(nullable(either(array(integer()), string)), null),
    idf_weights: withDefault(nullable(array(number())), null),
    invert: withDefault(boolean, false),
    output_mode: withDefault(string, 'int'),
    sparse: withDefault(nullable(boolean), false),
    pad_to_max_tokens: withDefault(boolean, false),
    oov_method: withDefault(oneOf('floormod', 'farmhash'), 'floormod'),
    salt: withDefault(saltConfig, null),
  }),
  lower(layer) {
    const { config } = layer;
    const mode = modeOf(layer, config.output_mode, ['int', 'one_hot', 'multi_hot', 'count', 'tf_idf'], config.sparse);
    // Before TensorFlow 2.6 the tokens were called values.
    const named: LookupConfig = {
      ...config,
      max_tokens: config.max_tokens ?? config.max_values ?? null,
      mask_token: config.mask_token ?? config.mask_value ?? null,
      oov_token: config.oov_token ?? config.oov_value ?? -1,
    };
    const [x] = layer.inputs;
    if (x === undefined || x.type.dtype === 'str') return layer.mismatch('IntegerLookup takes integers', x?.type.dtype ?? 'nothing');
    const ids = layer.cast(x, 'i32');
    if (!config.invert)
      return lookUp(layer, ids, { config: named, mode, byHash: config.oov_method === 'farmhash', salt: saltOf(layer, config.salt) });
    if (mode !== 'int') return layer.mismatch('a lookup that is inverted has output_mode int', mode);
    return inverted(layer, ids, named);
  },
});

/** The integer that each index names, by a table with the one for unknown indices at either end. */
function inverted(layer: Lowering, indices: Value, config: LookupConfig): Value {
  const { tokens, unknown, first } = vocabularyOf(layer, config, true);
  const oov = config.oov_token as number;
  const special = Array.from({ length: first }, (_, i) => (i < unknown ? (config.mask_token as number) : oov));
  const table = [oov, ...special, ...(tokens as readonly number[]), oov];
  checkIntegers(layer, table);
  const above = layer.op('maximum', [indices, layer.scalar(-1, 'least', 'i32')], {}, 'above');
  const within = layer.op('minimum', [above, layer.scalar(table.length - 2, 'most', 'i32')], {}, 'within');
  const rows = layer.op('add', [within, layer.scalar(1, 'row_0', 'i32')], {}, 'rows');
  return layer.op('gather', [layer.constant(table, [table.length], 'vocabulary', 'i32'), rows], { axis: 0 });
}
