import { nullable, number, object, withDefault } from '../../schema/build.ts';
import { layer } from '../row.ts';

export const elu = layer({
  className: 'ELU',
  doc: 'x, or alpha (e^x - 1) below zero',
  config: object({ alpha: withDefault(nullable(number()), 1) }),
  lower(layer) {
    const alpha = layer.config.alpha ?? 1;
    const unit = layer.op('elu', [layer.x], {});
    // elu(x) is below zero just where x is.
    return alpha === 1 ? unit : layer.op('leakyRelu', [unit], { alpha });
  },
});
