import type { Value } from '../../ir/program.ts';
import { integer, nullable, object, withDefault } from '../../schema/build.ts';
import { axisOf } from '../axes.ts';
import { type Lowering, layer } from '../row.ts';
import { joined } from './masks.ts';
import { operandsOf, promoted } from './operands.ts';

export const concatenate = layer({
  className: 'Concatenate',
  takesList: true,
  doc: 'its inputs one after the other along an axis',
  config: object({ axis: withDefault(nullable(integer()), -1) }),
  lower(layer) {
    const operands = promoted(layer, operandsOf(layer));
    const [first, ...others] = operands;
    if (first === undefined) return layer.mismatch('Concatenate takes a list of tensors', 'none');
    const axis = axisOf(layer, layer.config.axis ?? -1, first);
    layer.giveMask(maskOf(layer, operands, axis));
    return others.length === 0 ? first : layer.op('concat', operands, { axis });
  },
});

/**
 * The mask of a concatenation. Keras puts the masks side by side as it does the inputs, and then takes together what it finds along
 * the last axis: any of them since Keras 3, all of them before. An input without a mask counts throughout.
 */
function maskOf(layer: Lowering, operands: readonly Value[], axis: number): Value | null {
  const masks = operands.map((_, i) => layer.mask(i));
  if (masks.every((mask) => mask === null)) return null;
  const isNew = layer.origin.keras === 3;
  const rank = operands[0]?.type.shape.length ?? 0;
  if (masks.some((mask) => mask !== null && mask.type.shape.length !== rank - 1)) {
    return layer.unsupported('a Concatenate layer is given a mask that has not all axes but the last', 'give it tensors without masks');
  }
  if (axis < rank - 1) {
    // Along another axis than the last, each step keeps the mask of the input that it comes from.
    const whole = masks.map((mask, i) => mask ?? unmasked(layer, operands[i] as Value));
    return layer.op(
      'concat',
      whole.map((mask) => layer.cast(mask, 'bool')),
      { axis },
      'mask',
    );
  }
  const known = masks.filter((mask) => mask !== null);
  if (isNew && known.length < masks.length) return unmasked(layer, operands[0] as Value);
  return joined(layer, known, isNew ? 'logicalOr' : 'logicalAnd');
}

/** A mask by which everything counts. */
function unmasked(layer: Lowering, x: Value): Value {
  return layer.op('fill', [x], { shape: x.type.shape.slice(0, -1), value: 1, dtype: 'bool' }, 'mask');
}
