import { isKnown } from '../../ir/types.ts';
import { object, withDefault } from '../../schema/build.ts';
import { dataFormat } from '../convolutional/layout.ts';
import { layer } from '../row.ts';
import { type Margins, marginsConfig, marginsOfAxes } from './margins.ts';

/** Cuts from both ends of the spatial axes. Of an axis of unknown size the end is counted from behind. */
const cropping = (rank: number, cut: Margins) =>
  layer({
    className: `Cropping${rank}D`,
    doc: `cuts from both ends of ${rank === 1 ? 'the spatial axis' : `the ${rank} spatial axes`}`,
    onMask: 'drops',
    config: object({ cropping: withDefault(marginsConfig(rank), cut), data_format: dataFormat }),
    lower(layer) {
      const x = layer.inputs[0] ?? layer.x;
      const { shape } = x.type;
      if (shape.length !== rank + 2) return layer.mismatch(`Cropping${rank}D takes rank ${rank + 2}`, shape);
      const first = rank > 1 && layer.config.data_format === 'channels_first' ? 2 : 1;
      const cuts = marginsOfAxes(layer.config.cropping, rank, first, shape.length);
      const rest = shape.map((dim, axis) => (isKnown(dim) ? dim - (cuts[axis]?.[0] ?? 0) - (cuts[axis]?.[1] ?? 0) : null));
      const cutAway = rest.find((size, axis) => size !== null && size <= 0 && shape[axis] !== 0);
      if (cutAway !== undefined) return layer.mismatch(`cropping ${JSON.stringify(layer.config.cropping)} leaves nothing`, shape);

      const begin = cuts.map(([before]) => before);
      const fromBehind = cuts.some(([, after], axis) => after > 0 && rest[axis] === null);
      if (!fromBehind) return layer.op('slice', [x], { begin, size: rest });
      // The kernels of stridedSlice take floats.
      const cropped = layer.op('stridedSlice', [layer.x], {
        begin,
        end: cuts.map(([, after]) => (after === 0 ? null : -after)),
        strides: cuts.map(() => 1),
      });
      return layer.cast(cropped, x.type.dtype);
    },
  });

export const cropping1d = cropping(1, 1);
export const cropping2d = cropping(2, 0);
export const cropping3d = cropping(3, 1);
