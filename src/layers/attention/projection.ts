import type { Value } from '../../ir/program.ts';
import { isKnown } from '../../ir/types.ts';
import { einsum } from '../einsum.ts';
import type { Lowering } from '../row.ts';

const letters = (from: number, count: number): string => String.fromCharCode(...Array.from({ length: count }, (_, i) => 97 + from + i));

/**
 * x kernel + bias, where the kernel takes the last `inner` axes of x to some others: one of the projections of an attention layer,
 * whose variables are `<part>/kernel` of shape [...inner sizes, ...outputs] and `<part>/bias` of shape [...outputs].
 */
export function project(layer: Lowering, part: string, x: Value, inner: number, outputs: readonly number[], useBias: boolean): Value {
  const own = layer.within(part);
  const { shape } = x.type;
  const outer = shape.length - inner;
  if (outer < 1) return layer.mismatch('an attention layer takes tensors of three axes or more', shape);
  const taken = shape.slice(outer).map((size) => (isKnown(size) ? size : layer.mismatch('the last axis has to be of known size', shape)));
  const [kept, summed, made] = [letters(0, outer), letters(outer, inner), letters(shape.length, outputs.length)];
  const kernel = own.weight('kernel', [...taken, ...outputs]);
  const product = einsum(own, `${kept}${summed},${summed}${made}->${kept}${made}`, [x, kernel]);
  const result = useBias ? own.op('add', [product, own.weight('bias', outputs)], {}, 'sum') : product;
  layer.regularizeActivity(result);
  return result;
}
