import type { Value } from '../../ir/program.ts';
import { type Dim, isKnown } from '../../ir/types.ts';
import type { Lowering } from '../row.ts';

export type Size = readonly [number, number];

/** Images [batch, height, width, channels] (f32) at another size, bilinearly; pixels are squares, not points. */
export function resizeBilinear(layer: Lowering, images: Value, size: Size): Value {
  if (isOf(images, size)) return images;
  return layer.op('resizeBilinear', [images], { size, factor: [1, 1], halfPixelCenters: true }, 'resized');
}

/** As `resizeBilinear`, each pixel being that of the input in which its centre lies; any dtype. */
export function resizeNearest(layer: Lowering, images: Value, size: Size): Value {
  if (isOf(images, size)) return images;
  const from = [images.type.shape[1] as Dim, images.type.shape[2] as Dim] as const;
  if (images.type.dtype === 'f32' && from.every((dim, i) => !isKnown(dim) || !meetsBorders(dim, size[i] as number)))
    return layer.op('resizeNearestNeighbor', [images], { size, factor: [1, 1], halfPixelCenters: true }, 'resized');
  return from.reduce<Value>((value, dim, i) => {
    if (!isKnown(dim)) return layer.mismatch('to resize integers to the nearest pixel, height and width must be known', images.type.shape);
    if (dim === size[i]) return value;
    const role = i === 0 ? 'rows' : 'columns';
    const sources = nearest(dim, size[i] as number);
    return layer.op('gather', [value, layer.constant(sources, [sources.length], `${role}_from`, 'i32')], { axis: i + 1 }, role);
  }, images);
}

const isOf = (images: Value, size: Size): boolean => images.type.shape[1] === size[0] && images.type.shape[2] === size[1];

/**
 * Whether the centre of some pixel falls on the border between two pixels of the input: (2y + 1) from / (2 to) is a whole
 * number for some y where `from` has more factors of two. There rounding decides, and backends round differently, unless
 * the sizes divide.
 */
function meetsBorders(from: number, to: number): boolean {
  return from % to !== 0 && (from & -from) > (to & -to);
}

/** The pixel of the input for each of the output, in the single precision in which TensorFlow computes it. */
function nearest(from: number, to: number): readonly number[] {
  const scale = Math.fround(from / to);
  return Array.from({ length: to }, (_, i) => Math.min(Math.floor(Math.fround(Math.fround(i + 0.5) * scale)), from - 1));
}
