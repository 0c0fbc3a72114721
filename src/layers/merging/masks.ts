import type { Value } from '../../ir/program.ts';
import type { Lowering } from '../row.ts';

/**
 * The mask of a merge, element by element. Since Keras 3 an element counts where it does in one of the inputs, and there is no mask
 * where an input has none; before, it had to count in every input that has a mask.
 */
export function mergedMask(layer: Lowering): Value | null {
  const masks = layer.inputs.map((_, i) => layer.mask(i));
  const known = masks.filter((mask) => mask !== null);
  if (layer.origin.keras === 3 && known.length < masks.length) return null;
  return joined(layer, known, layer.origin.keras === 3 ? 'logicalOr' : 'logicalAnd');
}

export function joined(layer: Lowering, masks: readonly Value[], op: 'logicalOr' | 'logicalAnd'): Value | null {
  const [first, ...others] = masks.map((mask) => layer.cast(mask, 'bool'));
  return first === undefined ? null : others.reduce((left, right) => layer.op(op, [left, right], {}, 'mask'), first);
}

/** A mask of the axes before the last one, as one that goes with every channel; refused where it has other axes. */
export function perChannel(layer: Lowering, mask: Value, x: Value): Value {
  const { shape } = mask.type;
  if (shape.length !== x.type.shape.length - 1) return layer.mismatch('a merge takes masks of all axes but the last', shape);
  return layer.op('reshape', [layer.cast(mask, 'bool')], { shape: [...shape, 1] }, 'mask_of_channels');
}
