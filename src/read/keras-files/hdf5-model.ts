import { fail } from '../../diagnostics/error.ts';
import type { ByteSource } from '../bytes.ts';
import { type Hdf5, withHdf5 } from '../hdf5.ts';
import { parseJson } from '../json.ts';
import { checkNesting } from '../nesting.ts';
import type { WeightIndex } from '../weights/index.ts';
import type { KerasFile } from './archive.ts';
import { withOpModules } from './hdf5-modules.ts';
import { hdf5Weights } from './hdf5-weights.ts';
import { hasLayerGroups, layerGroupVariables } from './layer-groups.ts';
import { type SavedLayer, savedLayer } from './layers.ts';
import { stateStore } from './store.ts';

const MODEL = 'model_config';
const WEIGHTS = 'model_weights';

/**
 * Reads a whole-model `.h5` file of Keras.
 * @throws SkipcError `file-damaged`, `json-invalid`, `not-a-model`, `weights-only`
 */
export function readHdf5Model(bytes: ByteSource, file: string | undefined): Promise<KerasFile> {
  return withHdf5(bytes, file, (hdf5) => {
    const text = hdf5.text('', MODEL);
    if (text === null) {
      if (isWeights(hdf5)) fail('weights-only', { what: 'an HDF5 file of weights' }, { file });
      fail('not-a-model', { found: `an HDF5 file without ${MODEL}` }, { file });
    }
    const config = parseJson(text, file);
    checkNesting(config, file);
    const training = hdf5.text('', 'training_config');
    const json = {
      training_config: training === null ? undefined : parseJson(training, file),
      keras_version: hdf5.text('', 'keras_version'),
      backend: hdf5.text('', 'backend'),
      model_config: withOpModules(config),
    };
    const model = savedLayer(config);
    const weights =
      model && hasLayerGroups(hdf5, WEIGHTS) ? hdf5Weights(hdf5, layerGroupVariables(hdf5, WEIGHTS, model), bytes, file) : null;
    return { json, weights, warnings: [] };
  });
}

/**
 * The weights in an HDF5 file of any form: a whole model, or weights alone, which then are those of `model`.
 * @throws SkipcError `file-damaged`, `no-weights-there`
 */
export function readHdf5Weights(bytes: ByteSource, file: string, model: SavedLayer): Promise<WeightIndex> {
  return withHdf5(bytes, file, (hdf5) => {
    const text = hdf5.text('', MODEL);
    const config = text === null ? null : parseJson(text, file);
    checkNesting(config, file);
    const own = savedLayer(config);
    const root = [WEIGHTS, ''].find((group) => hasLayerGroups(hdf5, group));
    if (root !== undefined) return hdf5Weights(hdf5, layerGroupVariables(hdf5, root, own ?? model), bytes, file);
    if (!isWeights(hdf5)) fail('no-weights-there', { file }, { file });
    return hdf5Weights(hdf5, stateStore(hdf5, model).variables(), bytes, file);
  });
}

const isWeights = (hdf5: Hdf5): boolean =>
  hasLayerGroups(hdf5, '') ||
  hasLayerGroups(hdf5, WEIGHTS) ||
  hdf5.has('layers') ||
  hdf5.has('_layer_checkpoint_dependencies') ||
  hdf5.has('vars');
