import { fail } from '../../diagnostics/error.ts';
import type { Hdf5 } from '../hdf5.ts';
import type { Archive } from '../zip.ts';
import type { StateStore } from './store.ts';

const VOCABULARY = /^assets\/(?:(.*)\/)?vocabulary\.txt$/;
/** Of all vocabularies of an archive together, whose texts stay in memory. */
const MOST_BYTES = 2 ** 26;
const MOST_TOKENS = 2 ** 22;
/** Where Python's `str.splitlines` ends a line, which is how Keras reads the file. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python ends lines at these.
const LINE_END = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;

/**
 * A lookup layer that has learnt its vocabulary keeps it in a file of the archive, and has none in its config. Here it is put into
 * the config, as if the layer had been given it: with the tokens for masked and for unknown values, and with the weights of TF-IDF.
 * The configs are changed in place.
 * @throws SkipcError `file-damaged` where the vocabularies are larger than any
 * See `IndexLookup.save_assets` in https://github.com/keras-team/keras/blob/master/keras/src/layers/preprocessing/index_lookup.py.
 */
export async function vocabularies(archive: Archive, file: string | undefined): Promise<(store: StateStore, hdf5: Hdf5) => void> {
  const files = new Map<string, readonly string[]>();
  let bytesLeft = MOST_BYTES;
  let tokensLeft = MOST_TOKENS;
  for (const name of archive.names) {
    const group = VOCABULARY.exec(name)?.[1];
    if (group === undefined) continue;
    const bytes = await archive.read(name, bytesLeft);
    bytesLeft -= bytes.length;
    const lines = Buffer.from(bytes)
      .toString('utf8')
      .split(LINE_END, tokensLeft + 1);
    tokensLeft -= lines.length;
    if (tokensLeft < 0)
      fail('file-damaged', { kind: 'zip archive', why: `its vocabularies have more than ${MOST_TOKENS} tokens` }, { file });
    while (lines.at(-1) === '') lines.pop();
    files.set(group, lines);
  }
  return (store, hdf5) => {
    for (const [group, lines] of files) {
      const layer = store.locate(group).layer;
      if (layer === null || !(layer.config['vocabulary'] === null || layer.config['vocabulary'] === undefined)) continue;
      const config = layer.config as Record<string, unknown>;
      config['vocabulary'] = layer.className === 'IntegerLookup' ? lines.map(Number) : lines;
      const weights = config['output_mode'] === 'tf_idf' ? idfWeights(hdf5, group) : null;
      if (weights !== null) config['idf_weights'] = weights;
    }
  };
}

function idfWeights(hdf5: Hdf5, group: string): readonly number[] | null {
  const dataset = hdf5.dataset(`${group}/vars/idf_weights`);
  if (dataset?.type !== 'float' || dataset.size !== 4) return null;
  const bytes = hdf5.read(dataset);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(i * 4, true));
}
