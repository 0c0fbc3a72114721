import type { Value } from '../../ir/program.ts';
import { nullable, object, withDefault } from '../../schema/build.ts';
import { axesOf, axisConfig } from '../axes.ts';
import { type Lowering, layer } from '../row.ts';
import { affine } from './affine.ts';
import { softmax, softmaxOver } from './distributions.ts';

/** What Keras puts in place of masked elements. */
const MASKED = -1e9;

export const softmaxLayer = layer({
  className: 'Softmax',
  doc: 'softmax over an axis, or over several together; masked elements count for nothing',
  config: object({ axis: withDefault(nullable(axisConfig), -1) }),
  keywords: ['mask'],
  lower(layer) {
    const mask = layer.mask();
    if (mask === null) return overAxes(layer, layer.x);
    if (layer.origin.keras !== 3) return overAxes(layer, lowered(layer, layer.x, mask));
    // Since Keras 3, masked elements are left out beforehand and zeroed again behind: a row may be masked as a whole.
    const keep = mask.type.dtype === 'bool' ? mask : layer.op('greater', [mask, layer.scalar(0.5, 'half', mask.type.dtype)], {}, 'keep');
    const shares = overAxes(layer, layer.op('where', [keep, layer.x, layer.scalar(MASKED, 'masked')], {}, 'kept'));
    return layer.op('where', [keep, shares, layer.scalar(0, 'zero')], {});
  },
});

function overAxes(layer: Lowering<{ axis: number | readonly number[] | null }>, x: Value): Value {
  const [axis, ...more] = axesOf(layer, layer.config.axis ?? -1, x);
  return axis === undefined || more.length > 0 ? softmaxOver(layer, x, [axis ?? 0, ...more]) : softmax(layer, x, axis);
}

/** x + (1 - mask) * -1e9. */
const lowered = (layer: Lowering, x: Value, mask: Value): Value =>
  layer.op('add', [x, affine(layer, layer.cast(mask, 'f32'), -MASKED, MASKED, 'penalty')], {}, 'kept');
