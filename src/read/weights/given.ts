import { fail } from '../../diagnostics/error.ts';
import { isKerasArchive } from '../keras-files/archive.ts';
import { readHdf5Weights } from '../keras-files/hdf5-model.ts';
import { savedLayer } from '../keras-files/layers.ts';
import { type ModelSource, modelOf, type ReadModel } from '../read.ts';
import { type Opened, openSource } from '../source.ts';
import { openZip } from '../zip.ts';
import type { WeightIndex } from './index.ts';
import { isNpz, npzWeights } from './npz.ts';

/**
 * The weights of a file that is given for a model: any model file that has its weights, Keras's `.weights.h5`, the older `.h5` of
 * weights alone, or an `.npz` of arrays by name. Told apart by content.
 * @param model whose weights a file holds that does not say what its layers are
 * @throws SkipcError `no-weights-there` where the file brings none, and what reading it throws
 */
export async function givenWeights(source: ModelSource, model: ReadModel): Promise<WeightIndex> {
  const opened = await openSource(source);
  return (await weightsIn(opened, model)) ?? fail('no-weights-there', { file: opened.file ?? 'the object' });
}

async function weightsIn(opened: Opened, { topology }: ReadModel): Promise<WeightIndex | null> {
  const layers = savedLayer(topology);
  if (opened.form === 'hdf5' && layers !== null) return readHdf5Weights(opened.bytes, opened.file, layers);
  if (opened.form === 'zip') {
    const archive = await openZip(opened.bytes, opened.file);
    if (!isKerasArchive(archive) && isNpz(archive)) return npzWeights(archive, opened.file);
  }
  return (await modelOf(opened)).weights;
}
