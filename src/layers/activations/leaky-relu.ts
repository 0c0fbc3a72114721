import { nullable, number, object, optional } from '../../schema/build.ts';
import { layer } from '../row.ts';

export const leakyReLU = layer({
  className: 'LeakyReLU',
  doc: 'x, or negative_slope x below zero',
  // Keras 3 calls it negative_slope, Keras 2 and tfjs-layers alpha; the default is 0.3 in all.
  config: object({ negative_slope: optional(nullable(number())), alpha: optional(nullable(number())) }),
  lower: (layer) => layer.op('leakyRelu', [layer.x], { alpha: layer.config.negative_slope ?? layer.config.alpha ?? 0.3 }),
});
