import { array, integer, object } from '../../schema/build.ts';
import { layer } from '../row.ts';

export const permute = layer({
  className: 'Permute',
  doc: 'the axes behind the batch in another order; they are counted from 1',
  onMask: 'drops',
  config: object({ dims: array(integer({ minimum: 1 }), { minItems: 1 }) }),
  lower(layer) {
    const x = layer.inputs[0] ?? layer.x;
    const { dims } = layer.config;
    if (x.type.shape.length !== dims.length + 1)
      return layer.mismatch(`Permute with dims [${dims}] takes rank ${dims.length + 1}`, x.type.shape);
    return layer.op('transpose', [x], { perm: [0, ...dims] });
  },
});
