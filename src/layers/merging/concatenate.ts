import { integer, nullable, object, withDefault } from '../../schema/build.ts';
import { axisOf } from '../axes.ts';
import { layer } from '../row.ts';
import { operandsOf, promoted } from './operands.ts';

export const concatenate = layer({
  className: 'Concatenate',
  takesList: true,
  doc: 'its inputs one after the other along an axis',
  config: object({ axis: withDefault(nullable(integer()), -1) }),
  lower(layer) {
    const operands = promoted(layer, operandsOf(layer));
    const [first, ...others] = operands;
    if (first === undefined) return layer.mismatch('Concatenate takes a list of tensors', 'none');
    const axis = axisOf(layer, layer.config.axis ?? -1, first);
    return others.length === 0 ? first : layer.op('concat', operands, { axis });
  },
});
