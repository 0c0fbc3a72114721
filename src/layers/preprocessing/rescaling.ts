import type { Value } from '../../ir/program.ts';
import { anything, object, withDefault } from '../../schema/build.ts';
import { type Lowering, layer } from '../row.ts';
import { numbersOf } from './numbers.ts';

export const rescaling = layer({
  className: 'Rescaling',
  doc: 'x scale + offset; each is a number or broadcasts over the last axes',
  config: object({ scale: anything, offset: withDefault(anything, 0) }),
  lower(layer) {
    const { scale, offset } = layer.config;
    const scaled = scale === 1 ? layer.x : layer.op('mul', [layer.x, fixed(layer, scale, 'scale')], {}, 'scaled');
    return offset === 0 ? scaled : layer.op('add', [scaled, fixed(layer, offset, 'offset')], {});
  },
});

function fixed(layer: Lowering, value: unknown, role: string): Value {
  const numbers = numbersOf(value);
  if (numbers === null) return layer.mismatch(`the ${role} of Rescaling must be a number or an array of numbers`, typeof value);
  return layer.constant(numbers.values, numbers.shape, role);
}
