import { object } from '../../schema/build.ts';
import { layer } from '../row.ts';

export const identity = layer({
  className: 'Identity',
  doc: 'its input',
  config: object({}),
  lower: (layer) => layer.inputs[0] ?? layer.x,
});
