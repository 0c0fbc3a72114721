import { object } from '../../schema/build.ts';
import { type LayerRow, layer } from '../row.ts';

/** Layers around what other libraries compute: the topology does not hold it. */
const FOREIGN: readonly (readonly [className: string, what: string])[] = [
  ['TFSMLayer', 'a TensorFlow SavedModel'],
  ['JaxLayer', 'a JAX function'],
  ['FlaxLayer', 'a Flax module'],
  ['TorchModuleWrapper', 'a PyTorch module'],
];

/** Layers that are known and cannot be compiled: a live one is refused with its own reason. */
export const foreignLayers: readonly LayerRow<object>[] = FOREIGN.map(([className, what]) =>
  layer({
    className,
    doc: `it runs ${what}, of which the model file holds no graph`,
    only: 3,
    refused: true,
    config: object({}),
    takesAny: true,
    lower: (layer) =>
      layer.unsupported(
        `${className} runs ${what}, of which the model file holds no graph`,
        'build that part from Keras layers, cut behind it with --input, or give it as a plug-in layer',
      ),
  }),
);
