import type { Value } from '../../ir/program.ts';
import { type Dim, elements, isKnown } from '../../ir/types.ts';
import { nullable, oneOf, withDefault } from '../../schema/build.ts';
import type { Lowering } from '../row.ts';

/** Where the channels stand; Keras's default is what its own settings say, which is channels last unless changed. */
export const dataFormat = withDefault(nullable(oneOf('channels_last', 'channels_first')), null);
export type DataFormat = 'channels_last' | 'channels_first' | null;

/** The axes that take a tensor of `length` axes from channels first to channels last. */
const toLast = (length: number): number[] => [0, ...Array.from({ length: length - 2 }, (_, i) => i + 2), 1];
const toFirst = (length: number): number[] => [0, length - 1, ...Array.from({ length: length - 2 }, (_, i) => i + 1)];

/** [batch, ...spatial, channels] of the layer's input, whatever its data format. */
export function channelsLast(layer: Lowering, x: Value, format: DataFormat): Value {
  return format === 'channels_first' ? layer.op('transpose', [x], { perm: toLast(x.type.shape.length) }, 'channels_last') : x;
}

/** The inverse of `channelsLast`. */
export function channelsBack(layer: Lowering, y: Value, format: DataFormat): Value {
  return format === 'channels_first' ? layer.op('transpose', [y], { perm: toFirst(y.type.shape.length) }, 'channels_first') : y;
}

/**
 * Computes over the spatial axes of the layer's input and gives the result the input's layout. What is computed sees
 * [batch, ...spatial, channels]: channels that come first are moved, axes before the spatial ones are taken as one batch, and
 * a sequence is an image of one row, as tfjs has its fast kernels for images.
 * @param rank number of spatial axes of the layer
 * @throws SkipcError `shape-mismatch` where the input has too few axes or unknown channels
 */
export function overSpatialAxes(layer: Lowering, rank: number, format: DataFormat, compute: (x: Value) => Value): Value {
  const { shape } = layer.x.type;
  if (shape.length < rank + 2) return layer.mismatch(`a layer over ${rank} spatial axes takes rank ${rank + 2}`, shape);
  if (shape.length > rank + 2 && format === 'channels_first')
    return layer.unsupported(
      `channels_first with ${shape.length} axes where ${rank + 2} are usual`,
      'reshape the input so that one batch axis is left',
    );
  const x = channelsLast(layer, layer.x, format);
  if (!isKnown(x.type.shape.at(-1) as Dim)) return layer.mismatch('the number of channels must be known', shape);

  const batch = x.type.shape.slice(0, -rank - 1);
  const rest = x.type.shape.slice(-rank - 1);
  const plain = batch.length === 1 && rank > 1;
  const one = batch.length === 1 ? (batch[0] as Dim) : batch.every(isKnown) ? elements(batch) : null;
  const image = plain ? x : layer.op('reshape', [x], { shape: [one, ...(rank === 1 ? [1] : []), ...rest] }, 'image');

  const y = compute(image);
  const own = plain ? y : layer.op('reshape', [y], { shape: [...batch, ...y.type.shape.slice(-rank - 1)] });
  return channelsBack(layer, own, format);
}

/** Sizes for what `overSpatialAxes` shows: a sequence has a height of 1, along which nothing happens. */
export const withHeight = (sizes: readonly number[]): readonly number[] => (sizes.length === 1 ? [1, ...sizes] : sizes);
