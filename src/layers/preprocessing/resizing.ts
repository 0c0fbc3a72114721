import { boolean, integer, number, object, string, withDefault } from '../../schema/build.ts';
import { channelsBack, channelsLast, dataFormat } from '../convolutional/layout.ts';
import { layer } from '../row.ts';
import { cropToRatio, padToRatio } from './aspect-ratio.ts';
import { resizeBilinear, resizeNearest, type Size } from './resize.ts';

const CUT = 'cut behind this layer with --input, and resize before';

export const resizing = layer({
  className: 'Resizing',
  doc: 'images at a fixed size, by bilinear interpolation or the nearest pixel',
  onMask: 'drops',
  config: object({
    height: integer({ minimum: 1 }),
    width: integer({ minimum: 1 }),
    interpolation: withDefault(string, 'bilinear'),
    crop_to_aspect_ratio: withDefault(boolean, false),
    pad_to_aspect_ratio: withDefault(boolean, false),
    fill_mode: withDefault(string, 'constant'),
    fill_value: withDefault(number(), 0),
    antialias: withDefault(boolean, false),
    data_format: dataFormat,
  }),
  lower(layer) {
    const { height, width, crop_to_aspect_ratio: crop, pad_to_aspect_ratio: pad, fill_value, data_format: format } = layer.config;
    const size: Size = [height, width];
    const method = layer.config.interpolation.toLowerCase();
    if (method !== 'bilinear' && method !== 'nearest') return layer.unsupported(`Resizing with interpolation ${method}`, CUT);
    if (layer.config.antialias && method === 'bilinear') return layer.unsupported('Resizing with antialias', CUT);
    if (crop && pad) return layer.mismatch('Resizing cannot both crop and pad to the aspect ratio', 'both are true');
    if (pad && layer.config.fill_mode !== 'constant') return layer.unsupported(`Resizing with fill_mode ${layer.config.fill_mode}`, CUT);
    const given = layer.inputs[0] ?? layer.x;
    if (given.type.shape.length !== 4) return layer.mismatch('Resizing takes a batch of images: rank 4', given.type.shape);

    if (layer.origin.writer === 'tfjs-layers') {
      // Its own resizing: the corners are aligned, or where it should crop, it does not, and takes pixels as points.
      const op = method === 'bilinear' ? 'resizeBilinear' : 'resizeNearestNeighbor';
      return layer.op(op, [layer.x], { size, factor: [1, 1], halfPixelCenters: false, alignCorners: !crop });
    }
    // Keras 2 computes in floats. Keras 3 gives integers back for integers: the nearest pixel itself, or a rounded mixture.
    const whole = layer.origin.keras === 3 && given.type.dtype === 'i32';
    const images = channelsLast(layer, whole && method === 'nearest' ? given : layer.x, format);
    const framed = crop ? cropToRatio(layer, images, size) : pad ? padToRatio(layer, images, size, fill_value) : images;
    const resized = method === 'bilinear' ? resizeBilinear(layer, framed, size) : resizeNearest(layer, framed, size);
    const rounded = whole && method === 'bilinear' ? layer.cast(layer.op('round', [resized], {}, 'rounded'), 'i32') : resized;
    return channelsBack(layer, rounded, format);
  },
});
