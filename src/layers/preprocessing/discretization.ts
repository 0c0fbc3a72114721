import { anything, array, boolean, nullable, number, object, string, withDefault } from '../../schema/build.ts';
import { layer } from '../row.ts';
import { encode } from './encode.ts';
import { modeOf } from './modes.ts';
import { vectorDType } from './output-dtype.ts';

export const discretization = layer({
  className: 'Discretization',
  doc: 'the number of the range that each value lies in; a boundary belongs to the range above it, NaN to the last',
  onMask: 'drops',
  config: object({
    bin_boundaries: withDefault(nullable(array(number())), null),
    output_mode: withDefault(string, 'int'),
    sparse: withDefault(nullable(boolean), false),
    dtype: withDefault(anything, 'float32'),
  }),
  lower(layer) {
    const { bin_boundaries: boundaries, output_mode, sparse, dtype } = layer.config;
    const mode = modeOf(layer, output_mode, ['int', 'one_hot', 'multi_hot', 'count'], sparse);
    if (boundaries === null || boundaries.length === 0) {
      return layer.unsupported(
        "this Discretization layer's boundaries are not in its config",
        'after adapt(), save the model with Discretization(bin_boundaries=layer.bin_boundaries)',
      );
    }
    const limits = boundaries.map(Math.fround);
    if (limits.some((limit, i) => i > 0 && limit < (limits[i - 1] as number)))
      return layer.mismatch('bin_boundaries rise', boundaries.slice(0, 8).join(', '));
    const { x } = layer;
    const column = layer.op('reshape', [x], { shape: [...x.type.shape, 1] }, 'column');
    // NaN is not below anything, so that this counts it past every boundary.
    const below = layer.op('less', [column, layer.constant(limits, [limits.length], 'boundaries')], {}, 'below');
    const reached = layer.cast(layer.op('logicalNot', [below], {}, 'reached'), 'i32');
    const bins = layer.op('sum', [reached], { axes: [x.type.shape.length] }, 'bins');
    return encode(layer, bins, mode, { depth: limits.length + 1, dtype: mode === 'int' ? 'i32' : vectorDType(dtype) });
  },
});
