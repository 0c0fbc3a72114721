import { nullable, object, withDefault } from '../../schema/build.ts';
import { axesOf, axisConfig } from '../axes.ts';
import { layer } from '../row.ts';
import { maskedSoftmax, softmaxOf } from './masked-softmax.ts';

export const softmaxLayer = layer({
  className: 'Softmax',
  doc: 'softmax over an axis, or over several together; masked elements count for nothing',
  config: object({ axis: withDefault(nullable(axisConfig), -1) }),
  keywords: ['mask'],
  lower(layer) {
    const { x } = layer;
    const axes = axesOf(layer, layer.config.axis ?? -1, x);
    const mask = layer.mask();
    return mask === null ? softmaxOf(layer, x, axes) : maskedSoftmax(layer, x, mask, axes);
  },
});
