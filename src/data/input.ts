import type { Hash } from 'node:crypto';
import { fail } from '../diagnostics/error.ts';
import type { NDArray } from '../runtime/evaluate/ndarray.ts';
import type { TensorInfo } from '../runtime/info.ts';
import { type Column, type NumberColumn, rowSize } from './column.ts';
import type { TextArray } from './dataset.ts';
import { type Rescaling, rescaleInPlace } from './rescale.ts';
import { fitted, imageAxes } from './shape.ts';

/** Where the values of one input come from. */
export interface InputSource {
  readonly what: string;
  readonly size: number;
  read(from: number, to: number): Promise<NDArray | TextArray>;
  /** Feeds to a hash all that the values depend on. */
  hash(hash: Hash): void;
}

const MOST_VALUES = 2 ** 29;
const INT32 = 2 ** 31;

/**
 * An input out of a column: numbers as the input's dtype (float32 where they are rescaled), texts as texts.
 * @throws SkipcError `data-dtype`, `data-shape`
 */
export function columnInput(info: TensorInfo, column: Column, rescaling: Rescaling | null): InputSource {
  const { what, shape } = column;
  if ((column.kind === 'text') !== (info.dtype === 'string')) {
    fail('data-dtype', {
      what,
      found: column.kind === 'text' ? 'texts' : 'numbers',
      expected: info.dtype === 'string' ? 'texts' : 'numbers',
    });
  }
  const sample = fitted(shape.slice(1), info.shape.slice(1));
  if (sample === null)
    return fail('data-shape', { what, found: shape, expected: info.shape, of: `the input ${JSON.stringify(info.name)}` });
  const about = { what, size: shape[0] as number };
  const hash = (to: Hash): void => {
    to.update(JSON.stringify({ sample, dtype: info.dtype, rescaling }));
    column.hash(to);
  };
  if (column.kind === 'text') {
    const read = async (from: number, to: number): Promise<TextArray> => ({
      dtype: 'string',
      shape: [to - from, ...sample],
      data: column.texts(from, to),
    });
    return { ...about, hash, read };
  }
  const { stride, channels } = channelsOf(sample);
  const read = async (from: number, to: number): Promise<NDArray> => {
    const count = (to - from) * rowSize(column);
    if (count > MOST_VALUES) fail('data-too-large', { what: `a batch of ${what}`, bytes: count * 4, most: MOST_VALUES * 4 });
    const here = [to - from, ...sample];
    if (rescaling === null && info.dtype !== 'float32') return integers(column, from, to, count, here, info.dtype);
    const values = new Float32Array(count);
    column.read(from, to, values);
    if (rescaling !== null) rescaleInPlace(values, rescaling, channels, stride);
    return { dtype: 'float32', shape: here, data: values };
  };
  return { ...about, hash, read };
}

/** Where the channels of a sample are, as far as rescaling them is concerned: those of images, else the last axis. */
function channelsOf(sample: readonly number[]): { readonly stride: number; readonly channels: number } {
  const axes = imageAxes([1, ...sample]);
  if (axes?.layout === 'none') return { stride: 1, channels: 1 };
  if (axes?.layout === 'first') return { stride: (sample[1] as number) * (sample[2] as number), channels: axes.channels };
  return { stride: 1, channels: sample.at(-1) ?? 1 };
}

function integers(column: NumberColumn, from: number, to: number, count: number, shape: readonly number[], dtype: string): NDArray {
  const values = new Float64Array(count);
  column.read(from, to, values);
  const isBool = dtype === 'bool';
  const wrong = values.findIndex((value) =>
    isBool ? value !== 0 && value !== 1 : !Number.isInteger(value) || value < -INT32 || value >= INT32,
  );
  if (wrong >= 0) {
    const at = column.at(from + Math.floor(wrong / rowSize(column)));
    fail('data-value', { what: column.what, at, found: String(values[wrong]), expected: isBool ? '0 or 1' : 'an integer of 32 bits' });
  }
  return isBool ? { dtype: 'bool', shape, data: Uint8Array.from(values) } : { dtype: 'int32', shape, data: Int32Array.from(values) };
}

/**
 * Which inputs are rescaled: the only one, else all that take images.
 * @throws SkipcError `data-option` where there are several and none takes images
 */
export function rescaledInputs(inputs: readonly TensorInfo[], rescaling: Rescaling | null): ReadonlySet<string> {
  if (rescaling === null) return new Set();
  const numbers = inputs.filter(({ dtype }) => dtype !== 'string');
  const images = numbers.filter(({ shape }) => shape.length === 4);
  const rescaled = numbers.length === 1 ? numbers : images;
  if (rescaled.length === 0) {
    fail('data-option', {
      option: '--rescale',
      given: rescaling.scale.join(','),
      expected: 'a program with one input of numbers, or of images',
    });
  }
  return new Set(rescaled.map(({ key }) => key));
}
