import { object } from '../../schema/build.ts';
import { layer } from '../row.ts';
import { activate, activationConfig } from './activate.ts';

export const activation = layer({
  className: 'Activation',
  doc: 'an activation function by its name',
  config: object({ activation: activationConfig }),
  lower(layer) {
    const { x } = layer;
    const result = activate(layer, x, layer.config.activation);
    // A linear activation leaves the dtype alone, too.
    return result === x ? (layer.inputs[0] ?? x) : result;
  },
});
