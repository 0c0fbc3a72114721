import type { Value } from '../../ir/program.ts';
import { anything, boolean, nullable, number, object, optional, withDefault } from '../../schema/build.ts';
import { alongAxes, axesOf, axisConfig, sizesOf } from '../axes.ts';
import { type Lowering, layer } from '../row.ts';
import { refuseTraining } from '../training.ts';

export const batchNormalization = layer({
  className: 'BatchNormalization',
  aliases: ['BatchNormalizationV1', 'BatchNormalizationV2', 'SyncBatchNormalization'],
  doc: 'x scale + shift, both from the moving statistics, gamma and beta',
  config: object({
    axis: withDefault(nullable(axisConfig), -1),
    epsilon: withDefault(nullable(number({ minimum: 0 })), 1e-3),
    center: withDefault(nullable(boolean), true),
    scale: withDefault(nullable(boolean), true),
    mode: optional(anything),
  }),
  lower(layer) {
    const { mode, epsilon } = layer.config;
    if (layer.origin.keras === 1 && mode !== undefined && mode !== 0) {
      return layer.unsupported(
        `this BatchNormalization has mode ${mode}, which uses the batch's own statistics`,
        'train it with mode 0, or leave it out with --skip',
      );
    }
    refuseTraining(layer);
    const { x } = layer;
    const axes = axesOf(layer, layer.config.axis ?? -1, x);
    const shape = parameterShape(layer, axes, x);
    const gamma = layer.config.scale === false ? null : layer.weight('gamma', shape);
    const beta = layer.config.center === false ? null : layer.weight('beta', shape);
    const mean = layer.weight('moving_mean', shape);
    const variance = layer.weight('moving_variance', shape);

    const stabilised = layer.op('add', [variance, layer.scalar(epsilon ?? 1e-3, 'epsilon')], {}, 'stabilised');
    const inverse = layer.op('rsqrt', [stabilised], {}, gamma === null ? 'scale' : 'inverse_deviation');
    const scale = gamma === null ? inverse : layer.op('mul', [gamma, inverse], {}, 'scale');
    const moved = layer.op('mul', [mean, scale], {}, 'scaled_mean');
    const shift = beta === null ? layer.op('neg', [moved], {}, 'shift') : layer.op('sub', [beta, moved], {}, 'shift');
    const along = (weight: Value): Value => alongAxes(layer, weight, axes, x);
    return layer.op('add', [layer.op('mul', [x, along(scale)], {}, 'scaled'), along(shift)], {});
  },
});

/** One axis gives a vector; of several, Keras 2 keeps the rank of the input, with ones for the other axes. */
function parameterShape(layer: Lowering, axes: readonly number[], x: Value): number[] {
  if (axes.length === 1) return sizesOf(layer, axes, x);
  return x.type.shape.map((_, i) => (axes.includes(i) ? (sizesOf(layer, [i], x)[0] ?? 1) : 1));
}
