import type { Value } from '../../ir/program.ts';
import { type Dim, isKnown } from '../../ir/types.ts';
import { boolean, nullable, object, oneOf, withDefault } from '../../schema/build.ts';
import { softmax } from '../activations/distributions.ts';
import { lowered } from '../activations/masked-softmax.ts';
import { type Lowering, layer } from '../row.ts';
import { refuseTraining } from '../training.ts';
import { causalMask } from './position-masks.ts';

/** Before Keras 2.10 a causal layer was made so, since then it is called so. */
const causal = withDefault(nullable(boolean), false);

export const attention = layer({
  className: 'Attention',
  doc: 'dot-product attention: softmax(query key^T) value',
  config: object({
    use_scale: withDefault(nullable(boolean), false),
    score_mode: withDefault(nullable(oneOf('dot', 'concat')), 'dot'),
    causal,
  }),
  takesList: true,
  lower(layer) {
    const { use_scale, score_mode } = layer.config;
    const { query, value, key } = operands(layer);
    const scale = use_scale === true ? layer.weight('scale', []) : null;
    const scaled = (x: Value, role: string): Value => (scale === null ? x : layer.op('mul', [x, scale], {}, role));
    if (score_mode !== 'concat') {
      const products = layer.op('matMul', [query, key], { transposeB: true }, 'products');
      return attend(layer, query, value, scaled(products, 'scores'));
    }
    const weight = layer.weight('concat_score_weight', []);
    const bent = layer.op('tanh', [scaled(sums(layer, query, key), 'scaled')], {}, 'bent');
    const total = layer.op('sum', [bent], { axes: [bent.type.shape.length - 1] }, 'total');
    return attend(layer, query, value, layer.op('mul', [weight, total], {}, 'scores'));
  },
});

export const additiveAttention = layer({
  className: 'AdditiveAttention',
  doc: 'additive attention: softmax(sum(scale tanh(query + key))) value',
  config: object({ use_scale: withDefault(nullable(boolean), true), causal }),
  takesList: true,
  lower(layer) {
    const { query, value, key } = operands(layer);
    const bent = layer.op('tanh', [sums(layer, query, key)], {}, 'bent');
    const axis = bent.type.shape.length - 1;
    const channels = bent.type.shape[axis] ?? 1;
    const weighted = layer.config.use_scale === false ? bent : layer.op('mul', [layer.weight('scale', [known(layer, channels)]), bent], {});
    return attend(layer, query, value, layer.op('sum', [weighted], { axes: [axis] }, 'scores'));
  },
});

type Config = { readonly causal: boolean | null };

const known = (layer: Lowering, size: Dim): number =>
  isKnown(size) ? size : layer.mismatch('the channels of an attention layer have to be of known number', String(size));

function operands(layer: Lowering<Config>): { readonly query: Value; readonly value: Value; readonly key: Value } {
  refuseTraining(layer);
  const [query, value, key = value] = layer.inputs.map((input) => layer.cast(input, 'f32'));
  if (query === undefined || value === undefined || key === undefined || layer.inputs.length > 3)
    return layer.mismatch('an attention layer takes a query, a value and perhaps a key', `${layer.inputs.length} tensors`);
  for (const { type } of [query, value, key]) {
    if (type.shape.length < 2) layer.mismatch('an attention layer takes tensors of two axes or more', type.shape);
  }
  return { query, value, key };
}

/** query + key for each pair of them: [..., queries, keys, channels]. */
function sums(layer: Lowering, query: Value, key: Value): Value {
  const { shape } = key.type;
  const queries = layer.op('reshape', [query], { shape: query.type.shape.toSpliced(-1, 0, 1) }, 'queries');
  const keys = layer.op('reshape', [key], { shape: shape.toSpliced(shape.length - 2, 0, 1) }, 'keys');
  return layer.op('add', [queries, keys], {}, 'sums');
}

/**
 * The values by their shares in the scores [..., queries, keys], and where the call asks for them the shares. Keys that the value's
 * mask leaves out are lowered by 1e9; results for queries that are masked are zero.
 */
function attend(layer: Lowering<Config>, query: Value, value: Value, scores: Value): Value | readonly Value[] {
  const keep = keysToKeep(layer, query, value);
  const shares = softmax(layer, keep === null ? scores : lowered(layer, scores, keep));
  const mask = layer.mask(0);
  layer.giveMask(mask);
  const result = layer.op('matMul', [shares, value], {});
  const masked = mask === null ? result : zeroed(layer, result, layer.cast(mask, 'bool'));
  return layer.kwargs['return_attention_scores'] === true ? [masked, shares] : masked;
}

/** [..., queries or 1, keys]. */
function keysToKeep(layer: Lowering<Config>, query: Value, value: Value): Value | null {
  const given = layer.mask(1);
  const ordered = layer.config.causal === true || layer.kwargs['use_causal_mask'] === true;
  const ofValue = given === null ? null : layer.cast(given, 'bool');
  const shape = ofValue?.type.shape ?? [];
  const spread =
    ofValue === null || (!ordered && shape.length !== 2)
      ? ofValue
      : layer.op('reshape', [ofValue], { shape: shape.toSpliced(-1, 0, 1) }, 'value_mask');
  if (!ordered) return spread;
  const before = causalMask(layer, [query, query.type.shape.length - 2], [value, value.type.shape.length - 2]);
  return spread === null ? before : layer.op('logicalAnd', [spread, before], {}, 'keep');
}

function zeroed(layer: Lowering, result: Value, mask: Value): Value {
  const rows = layer.op('reshape', [mask], { shape: [...mask.type.shape, 1] }, 'query_mask');
  // Before Keras 3 an infinite result for a masked query gave NaN.
  return layer.origin.keras === 3
    ? layer.op('where', [rows, result, layer.scalar(0, 'zero')], {})
    : layer.op('mul', [result, layer.cast(rows, 'f32')], {});
}
