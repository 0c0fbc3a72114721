import { nullable, number, object, withDefault } from '../../schema/build.ts';
import { axesOf, axisConfig, sizesOf } from '../axes.ts';
import { layer } from '../row.ts';
import { inverseRoot, refuseIntegers } from './moments.ts';

export const rmsNormalization = layer({
  className: 'RMSNormalization',
  doc: 'x over its root mean square along some axes, times a scale',
  only: 3,
  config: object({ axis: withDefault(nullable(axisConfig), -1), epsilon: withDefault(nullable(number({ minimum: 0 })), 1e-6) }),
  onMask: 'drops',
  lower(layer) {
    refuseIntegers(layer);
    const { x } = layer;
    const axes = axesOf(layer, layer.config.axis ?? -1, x).sort((a, b) => a - b);
    const scale = layer.weight('scale', sizesOf(layer, axes, x));
    const meanSquare = layer.op('mean', [layer.op('square', [x], {}, 'squared')], { axes, keepDims: true }, 'mean_square');
    const normalised = layer.op('mul', [x, inverseRoot(layer, meanSquare, layer.config.epsilon ?? 1e-6)], {}, 'normalised');
    // Keras lets the scale broadcast from the last axis, whichever axis it was made for.
    return layer.op('mul', [normalised, scale], {});
  },
});
