import type { Value } from '../../ir/program.ts';
import { boolean, object, withDefault } from '../../schema/build.ts';
import { type DataFormat, dataFormat } from '../convolutional/layout.ts';
import { type Lowering, layer } from '../row.ts';
import type { Reduction } from './pool.ts';

const config = object({ data_format: dataFormat, keepdims: withDefault(boolean, false) });

const OPS = { average: 'mean', max: 'max' } as const;

const global = (className: string, aliases: readonly string[], rank: number, reduction: Reduction, doc: string) =>
  layer({
    className,
    aliases,
    doc,
    config,
    onMask: 'drops',
    keywords: ['mask'],
    lower(layer) {
      const { data_format, keepdims } = layer.config;
      const { x } = layer;
      if (x.type.shape.length !== rank + 2) return layer.mismatch(`${className} takes rank ${rank + 2}`, x.type.shape);
      const mask = reduction === 'average' && rank === 1 ? layer.mask() : null;
      if (mask !== null) return maskedMean(layer, x, mask, data_format, keepdims);
      const first = data_format === 'channels_first' ? 2 : 1;
      return layer.op(OPS[reduction], [x], { axes: Array.from({ length: rank }, (_, i) => first + i), keepDims: keepdims });
    },
  });

/** The mean over the steps where `mask`, [batch, steps], holds. */
function maskedMean(layer: Lowering, x: Value, mask: Value, format: DataFormat, keepDims: boolean): Value {
  const [batch = null, steps = null] = mask.type.shape;
  const channelsFirst = format === 'channels_first';
  const axes = [channelsFirst ? 2 : 1];
  const shape = channelsFirst ? [batch, 1, steps] : [batch, steps, 1];
  const counted = layer.op('reshape', [layer.cast(mask, 'bool')], { shape }, 'mask');
  const kept = layer.op('where', [counted, x, layer.scalar(0, 'zero')], {}, 'kept');
  const total = layer.op('sum', [kept], { axes, keepDims }, 'total');
  return layer.op('div', [total, layer.op('sum', [layer.cast(counted, 'f32')], { axes, keepDims }, 'steps')], {});
}

export const globalAveragePooling1d = global('GlobalAveragePooling1D', ['GlobalAvgPool1D'], 1, 'average', 'mean of a sequence');
export const globalAveragePooling2d = global(
  'GlobalAveragePooling2D',
  ['GlobalAvgPool2D'],
  2,
  'average',
  'mean of each channel of an image',
);
export const globalAveragePooling3d = global(
  'GlobalAveragePooling3D',
  ['GlobalAvgPool3D'],
  3,
  'average',
  'mean of each channel of a volume',
);
export const globalMaxPooling1d = global('GlobalMaxPooling1D', ['GlobalMaxPool1D'], 1, 'max', 'maximum of a sequence');
export const globalMaxPooling2d = global('GlobalMaxPooling2D', ['GlobalMaxPool2D'], 2, 'max', 'maximum of each channel of an image');
export const globalMaxPooling3d = global('GlobalMaxPooling3D', ['GlobalMaxPool3D'], 3, 'max', 'maximum of each channel of a volume');
