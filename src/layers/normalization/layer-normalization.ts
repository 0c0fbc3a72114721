import type { Value } from '../../ir/program.ts';
import { boolean, nullable, number, object, withDefault } from '../../schema/build.ts';
import { alongAxes, axesOf, axisConfig, sizesOf } from '../axes.ts';
import { layer } from '../row.ts';
import { inverseRoot, refuseIntegers, varianceOf } from './moments.ts';

export const layerNormalization = layer({
  className: 'LayerNormalization',
  doc: '(x - mean) / deviation over some axes of each sample, then gamma and beta; with rms_scaling, x / deviation gamma',
  config: object({
    axis: withDefault(nullable(axisConfig), -1),
    epsilon: withDefault(nullable(number({ minimum: 0 })), 1e-3),
    center: withDefault(nullable(boolean), true),
    scale: withDefault(nullable(boolean), true),
    rms_scaling: withDefault(nullable(boolean), false),
  }),
  lower(layer) {
    refuseIntegers(layer);
    const { x } = layer;
    const { epsilon, center, scale } = layer.config;
    // Keras 2 does not have rms_scaling.
    const rmsScaling = layer.config.rms_scaling === true && layer.origin.keras === 3;
    const along = axesOf(layer, layer.config.axis ?? -1, x);
    const axes = along.toSorted((a, b) => a - b);
    const gamma = scale !== false || rmsScaling ? layer.weight('gamma', sizesOf(layer, along, x)) : null;
    const beta = center !== false && !rmsScaling ? layer.weight('beta', sizesOf(layer, along, x)) : null;
    const broadcast = (weight: Value): Value => alongAxes(layer, weight, along, x);

    const mean = layer.op('mean', [x], { axes, keepDims: true });
    const centred = layer.op('sub', [x, mean], {}, 'centred');
    const inverse = inverseRoot(layer, varianceOf(layer, centred, axes), epsilon ?? 1e-3);
    const normalised = layer.op('mul', [rmsScaling ? x : centred, inverse], {}, 'normalised');
    const scaled = gamma === null ? normalised : layer.op('mul', [normalised, broadcast(gamma)], {}, 'scaled');
    return beta === null ? scaled : layer.op('add', [scaled, broadcast(beta)], {});
  },
});
