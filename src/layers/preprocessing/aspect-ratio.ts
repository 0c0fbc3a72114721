import type { Value } from '../../ir/program.ts';
import { type Dim, isKnown } from '../../ir/types.ts';
import type { Lowering } from '../row.ts';
import type { Size } from './resize.ts';

/** The middle part of images [batch, height, width, channels]. */
export function centre(layer: Lowering, images: Value, [height, width]: Size): Value {
  const [h, w] = sizeOf(layer, images);
  const begin = [0, Math.floor((h - height) / 2), Math.floor((w - width) / 2), 0];
  return layer.op('slice', [images], { begin, size: [null, height, width, null] }, 'centre');
}

/** The largest middle part that has the aspect ratio of `size`. */
export function cropToRatio(layer: Lowering, images: Value, size: Size): Value {
  const [h, w] = sizeOf(layer, images);
  const [height, width] = ofRatio(h, w, size);
  const part: Size = [Math.max(Math.min(h, height), 1), Math.max(Math.min(w, width), 1)];
  return part[0] === h && part[1] === w ? images : centre(layer, images, part);
}

/** The images with equal borders on both sides, so that they have the aspect ratio of `size`, but for an odd pixel. */
export function padToRatio(layer: Lowering, images: Value, size: Size, value: number): Value {
  const [h, w] = sizeOf(layer, images);
  const [height, width] = ofRatio(h, w, size);
  const [rows, columns] = [Math.floor((Math.max(h, height) - h) / 2), Math.floor((Math.max(w, width) - w) / 2)];
  if (rows === 0 && columns === 0) return images;
  return layer.op(
    'pad',
    [images],
    {
      paddings: [
        [0, 0],
        [rows, rows],
        [columns, columns],
        [0, 0],
      ],
      value,
    },
    'padded',
  );
}

/** The height that belongs to the width and the width that belongs to the height, in whole pixels. */
const ofRatio = (h: number, w: number, [height, width]: Size): Size => [Math.floor((w * height) / width), Math.floor((h * width) / height)];

/** Height and width of images of known size. */
export function sizeOf(layer: Lowering, images: Value): Size {
  const [, height, width] = images.type.shape as readonly [Dim, Dim, Dim];
  if (!isKnown(height) || !isKnown(width))
    return layer.unsupported(
      'the part of an image of unknown height or width cannot be chosen when compiling',
      'give the input of the model a height and a width, or cut behind this layer with --input',
    );
  return [height, width];
}
