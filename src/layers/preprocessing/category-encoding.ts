import type { Value } from '../../ir/program.ts';
import { type Arg, isTensorArg } from '../../model/graph.ts';
import { anything, boolean, integer, nullable, object, optional, string, withDefault } from '../../schema/build.ts';
import { type Lowering, layer } from '../row.ts';
import { encode } from './encode.ts';
import { modeOf } from './modes.ts';
import { vectorDType } from './output-dtype.ts';

export const categoryEncoding = layer({
  className: 'CategoryEncoding',
  doc: 'integers as one-hot or multi-hot vectors, or counted; one outside the range counts for nothing',
  onMask: 'drops',
  config: object({
    num_tokens: optional(nullable(integer({ minimum: 1 }))),
    max_tokens: optional(nullable(integer({ minimum: 1 }))),
    output_mode: withDefault(string, 'multi_hot'),
    sparse: withDefault(nullable(boolean), false),
    dtype: withDefault(anything, 'float32'),
  }),
  keywords: ['count_weights'],
  lower(layer) {
    const { num_tokens, max_tokens, output_mode, sparse, dtype } = layer.config;
    const mode = modeOf(layer, output_mode, ['one_hot', 'multi_hot', 'count'], sparse);
    // Before TensorFlow 2.6 the number was called max_tokens.
    const depth = num_tokens ?? max_tokens ?? layer.mismatch('CategoryEncoding takes num_tokens', 'null');
    const weights = weightsOf(layer);
    if (weights !== null && mode !== 'count') return layer.mismatch('count_weights go with output_mode count alone', mode);
    const [x] = layer.inputs;
    if (x === undefined || x.type.dtype === 'str') return layer.mismatch('CategoryEncoding takes integers', x?.type.dtype ?? 'nothing');
    if (weights !== null && weights.type.shape.join() !== x.type.shape.join())
      return layer.mismatch('count_weights have the shape of what they weigh', weights.type.shape);
    return encode(layer, layer.cast(x, 'i32'), mode, { depth, weights: weights && layer.cast(weights, 'f32'), dtype: vectorDType(dtype) });
  },
});

function weightsOf(layer: Lowering): Value | null {
  const given: Arg = layer.kwargs['count_weights'] ?? layer.args[1] ?? null;
  return isTensorArg(given) ? layer.value(given.tensor) : null;
}
