import type { Value } from '../../ir/program.ts';
import { type Dim, elements, isKnown } from '../../ir/types.ts';
import { array, either, integer, nullable, object, optional } from '../../schema/build.ts';
import { type Lowering, layer } from '../row.ts';

/** -1 is the one size that follows from the others; some files hold null for it. */
const sizes = array(nullable(integer({ minimum: -1 })));

export const reshape = layer({
  className: 'Reshape',
  doc: 'the elements of each sample under another shape',
  onMask: 'drops',
  config: object({
    target_shape: optional(sizes),
    /** What Keras 3's function of the same name has instead: it counts the batch. */
    newshape: optional(either(integer({ minimum: -1 }), sizes)),
  }),
  lower(layer) {
    const x = layer.inputs[0] ?? layer.x;
    const { target_shape: target, newshape } = layer.config;
    if (newshape !== undefined) return to(layer, x, typeof newshape === 'number' ? [newshape] : newshape);
    if (target === undefined) return layer.mismatch('Reshape needs a target_shape', x.type.shape);
    const [batch, ...rest] = x.type.shape;
    if (batch === undefined) return layer.mismatch('Reshape takes a batch', x.type.shape);
    if (rest.every(isKnown) && !fits(elements(rest), target)) return layer.mismatch(`Reshape to [${target}] does not fit`, x.type.shape);
    return to(layer, x, [batch, ...target]);
  },
});

function to(layer: Lowering, x: Value, target: readonly (Dim | null)[]): Value {
  if (target.filter((size) => size === -1 || size === null).length > 1)
    return layer.mismatch('Reshape leaves more than one size open', `[${target.join(',')}]`);
  return layer.op('reshape', [x], { shape: target.map((size) => (size === -1 ? null : size)) });
}

/** Whether so many elements can be given that shape. */
function fits(count: number, target: readonly (number | null)[]): boolean {
  const known = target.reduce<number>((product, size) => (size === null || size === -1 ? product : product * size), 1);
  return target.some((size) => size === null || size === -1) ? count % known === 0 : count === known;
}
