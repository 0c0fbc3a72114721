import type { Value } from '../../ir/program.ts';
import { isKnown } from '../../ir/types.ts';
import { leftOut, maskedSoftmax, softmaxOf } from '../activations/masked-softmax.ts';
import type { Lowering } from '../row.ts';
import { isBefore } from '../version.ts';

/**
 * The share of each key in what a query attends to: softmax over the last `axes` axes of the scores, [..., heads, ...queries, ...keys].
 * Since Keras 3.7, a layer whose call needs no dropout and no scores, on tensors of three axes, takes `ops.dot_product_attention`: there a
 * query that may look at nothing looks at everything evenly. Otherwise the Softmax layer decides what it gets.
 * @param mask true where a query may look at a key, without the axis of the heads or with it
 * @param fused true where the layer's config and call allow the short way
 */
export function shares(layer: Lowering, scores: Value, mask: Value | null, axes: number, fused: boolean): Value {
  const rank = scores.type.shape.length;
  // The wasm backend's arithmetic broadcasts six axes, and is wrong without a word for more.
  const apart = scores.type.shape.slice(rank - axes).filter((size) => !isKnown(size)).length > 1;
  if (rank > 6 && (mask !== null || apart)) {
    return layer.unsupported(
      `this attention has scores of ${rank} axes, more than tfjs broadcasts on every backend`,
      'put axes that are not attended over into the batch with a Reshape layer',
    );
  }
  const last = Array.from({ length: axes }, (_, i) => rank - axes + i);
  if (mask === null) return softmaxOf(layer, scores, last);
  const missing = rank - mask.type.shape.length;
  const place = mask.type.shape.length - 2 * axes;
  if (missing < 0 || (missing > 0 && place < 0)) {
    return layer.mismatch(`the mask of an attention over ${axes} axes has to have axes of queries and keys`, mask.type.shape);
  }
  const shape = mask.type.shape.toSpliced(place, 0, ...Array.from({ length: missing }, () => 1));
  const spread = missing === 0 ? mask : layer.op('reshape', [mask], { shape }, 'mask_of_heads');
  if (fused && !isBefore(layer.origin, 3, 7)) return softmaxOf(layer, leftOut(layer, scores, layer.cast(spread, 'bool')), last);
  return maskedSoftmax(layer, scores, spread, last);
}
