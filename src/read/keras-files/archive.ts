import { diagnostic, fail, type SkipcError } from '../../diagnostics/error.ts';
import { brief } from '../../schema/validate.ts';
import { withHdf5 } from '../hdf5.ts';
import { parseJson } from '../json.ts';
import { checkNesting } from '../nesting.ts';
import { isObject } from '../spec.ts';
import type { WeightIndex } from '../weights/index.ts';
import { isNpz } from '../weights/npz.ts';
import type { Archive } from '../zip.ts';
import { hdf5Weights } from './hdf5-weights.ts';
import { savedLayer } from './layers.ts';
import { stateStore } from './store.ts';
import { vocabularies } from './vocabulary.ts';

/** A model with its weights, as one file of Keras's holds them. */
export interface KerasFile {
  /** The topology, with the version of Keras that wrote it. */
  readonly json: unknown;
  readonly weights: WeightIndex | null;
  readonly warnings: readonly SkipcError[];
}

const CONFIG = 'config.json';
const METADATA = 'metadata.json';
const WEIGHTS = 'model.weights.h5';
const MOST_JSON = 2 ** 29;

/** True for what `model.save('model.keras')` writes. */
export const isKerasArchive = (archive: Archive): boolean => archive.sizeOf(CONFIG) !== undefined;

/**
 * Reads a `.keras` archive.
 * @throws SkipcError `file-damaged`, `json-invalid`, `not-a-model`, `weights-only`, `weights-pickled`
 */
export async function readKerasArchive(archive: Archive, file: string | undefined): Promise<KerasFile> {
  if (!isKerasArchive(archive)) {
    if (isNpz(archive)) fail('weights-only', { what: 'an .npz file' }, { file });
    fail('not-a-model', { found: `a zip archive without ${CONFIG}: it holds ${brief(archive.names)}` }, { file });
  }
  const config = await jsonOf(archive, CONFIG, file);
  const metadata = archive.sizeOf(METADATA) === undefined ? null : await jsonOf(archive, METADATA, file);
  const version = isObject(metadata) ? metadata['keras_version'] : undefined;
  const json = isObject(config) && typeof version === 'string' ? { ...config, keras_version: version } : config;
  const model = savedLayer(config);
  if (archive.sizeOf(WEIGHTS) === undefined) {
    if (archive.sizeOf('model.weights.npz') !== undefined) fail('weights-pickled', {}, { file });
    return { json, weights: null, warnings: [diagnostic('weights-absent', { shards: [WEIGHTS] }, { file })] };
  }
  if (model === null) return { json, weights: null, warnings: [] };
  const bytes = await archive.source(WEIGHTS);
  const fill = await vocabularies(archive, file);
  const weights = await withHdf5(bytes, file, (hdf5) => {
    const store = stateStore(hdf5, model);
    fill(store, hdf5);
    return hdf5Weights(hdf5, store.variables(), bytes, file);
  });
  return { json, weights, warnings: [] };
}

async function jsonOf(archive: Archive, name: string, file: string | undefined): Promise<unknown> {
  const bytes = await archive.read(name, MOST_JSON);
  const json = parseJson(Buffer.from(bytes).toString('utf8'), file);
  checkNesting(json, file);
  return json;
}
