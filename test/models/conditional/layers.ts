import { anything, boolean, layer, object, withDefault } from 'skipc/plugin';

/**
 * A wrapper around another layer that a flag switches off. Python runs the layer or not, at each call; the flag is in the config,
 * so here it is known when the model is compiled, and the layer is in the module or it is not.
 */
export default layer({
  className: 'ConditionalActivation',
  doc: 'the wrapped layer, or the identity where skip_flag is set',
  config: object({ layer: anything, skip_flag: withDefault(boolean, false) }),
  lower(layer) {
    if (layer.config.skip_flag) return layer.x;
    return layer.child(layer.config.layer).call([layer.x]).values;
  },
});
