import { nullable, number, object, withDefault } from '../../schema/build.ts';
import { layer } from '../row.ts';

export const masking = layer({
  className: 'Masking',
  doc: 'zero for each step whose values are all mask_value, and a mask without these steps',
  config: object({ mask_value: withDefault(nullable(number()), 0) }),
  lower(layer) {
    const { x } = layer;
    const axes = [x.type.shape.length - 1];
    const differs = layer.op('notEqual', [x, layer.scalar(layer.config.mask_value ?? 0, 'mask_value')], {}, 'differs');
    const mask = layer.op('any', [differs], { axes }, 'mask');
    layer.giveMask(mask);
    const kept = layer.op('reshape', [mask], { shape: [...mask.type.shape, 1] }, 'kept');
    // Keras 2 multiplies: an infinite value in a step that is masked gives NaN there.
    return layer.origin.keras === 3
      ? layer.op('where', [kept, x, layer.scalar(0, 'zero')], {})
      : layer.op('mul', [x, layer.cast(kept, 'f32')], {});
  },
});
