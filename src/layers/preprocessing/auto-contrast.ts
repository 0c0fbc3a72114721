import { array, number, object, withDefault } from '../../schema/build.ts';
import { layer } from '../row.ts';

export const autoContrast = layer({
  className: 'AutoContrast',
  doc: "stretches each channel's values over the whole range; it acts outside training, too",
  only: 3,
  onMask: 'drops',
  config: object({ value_range: withDefault(array(number(), { minItems: 2, maxItems: 2 }), [0, 255]) }),
  lower(layer) {
    const { x } = layer;
    if (x.type.shape.length !== 4) return layer.mismatch('AutoContrast takes a batch of images: rank 4', x.type.shape);
    const [least, most] = [...layer.config.value_range].sort((a, b) => a - b) as [number, number];
    // Axes 1 and 2 whatever the data format is: so does Keras.
    const axes = [1, 2];
    const low = layer.op('min', [x], { axes, keepDims: true }, 'low');
    const span = layer.op('sub', [layer.op('max', [x], { axes, keepDims: true }, 'high'), low], {}, 'span');
    const share = layer.op('div', [layer.op('sub', [x, low], {}, 'above'), span], {}, 'share');
    const clipped = layer.op('clipByValue', [share], { min: 0, max: 1 }, 'clipped');
    const wide = most - least === 1 ? clipped : layer.op('mul', [clipped, layer.scalar(most - least, 'range')], {}, 'wide');
    const stretched = least === 0 ? wide : layer.op('add', [wide, layer.scalar(least, 'least')], {}, 'stretched');
    // A channel of one value has no contrast to stretch: it stays.
    const flat = layer.op('equal', [span, layer.scalar(0, 'none')], {}, 'flat');
    return layer.op('where', [flat, x, stretched], {});
  },
});
