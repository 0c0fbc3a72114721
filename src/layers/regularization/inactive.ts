import { object } from '../../schema/build.ts';
import { type LayerRow, layer } from '../row.ts';
import { refuseTraining } from '../training.ts';

const NAMES = [
  'Dropout',
  'SpatialDropout1D',
  'SpatialDropout2D',
  'SpatialDropout3D',
  'GaussianDropout',
  'GaussianNoise',
  'AlphaDropout',
  'ActivityRegularization',
] as const;

/** Layers that act while a model is trained, and pass their input on otherwise. */
export const regularizationLayers: readonly LayerRow<object>[] = NAMES.map((className) =>
  layer({
    className,
    doc: 'the identity outside training',
    config: object({}),
    lower(layer) {
      refuseTraining(layer);
      return layer.inputs[0] ?? layer.x;
    },
  }),
);
