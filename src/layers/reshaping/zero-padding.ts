import { object, withDefault } from '../../schema/build.ts';
import { dataFormat } from '../convolutional/layout.ts';
import { layer } from '../row.ts';
import { marginsConfig, marginsOfAxes } from './margins.ts';

const zeroPadding = (rank: number) =>
  layer({
    className: `ZeroPadding${rank}D`,
    doc: `zeros at both ends of ${rank === 1 ? 'the spatial axis' : `the ${rank} spatial axes`}`,
    onMask: 'drops',
    config: object({ padding: withDefault(marginsConfig(rank), 1), data_format: dataFormat }),
    lower(layer) {
      const x = layer.inputs[0] ?? layer.x;
      const { shape } = x.type;
      if (shape.length !== rank + 2) return layer.mismatch(`ZeroPadding${rank}D takes rank ${rank + 2}`, shape);
      const first = layer.config.data_format === 'channels_first' ? 2 : 1;
      return layer.op('pad', [x], { paddings: marginsOfAxes(layer.config.padding, rank, first, shape.length), value: 0 });
    },
  });

export const zeroPadding1d = zeroPadding(1);
export const zeroPadding2d = zeroPadding(2);
export const zeroPadding3d = zeroPadding(3);
