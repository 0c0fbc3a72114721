import { fail } from '../../diagnostics/error.ts';
import type { LabelColumn } from '../classes.ts';
import { numberColumn } from '../column.ts';
import type { DataOptions, Wanted } from '../dataset.ts';
import type { Found } from '../found.ts';
import { labelFile, weightFile } from '../label-file.ts';
import { parseNumber, type Rescaling } from '../rescale.ts';
import { imageDecoder } from './decode.ts';
import { imageFolder } from './folder.ts';
import { parseResizing } from './resize.ts';
import { imageInput, imageSource } from './source.ts';

/**
 * A folder of images for a program's one input: its sub-folders are the classes, unless `--labels` names a file.
 * @throws SkipcError `data-image-input`, `data-image-library`, and what folders, labels and options throw
 */
export async function imageData(
  path: string,
  wanted: Wanted,
  options: DataOptions,
  listed: readonly string[] | null,
  rescaling: Rescaling | null,
): Promise<Found> {
  const { info, axes } = imageInput(wanted.inputs);
  const resizing = parseResizing(options.resize, options.cropToAspectRatio, options.padToAspectRatio);
  const size = options.imageSize === undefined ? null : parseSize(options.imageSize);
  const folder = imageFolder(path, options.labels !== undefined || wanted.outputs.length === 0, listed);
  const { paths, indices, classes, ignored } = folder;
  const notes =
    ignored === 0 ? [] : [`${ignored} ${ignored === 1 ? 'entry of the folder is' : 'entries of the folder are'} no images of a class`];
  const inputs = new Map([[info.key, imageSource(path, paths, axes, { resizing, rescaling, size }, await imageDecoder())]]);
  const labels = new Map<string, LabelColumn>();
  if (wanted.outputs.length > 0) {
    const at = (sample: number): string => paths[sample] ?? `sample ${sample}`;
    const given =
      indices === null
        ? await labelFile(options.labels ?? '', listed, undefined, paths)
        : { column: numberColumn(`the folder ${JSON.stringify(path)}`, 'int', [paths.length], indices, at), classes };
    for (const { key } of wanted.outputs) labels.set(key, given);
  }
  const weights = options.sampleWeights === undefined ? null : await weightFile(options.sampleWeights, undefined, paths);
  return { inputs, labels, weights, notes, files: paths };
}

function parseSize(given: string): readonly [number, number] {
  const sizes = given.split(',').map(parseNumber);
  const [height = 0, width = height] = sizes;
  const isSize = (size: number): boolean => Number.isInteger(size) && size > 0 && size <= 2 ** 16;
  if (sizes.length > 2 || !isSize(height) || !isSize(width)) {
    fail('data-option', { option: '--image-size', given, expected: 'HEIGHT,WIDTH in pixels' });
  }
  return [height, width];
}
