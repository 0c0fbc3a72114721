import { integer, object } from '../../schema/build.ts';
import { layer } from '../row.ts';

export const repeatVector = layer({
  className: 'RepeatVector',
  doc: 'the vectors [batch, features] n times each: [batch, n, features]',
  onMask: 'drops',
  config: object({ n: integer({ minimum: 1 }) }),
  lower(layer) {
    const x = layer.inputs[0] ?? layer.x;
    const [batch, features] = x.type.shape;
    if (batch === undefined || features === undefined || x.type.shape.length !== 2)
      return layer.mismatch('RepeatVector takes rank 2', x.type.shape);
    const one = layer.op('reshape', [x], { shape: [batch, 1, features] }, 'one');
    return layer.op('tile', [one], { reps: [1, layer.config.n, 1] });
  },
});
