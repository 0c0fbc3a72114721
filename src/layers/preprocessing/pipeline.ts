import type { Value } from '../../ir/program.ts';
import { anything, array, object } from '../../schema/build.ts';
import { layer } from '../row.ts';

export const pipeline = layer({
  className: 'Pipeline',
  doc: 'layers one after the other',
  only: 3,
  config: object({ layers: array(anything) }),
  lower(layer) {
    const [x] = layer.inputs;
    if (x === undefined) return layer.mismatch('Pipeline takes a tensor', 'none');
    let [value, mask]: readonly [Value, Value | null] = [x, layer.mask()];
    for (const spec of layer.config.layers) {
      const { values, masks } = layer.child(spec).call([value], { masks: [mask] });
      if (values.length !== 1)
        return layer.unsupported('a Pipeline over a layer that gives several tensors', 'save the model with the layers themselves');
      [value, mask] = [values[0] as Value, masks[0] ?? null];
    }
    layer.giveMask(mask);
    return value;
  },
});
