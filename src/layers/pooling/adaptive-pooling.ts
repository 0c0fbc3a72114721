import type { Value } from '../../ir/program.ts';
import { type Dim, elements, isKnown } from '../../ir/types.ts';
import { object } from '../../schema/build.ts';
import { channelsBack, channelsLast, dataFormat } from '../convolutional/layout.ts';
import { perAxis, sizesConfig } from '../convolutional/sizes.ts';
import { type Lowering, layer } from '../row.ts';
import type { Reduction } from './pool.ts';

const config = (rank: number) => object({ output_size: sizesConfig(rank), data_format: dataFormat });

const adaptive = (className: string, rank: number, reduction: Reduction, doc: string) =>
  layer({
    className,
    doc,
    only: 3,
    config: config(rank),
    onMask: 'drops',
    lower(layer) {
      const { output_size, data_format } = layer.config;
      if (layer.x.type.shape.length !== rank + 2) return layer.mismatch(`${className} takes rank ${rank + 2}`, layer.x.type.shape);
      const x = channelsLast(layer, layer.x, data_format);
      if (!x.type.shape.slice(1).every(isKnown))
        return layer.unsupported(`${className} over sizes that are not known: its windows depend on them`, 'give the input a fixed size');
      const y = perAxis(output_size, rank).reduce((current, size, i) => poolAxis(layer, current, i + 1, size, reduction), x);
      return channelsBack(layer, y, data_format);
    },
  });

const EVEN = { average: 'mean', max: 'max' } as const;
/** So many places of a gather are written into the module at most. */
const MOST_PLACES = 2 ** 16;

/** Window i of n elements into `count` is from floor(i n / count) up to ceil((i + 1) n / count). */
function poolAxis(layer: Lowering, x: Value, axis: number, count: number, reduction: Reduction): Value {
  const { shape } = x.type;
  const size = shape[axis] as number;
  if (size === count) return x;
  const [batch, ...sizes] = shape as readonly [Dim, ...number[]];
  const [before, after] = [elements(sizes.slice(0, axis - 1)), elements(sizes.slice(axis))];
  const windows = Array.from({ length: count }, (_, i) => {
    const start = Math.floor((i * size) / count);
    return { start, length: Math.ceil(((i + 1) * size) / count) - start };
  });
  const longest = Math.max(...windows.map(({ length }) => length));
  if (size % count === 0) {
    const apart = layer.op('reshape', [x], { shape: [batch, before, count, longest, after] }, 'windows');
    return layer.op('reshape', [layer.op(EVEN[reduction], [apart], { axes: [3] }, 'pooled')], { shape: shape.with(axis, count) });
  }
  if (count * longest > MOST_PLACES)
    return layer.unsupported(`${size} elements into ${count} uneven parts`, 'choose an output_size that divides the input');
  const line = layer.op('reshape', [x], { shape: [batch, before, size, after] }, 'line');
  const places = windows.flatMap(({ start, length }) => Array.from({ length: longest }, (_, i) => start + Math.min(i, length - 1)));
  const taken = layer.op('gather', [line, layer.constant(places, [places.length], 'places', 'i32')], { axis: 2 }, 'windows');
  const apart = layer.op('reshape', [taken], { shape: [batch, before, count, longest, after] }, 'windows');
  // A window shorter than the longest repeats its last element, which its maximum does not mind and its mean does not count.
  const pooled =
    reduction === 'max'
      ? layer.op('max', [apart], { axes: [3] }, 'pooled')
      : layer.op('sum', [layer.op('mul', [apart, shares(layer, windows, longest)], {}, 'shares')], { axes: [3] }, 'pooled');
  return layer.op('reshape', [pooled], { shape: shape.with(axis, count) });
}

type Windows = readonly { readonly start: number; readonly length: number }[];

/** What each element counts in the mean of its window: repeated ones nothing. */
function shares(layer: Lowering, windows: Windows, longest: number): Value {
  const values = windows.flatMap(({ length }) => Array.from({ length: longest }, (_, i) => (i < length ? 1 / length : 0)));
  return layer.constant(values, [windows.length, longest, 1], 'share');
}

export const adaptiveAveragePooling1d = adaptive('AdaptiveAveragePooling1D', 1, 'average', 'mean of a given number of parts of a sequence');
export const adaptiveAveragePooling2d = adaptive('AdaptiveAveragePooling2D', 2, 'average', 'mean of a given number of parts of an image');
export const adaptiveAveragePooling3d = adaptive('AdaptiveAveragePooling3D', 3, 'average', 'mean of a given number of parts of a volume');
export const adaptiveMaxPooling1d = adaptive('AdaptiveMaxPooling1D', 1, 'max', 'maximum of a given number of parts of a sequence');
export const adaptiveMaxPooling2d = adaptive('AdaptiveMaxPooling2D', 2, 'max', 'maximum of a given number of parts of an image');
export const adaptiveMaxPooling3d = adaptive('AdaptiveMaxPooling3D', 3, 'max', 'maximum of a given number of parts of a volume');
