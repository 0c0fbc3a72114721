import { fail } from '../../diagnostics/error.ts';
import { SAMPLERS, type Spans } from './sampling.ts';

/** An image of float32 values, row by row, a pixel's channels beside each other. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Float32Array;
}

export interface Resizing {
  /** As tf.image.resize calls it. */
  readonly method: string;
  readonly aspect: 'distort' | 'crop' | 'pad';
}

const { fround, trunc } = Math;

/**
 * What the options ask for.
 * @throws SkipcError `data-option`, `options-conflict`
 */
export function parseResizing(method = 'bilinear', crop = false, pad = false): Resizing {
  const methods = ['bilinear', ...SAMPLERS.keys()];
  if (!methods.includes(method)) fail('data-option', { option: '--resize', given: method, expected: `one of ${methods.join(', ')}` });
  if (crop && pad) fail('options-conflict', { one: '--crop-to-aspect-ratio', other: '--pad-to-aspect-ratio' });
  return { method, aspect: crop ? 'crop' : pad ? 'pad' : 'distort' };
}

/**
 * Resizes an image as keras.utils.image_dataset_from_directory does on TensorFlow: half-pixel centres, no antialias, values not rounded.
 * @returns an image of that height and width
 */
export function resizeImage(image: Picture, height: number, width: number, { method, aspect }: Resizing): Picture {
  if (aspect === 'crop') return resample(cropped(image, height, width), height, width, method);
  if (aspect === 'pad') return padded(image, height, width, method);
  return resample(image, height, width, method);
}

function resample(image: Picture, height: number, width: number, method: string): Picture {
  if (image.height === height && image.width === width) return image;
  const sampler = SAMPLERS.get(method);
  if (sampler === undefined) return bilinear(image, height, width);
  const rows = alongRows(image, sampler(image.height, height));
  return alongColumns(rows, sampler(image.width, width));
}

/** Two pixels and how far the second of them is gone to, as resize_bilinear_op computes it, in float32. */
function between(from: number, to: number): { readonly low: Int32Array; readonly high: Int32Array; readonly part: Float32Array } {
  const scale = fround(from / to);
  const low = new Int32Array(to);
  const high = new Int32Array(to);
  const part = new Float32Array(to);
  for (let place = 0; place < to; place++) {
    const at = fround(fround(fround(place + 0.5) * scale) - 0.5);
    low[place] = Math.max(Math.floor(at), 0);
    high[place] = Math.min(Math.ceil(at), from - 1);
    part[place] = fround(at - Math.floor(at));
  }
  return { low, high, part };
}

function bilinear({ height: rows, width: columns, channels, data }: Picture, height: number, width: number): Picture {
  const x = between(columns, width);
  const y = between(rows, height);
  const out = new Float32Array(height * width * channels);
  let to = 0;
  for (let row = 0; row < height; row++) {
    const top = (y.low[row] as number) * columns * channels;
    const bottom = (y.high[row] as number) * columns * channels;
    const down = y.part[row] as number;
    for (let column = 0; column < width; column++) {
      const left = (x.low[column] as number) * channels;
      const right = (x.high[column] as number) * channels;
      const across = x.part[column] as number;
      for (let channel = 0; channel < channels; channel++) {
        const above = mix(data[top + left + channel] as number, data[top + right + channel] as number, across);
        const below = mix(data[bottom + left + channel] as number, data[bottom + right + channel] as number, across);
        out[to++] = mix(above, below, down);
      }
    }
  }
  return { height, width, channels, data: out };
}

const mix = (a: number, b: number, part: number): number => fround(a + fround(fround(b - a) * part));

function alongRows({ width, height, channels, data }: Picture, { starts, weights, length }: Spans): Picture {
  const row = width * channels;
  const out = new Float32Array(starts.length * row);
  starts.forEach((start, place) => {
    for (let k = 0; k < length && start + k < height; k++) {
      const weight = weights[place * length + k] as number;
      if (weight === 0) continue;
      for (let i = 0; i < row; i++)
        out[place * row + i] = (out[place * row + i] as number) + (data[(start + k) * row + i] as number) * weight;
    }
  });
  return { height: starts.length, width, channels, data: out };
}

function alongColumns({ width, height, channels, data }: Picture, { starts, weights, length }: Spans): Picture {
  const out = new Float32Array(height * starts.length * channels);
  for (let row = 0; row < height; row++) {
    starts.forEach((start, place) => {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let k = 0; k < length && start + k < width; k++) {
          sum = fround(sum + (data[(row * width + start + k) * channels + channel] as number) * (weights[place * length + k] as number));
        }
        out[(row * starts.length + place) * channels + channel] = sum;
      }
    });
  }
  return { height, width: starts.length, channels, data: out };
}

/** The largest part around the centre that has the aspect ratio (keras.utils.image_utils.smart_resize, in float32). */
function cropped({ height, width, channels, data }: Picture, toHeight: number, toWidth: number): Picture {
  const rows = Math.max(Math.min(height, trunc(fround(fround(width * toHeight) / toWidth))), 1);
  const columns = Math.max(Math.min(width, trunc(fround(fround(height * toWidth) / toHeight))), 1);
  const top = trunc((height - rows) / 2);
  const left = trunc((width - columns) / 2);
  const out = new Float32Array(rows * columns * channels);
  for (let row = 0; row < rows; row++) {
    const from = ((top + row) * width + left) * channels;
    out.set(data.subarray(from, from + columns * channels), row * columns * channels);
  }
  return { height: rows, width: columns, channels, data: out };
}

/** The whole image as large as it fits, zeros around it (tf.image.resize_with_pad, in float32). */
function padded(image: Picture, height: number, width: number, method: string): Picture {
  const ratio = Math.max(fround(image.width / width), fround(image.height / height));
  const fullRows = fround(image.height / ratio);
  const fullColumns = fround(image.width / ratio);
  const rows = Math.max(1, Math.floor(fullRows));
  const columns = Math.max(1, Math.floor(fullColumns));
  const top = Math.max(0, Math.floor(fround(height - fullRows) / 2));
  const left = Math.max(0, Math.floor(fround(width - fullColumns) / 2));
  const { data, channels } = resample(image, rows, columns, method);
  const out = new Float32Array(height * width * channels);
  for (let row = 0; row < rows; row++) {
    const from = row * columns * channels;
    out.set(data.subarray(from, from + columns * channels), ((top + row) * width + left) * channels);
  }
  return { height, width, channels, data: out };
}
