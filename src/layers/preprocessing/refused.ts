import { object } from '../../schema/build.ts';
import { type LayerRow, layer } from '../row.ts';

/** Layers that there is no module for, with the reason and what to do. */
const REFUSED: readonly (readonly [className: string, why: string, instead: string])[] = [
  [
    'ContrastLimitedAdaptiveHistogramEqualization',
    'it equalises histograms of tiles, outside training, too, and tfjs has no histograms on every backend',
    'leave this layer out with --skip, or cut behind it with --input and feed it prepared images',
  ],
  [
    'FeatureSpace',
    'it takes a table of features by name, and keeps its own preprocessing beside the topology',
    'save the model that FeatureSpace.get_encoded_features() feeds, and feed it encoded features',
  ],
];

/** Layers that are known and not compiled: a live one is refused with its own reason. */
export const refusedLayers: readonly LayerRow<object>[] = REFUSED.map(([className, why, instead]) =>
  layer({
    className,
    doc: why,
    only: 3,
    refused: true,
    config: object({}),
    lower: (layer) => layer.unsupported(`${className} is not compiled: ${why}`, instead),
  }),
);
