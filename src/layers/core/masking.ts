import { nullable, number, object, withDefault } from '../../schema/build.ts';
import { layer } from '../row.ts';

export const masking = layer({
  className: 'Masking',
  doc: 'zero for each step whose values are all mask_value, and a mask without these steps',
  config: object({ mask_value: withDefault(nullable(number()), 0) }),
  givesMask: () => true,
  lower(layer) {
    const { x } = layer;
    const axes = [x.type.shape.length - 1];
    const differs = layer.op('notEqual', [x, layer.scalar(layer.config.mask_value ?? 0, 'mask_value')], {}, 'differs');
    const kept = layer.op('any', [differs], { axes, keepDims: true }, 'kept');
    return layer.op('mul', [x, layer.cast(kept, 'f32')], {});
  },
});
