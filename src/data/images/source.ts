import type { Hash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../diagnostics/error.ts';
import { fileBytes } from '../../read/bytes.ts';
import type { NDArray } from '../../runtime/evaluate/ndarray.ts';
import type { TensorInfo } from '../../runtime/info.ts';
import type { InputSource } from '../input.ts';
import { type Rescaling, rescaleInPlace } from '../rescale.ts';
import { type ImageAxes, imageAxes } from '../shape.ts';
import type { Decoder } from './decode.ts';
import { inChannels } from './pixels.ts';
import { type Picture, type Resizing, resizeImage } from './resize.ts';

/** How images become an input. */
export interface Preparation {
  readonly resizing: Resizing;
  readonly rescaling: Rescaling | null;
  /** Where the model does not say it. */
  readonly size: readonly [height: number, width: number] | null;
}

/** As many as the library decodes at a time. */
const AT_ONCE = 4;
const CHUNK = 1 << 20;
const MOST_BYTES = 2 ** 30;
const MOST_VALUES = 2 ** 29;

/** The one input that takes images. @throws SkipcError `data-image-input` */
export function imageInput(inputs: readonly TensorInfo[]): { readonly info: TensorInfo; readonly axes: ImageAxes } {
  const [info, ...others] = inputs;
  const axes = info === undefined || info.dtype === 'string' ? null : imageAxes(info.shape);
  if (info !== undefined && axes !== null && others.length === 0) return { info, axes };
  return fail('data-image-input', {
    inputs: inputs.map(({ name, dtype, shape }) => `${JSON.stringify(name)} ${dtype}[${shape.join(',')}]`),
  });
}

/** The images of a folder as an input: float32 values from 0 to 255, resized, then rescaled. */
export function imageSource(folder: string, paths: readonly string[], axes: ImageAxes, how: Preparation, decoder: Decoder): InputSource {
  const { channels, layout } = axes;
  const { resizing, rescaling } = how;
  // A size that the model says is the size; what it leaves open the options may say.
  const height = axes.height ?? how.size?.[0] ?? null;
  const width = axes.width ?? how.size?.[1] ?? null;

  const picture = async (path: string): Promise<Picture> => {
    const file = join(folder, path);
    const decoded = inChannels(await decoder.decode(await contentOf(file), file), channels);
    const image: Picture = { ...decoded, data: Float32Array.from(decoded.data) };
    return resizeImage(image, height ?? image.height, width ?? image.width, resizing);
  };

  const read = async (from: number, to: number): Promise<NDArray> => {
    const count = to - from;
    let values = new Float32Array(0);
    let first: { readonly path: string; readonly height: number; readonly width: number } | undefined;
    const put = ({ height, width, data }: Picture, path: string, index: number): void => {
      if (first === undefined) {
        first = { path, height, width };
        const total = count * data.length;
        if (total > MOST_VALUES) fail('data-too-large', { what: `a batch of ${count} images`, bytes: total * 4, most: MOST_VALUES * 4 });
        values = new Float32Array(total);
      } else if (first.height !== height || first.width !== width) {
        fail('data-image-size', { path, found: `${height} by ${width}`, other: `${first.height} by ${first.width}` });
      }
      const target = values.subarray(index * data.length, (index + 1) * data.length);
      if (layout === 'first') channelsFirst(data, channels, target);
      else target.set(data);
    };
    for (let start = from; start < to; start += AT_ONCE) {
      const some = paths.slice(start, Math.min(start + AT_ONCE, to));
      const pictures = await Promise.all(some.map(picture));
      pictures.forEach((image, i) => void put(image, some[i] as string, start - from + i));
    }
    const [rows, columns] = [first?.height ?? 0, first?.width ?? 0];
    if (rescaling !== null) rescaleInPlace(values, rescaling, channels, layout === 'first' ? rows * columns : 1);
    const sample = layout === 'none' ? [rows, columns] : layout === 'last' ? [rows, columns, channels] : [channels, rows, columns];
    return { dtype: 'float32', shape: [count, ...sample], data: values };
  };

  const hash = (to: Hash): void => {
    to.update(JSON.stringify({ height, width, channels, layout, resizing, rescaling, decoder: decoder.version }));
    for (const path of paths) hashFile(to, join(folder, path));
  };
  return { what: `the folder ${JSON.stringify(folder)}`, size: paths.length, read, hash };
}

async function contentOf(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES) fail('data-too-large', { what: `the image ${JSON.stringify(path)}`, bytes: size, most: MOST_BYTES });
    return await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code?.startsWith('E') ? fail('data-image', { path, why: message }) : Promise.reject(error);
  }
}

function channelsFirst(data: Float32Array, channels: number, target: Float32Array): void {
  const pixels = data.length / channels;
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < channels; channel++) target[channel * pixels + pixel] = data[pixel * channels + channel] as number;
  }
}

function hashFile(hash: Hash, path: string): void {
  const bytes = fileBytes(path);
  hash.update(`${bytes.size}:`);
  for (let at = 0; at < bytes.size; at += CHUNK) {
    const part = new Uint8Array(Math.min(CHUNK, bytes.size - at));
    bytes.read(at, part);
    hash.update(part);
  }
}
