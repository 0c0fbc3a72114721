import { nullable, object, oneOf, withDefault } from '../../schema/build.ts';
import { dataFormat, overSpatialAxes, withHeight } from '../convolutional/layout.ts';
import { perAxis, sizesConfig } from '../convolutional/sizes.ts';
import { layer } from '../row.ts';
import { pool, type Reduction } from './pool.ts';

const config = (rank: number) =>
  object({
    pool_size: withDefault(sizesConfig(rank), 2),
    strides: withDefault(nullable(sizesConfig(rank)), null),
    padding: withDefault(oneOf('valid', 'same'), 'valid'),
    data_format: dataFormat,
  });

const pooling = (className: string, aliases: readonly string[], rank: number, reduction: Reduction, doc: string) =>
  layer({
    className,
    aliases,
    doc,
    config: config(rank),
    onMask: 'drops',
    lower(layer) {
      const { pool_size, strides, padding, data_format } = layer.config;
      const { shape } = layer.x.type;
      if (shape.length !== rank + 2) return layer.mismatch(`${className} takes rank ${rank + 2}`, shape);
      const window = withHeight(perAxis(pool_size, rank));
      const steps = withHeight(perAxis(strides ?? pool_size, rank));
      return overSpatialAxes(layer, rank, data_format, (x) => pool(layer, x, reduction, { window, strides: steps, pad: padding }));
    },
  });

export const averagePooling1d = pooling('AveragePooling1D', ['AvgPool1D'], 1, 'average', 'mean over a window of a sequence');
export const averagePooling2d = pooling('AveragePooling2D', ['AvgPool2D'], 2, 'average', 'mean over a window of height and width');
export const averagePooling3d = pooling('AveragePooling3D', ['AvgPool3D'], 3, 'average', 'mean over a window of depth, height and width');
export const maxPooling1d = pooling('MaxPooling1D', ['MaxPool1D'], 1, 'max', 'maximum over a window of a sequence');
export const maxPooling2d = pooling('MaxPooling2D', ['MaxPool2D'], 2, 'max', 'maximum over a window of height and width');
export const maxPooling3d = pooling('MaxPooling3D', ['MaxPool3D'], 3, 'max', 'maximum over a window of depth, height and width');
