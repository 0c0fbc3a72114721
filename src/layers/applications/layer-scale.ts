import { integer, object } from '../../schema/build.ts';
import { layer } from '../row.ts';

/** Of ConvNeXt; https://arxiv.org/abs/2103.17239. */
export const layerScale = layer({
  className: 'LayerScale',
  doc: 'x times a weight for each channel, as in ConvNeXt',
  config: object({ projection_dim: integer({ minimum: 1 }) }),
  lower(layer) {
    const { x } = layer;
    const { projection_dim: channels } = layer.config;
    const last = x.type.shape.at(-1);
    if (last !== channels && last !== 1) return layer.mismatch(`LayerScale over ${channels} channels takes as many`, x.type.shape);
    return layer.op('mul', [x, layer.weight('gamma', [channels])], {});
  },
});
