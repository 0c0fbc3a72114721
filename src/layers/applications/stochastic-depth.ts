import { object } from '../../schema/build.ts';
import { layer } from '../row.ts';
import { refuseTraining } from '../training.ts';

/** Of ConvNeXt: drops whole samples while a model is trained. */
export const stochasticDepth = layer({
  className: 'StochasticDepth',
  doc: 'the identity outside training, as in ConvNeXt',
  config: object({}),
  lower(layer) {
    refuseTraining(layer);
    return layer.inputs[0] ?? layer.x;
  },
});
