import type { Value } from '../../ir/program.ts';
import { isKnown, times } from '../../ir/types.ts';
import { integer, object, oneOf, optional, withDefault } from '../../schema/build.ts';
import { channelsBack, channelsLast, dataFormat } from '../convolutional/layout.ts';
import { perAxis, sizesConfig } from '../convolutional/sizes.ts';
import { type Lowering, layer } from '../row.ts';

/** Each element of an axis, whose name is for reading, `count` times in a row. The axis must not be the last. */
function repeat(layer: Lowering, x: Value, axis: number, count: number, name: string): Value {
  if (count === 1) return x;
  const { shape } = x.type;
  // Copies along the next axis stand, row by row, where copies of this axis's elements belong.
  const copies = layer.op('tile', [x], { reps: shape.map((_, i) => (i === axis + 1 ? count : 1)) }, `${name}_copies`);
  const repeated = shape.map((dim, i) => (i !== axis ? dim : isKnown(dim) ? dim * count : times(dim, count)));
  return layer.op('reshape', [copies], { shape: repeated }, name);
}

const AXES = ['depth', 'height', 'width'] as const;

/** The elements of the spatial axes of [batch, ...spatial, channels], each as often as `counts` says. */
function repeatAxes(layer: Lowering, x: Value, counts: readonly number[]): Value {
  const names = counts.length === 1 ? ['steps'] : AXES.slice(-counts.length);
  // From the last one, so that the copies are of the small tensor first.
  return counts.reduceRight((value, count, i) => repeat(layer, value, i + 1, count, names[i] ?? 'axis'), x);
}

export const upSampling1d = layer({
  className: 'UpSampling1D',
  doc: 'repeats each step',
  onMask: 'drops',
  // Keras 1 calls the size `length`.
  config: object({ size: optional(sizesConfig(1)), length: optional(integer({ minimum: 1 })) }),
  lower(layer) {
    const x = layer.inputs[0] ?? layer.x;
    if (x.type.shape.length !== 3) return layer.mismatch('UpSampling1D takes rank 3', x.type.shape);
    const { size, length } = layer.config;
    return repeatAxes(layer, x, perAxis(size ?? length ?? 2, 1));
  },
});

export const upSampling2d = layer({
  className: 'UpSampling2D',
  doc: 'repeats rows and columns, or mixes neighbours bilinearly',
  onMask: 'drops',
  config: object({
    size: withDefault(sizesConfig(2), 2),
    data_format: dataFormat,
    interpolation: withDefault(
      oneOf('nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5', 'area', 'gaussian', 'mitchellcubic'),
      'nearest',
    ),
  }),
  lower(layer) {
    const { size, data_format: format, interpolation } = layer.config;
    const given = layer.inputs[0] ?? layer.x;
    if (given.type.shape.length !== 4) return layer.mismatch('UpSampling2D takes rank 4', given.type.shape);
    const factor = perAxis(size, 2);
    if (interpolation === 'nearest' && given.type.dtype !== 'f32')
      return channelsBack(layer, repeatAxes(layer, channelsLast(layer, given, format), factor), format);
    const x = channelsLast(layer, layer.x, format);
    if (interpolation === 'nearest') {
      // With half-pixel centres no source position comes near the border of two pixels, however the backend rounds.
      const resized = layer.op('resizeNearestNeighbor', [x], { size: [null, null], factor, halfPixelCenters: true });
      return channelsBack(layer, resized, format);
    }
    if (interpolation !== 'bilinear')
      return layer.unsupported(
        `UpSampling2D with interpolation ${interpolation}`,
        'use nearest or bilinear, or cut behind this layer with --input',
      );
    const halfPixelCenters = layer.origin.writer !== 'tfjs-layers';
    return channelsBack(layer, layer.op('resizeBilinear', [x], { size: [null, null], factor, halfPixelCenters }), format);
  },
});

export const upSampling3d = layer({
  className: 'UpSampling3D',
  doc: 'repeats along depth, height and width',
  onMask: 'drops',
  config: object({ size: withDefault(sizesConfig(3), 2), data_format: dataFormat }),
  lower(layer) {
    const { size, data_format: format } = layer.config;
    const x = layer.inputs[0] ?? layer.x;
    if (x.type.shape.length !== 5) return layer.mismatch('UpSampling3D takes rank 5', x.type.shape);
    return channelsBack(layer, repeatAxes(layer, channelsLast(layer, x, format), perAxis(size, 3)), format);
  },
});
