import type { Value } from '../../ir/program.ts';
import { nullable, number, object, withDefault } from '../../schema/build.ts';
import { type Lowering, layer } from '../row.ts';

export const reLU = layer({
  className: 'ReLU',
  doc: 'x above the threshold, up to max_value; below it, negative_slope (x - threshold)',
  config: object({
    max_value: withDefault(nullable(number({ minimum: 0 })), null),
    negative_slope: withDefault(nullable(number({ minimum: 0 })), 0),
    threshold: withDefault(nullable(number()), 0),
  }),
  lower(layer) {
    const { x } = layer;
    const { max_value: max } = layer.config;
    const [slope, threshold] = [layer.config.negative_slope ?? 0, layer.config.threshold ?? 0];
    if (slope !== 0 && max === null && threshold === 0) return layer.op('leakyRelu', [x], { alpha: slope });
    const positive = above(layer, x, threshold, max);
    return slope === 0 ? positive : layer.op('sub', [positive, below(layer, x, threshold, slope)], {});
  },
});

/** x where it is above the threshold, else 0, and no more than `max`. With a maximum, nothing is below 0 either. */
function above(layer: Lowering, x: Value, threshold: number, max: number | null): Value {
  if (threshold === 0 && max === null) return layer.op('relu', [x], {});
  if (threshold === 0 && max === 6) return layer.op('relu6', [x], {});
  const passed = threshold === 0 ? x : overThreshold(layer, x, threshold);
  return max === null ? passed : layer.op('clipByValue', [passed], { min: 0, max });
}

/** x * (x > threshold). */
export function overThreshold(layer: Lowering, x: Value, threshold: number): Value {
  const over = layer.op('greater', [x, layer.scalar(threshold, 'threshold')], {}, 'over');
  return layer.op('mul', [x, layer.cast(over, 'f32')], {}, 'passed');
}

/** slope * max(threshold - x, 0). */
function below(layer: Lowering, x: Value, threshold: number, slope: number): Value {
  const distance = layer.op('relu', [layer.op('sub', [layer.scalar(threshold, 'level'), x], {}, 'distance')], {}, 'below');
  return layer.op('mul', [distance, layer.scalar(slope, 'slope')], {}, 'leak');
}
