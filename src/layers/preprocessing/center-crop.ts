import type { Value } from '../../ir/program.ts';
import { integer, object } from '../../schema/build.ts';
import { channelsBack, channelsLast, dataFormat } from '../convolutional/layout.ts';
import { type Lowering, layer } from '../row.ts';
import { centre, cropToRatio, sizeOf } from './aspect-ratio.ts';
import { resizeBilinear, type Size } from './resize.ts';

const config = object({ height: integer({ minimum: 1 }), width: integer({ minimum: 1 }), data_format: dataFormat });

/** Images, channels last, so that all of `size` is filled: the largest middle part of its aspect ratio, resized. */
const smartResize = (layer: Lowering, images: Value, size: Size): Value => resizeBilinear(layer, cropToRatio(layer, images, size), size);

export const centerCrop = layer({
  className: 'CenterCrop',
  doc: 'the middle of images; smaller images are resized, without distortion',
  onMask: 'drops',
  config,
  lower(layer) {
    const { height, width, data_format: format } = layer.config;
    if (layer.x.type.shape.length !== 4) return layer.mismatch('CenterCrop takes a batch of images: rank 4', layer.x.type.shape);
    if (layer.origin.writer === 'tfjs-layers')
      return layer.unsupported(
        'the CenterCrop of tfjs-layers, which takes every pixel from a place of its own beside the middle',
        'cut behind this layer with --input, and crop before',
      );
    const images = channelsLast(layer, layer.x, format);
    const [h, w] = sizeOf(layer, images);
    const size: Size = [height, width];
    const part = h >= height && w >= width ? centre(layer, images, size) : smartResize(layer, images, size);
    return channelsBack(layer, part, format);
  },
});

export const randomCrop = layer({
  className: 'RandomCrop',
  doc: 'outside training: in Keras 3 its input, in Keras 2 the middle, resized without distortion',
  onMask: 'drops',
  config,
  lower(layer) {
    const { height, width, data_format: format } = layer.config;
    // Keras 3 declares the cropped shape all the same, but it gives the images as they are.
    if (layer.origin.keras === 3) return layer.inputs[0] ?? layer.x;
    if (layer.x.type.shape.length !== 4) return layer.mismatch('RandomCrop takes a batch of images: rank 4', layer.x.type.shape);
    return channelsBack(layer, smartResize(layer, channelsLast(layer, layer.x, format), [height, width]), format);
  },
});
