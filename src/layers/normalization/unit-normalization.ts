import { nullable, object, withDefault } from '../../schema/build.ts';
import { axesOf, axisConfig } from '../axes.ts';
import { layer } from '../row.ts';
import { unitLength } from './moments.ts';

export const unitNormalization = layer({
  className: 'UnitNormalization',
  doc: 'x over its Euclidean norm along some axes',
  config: object({ axis: withDefault(nullable(axisConfig), -1) }),
  lower: (layer) => unitLength(layer, layer.x, axesOf(layer, layer.config.axis ?? -1, layer.x), 1e-12),
});
