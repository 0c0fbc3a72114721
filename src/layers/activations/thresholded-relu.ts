import { nullable, number, object, withDefault } from '../../schema/build.ts';
import { layer } from '../row.ts';
import { overThreshold } from './relu.ts';

export const thresholdedReLU = layer({
  className: 'ThresholdedReLU',
  only: 2,
  doc: 'x above theta, else 0; up to Keras 2 and in tfjs-layers',
  config: object({ theta: withDefault(nullable(number({ minimum: 0 })), 1) }),
  lower: (layer) => overThreshold(layer, layer.x, layer.config.theta ?? 1),
});
