import { readdirSync, readFileSync } from 'node:fs';
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';

/** A tensor as the golden files hold it: base64 of little-endian float32 or int32; bool is a byte each. */
export interface StoredArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly data?: string;
  /** Bounds of synthetic integers. */
  readonly range?: readonly [number, number];
}

export interface LayerCase {
  readonly id: string;
  readonly keras3: object;
  readonly keras2: object | null;
  readonly weights: readonly StoredArray[];
  readonly inputs: readonly StoredArray[];
  readonly outputs: readonly StoredArray[];
}

export interface Query {
  readonly query: { readonly outputs?: readonly string[]; readonly inputs?: readonly string[]; readonly skip?: readonly string[] };
  readonly inputs?: readonly StoredArray[];
  readonly outputs: readonly StoredArray[];
}

export interface ModelCase {
  readonly name: string;
  readonly keras3: object;
  readonly keras2: object | null;
  readonly weights: readonly StoredArray[];
  readonly inputs: readonly StoredArray[];
  readonly queries: readonly Query[];
}

const FOLDER = new URL('fixtures/goldens/', import.meta.url);

export function layerCases(family: string): LayerCase[] {
  const folder = new URL(`layers/${family}/`, FOLDER);
  return readdirSync(folder).map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as LayerCase);
}

export const layerFamilies = (): string[] => readdirSync(new URL('layers/', FOLDER));

export function modelCase(name: string): ModelCase {
  return JSON.parse(readFileSync(new URL(`models/${name}.json`, FOLDER), 'utf8')) as ModelCase;
}

/** The array's values, as given or synthetic by its name. */
export function valuesOf({ name, shape, dtype, data, range }: StoredArray): Float32Array | Int32Array | Uint8Array {
  if (data === undefined) return synthetic(name, shape, range);
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  return dtype === 'float32' ? new Float32Array(bytes.buffer) : dtype === 'int32' ? new Int32Array(bytes.buffer) : bytes;
}

export const tensorOf = (array: StoredArray): Tensor => tf.tensor(valuesOf(array), [...array.shape], array.dtype);

export const tensorsOf = (arrays: readonly StoredArray[]): NamedTensorMap =>
  Object.fromEntries(arrays.map((array) => [array.name, tensorOf(array)]));

/** Values that follow from a name alone, so that a large model costs nothing to store. */
function synthetic(name: string, shape: readonly number[], range?: readonly [number, number]): Float32Array | Int32Array {
  const seed = fnv1a(name);
  const [low, high] = range ?? bounds(name, shape);
  const count = shape.reduce((product, size) => product * size, 1);
  const value = (i: number) => low + (high - low) * uniform(seed, i);
  return range
    ? Int32Array.from({ length: count }, (_, i) => Math.floor(value(i)))
    : Float32Array.from({ length: count }, (_, i) => value(i));
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

function uniform(seed: number, i: number): number {
  let h = (seed + Math.imul(i, 0x9e3779b9)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) >>> 0;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) >>> 0;
  return ((h ^ (h >>> 16)) >>> 8) / 2 ** 24;
}

const BOUNDS: ReadonlyMap<string, readonly [number, number]> = new Map<string, readonly [number, number]>([
  ...['gamma', 'scale'].map((name) => [name, [0.6, 1]] as const),
  ...['moving_variance', 'variance'].map((name) => [name, [0.8, 1.4]] as const),
  ['embeddings', [-1.5, 1.5]],
  ...['beta', 'bias', 'moving_mean', 'mean'].map((name) => [name, [-0.1, 0.1]] as const),
]);

function bounds(name: string, shape: readonly number[]): readonly [number, number] {
  const last = name.split('/').at(-1) ?? '';
  if (name.startsWith('input/')) return [-1, 1];
  const known = BOUNDS.get(last);
  if (known !== undefined) return known;
  if (shape.length < 2) return [-0.5, 0.5];
  const fanIn = shape.slice(0, last === 'depthwise_kernel' ? -2 : -1).reduce((product, size) => product * size, 1);
  const a = Math.sqrt(4.5 / fanIn);
  return [-a, a];
}

/** The largest amount by which a value exceeds its tolerance; 0 or less where all are within. */
export function excess(actual: Tensor, expected: StoredArray, tolerance: (expected: number) => number): number {
  if (actual.shape.join() !== expected.shape.join()) throw new Error(`shape [${actual.shape}] instead of [${expected.shape}]`);
  const [given, wanted] = [actual.dataSync(), valuesOf(expected)];
  return Array.from(wanted).reduce<number>((worst, value, i) => {
    const difference = Math.abs((given[i] as number) - value);
    // NaN is right only where NaN is expected.
    const over =
      Number.isNaN(value) && Number.isNaN(given[i])
        ? 0
        : Number.isNaN(difference)
          ? Number.POSITIVE_INFINITY
          : difference - tolerance(value);
    return Math.max(worst, over);
  }, Number.NEGATIVE_INFINITY);
}

/** |a - b| <= 1e-4 + 1e-3 |b|: float32 on any backend. */
export const LAYER_TOLERANCE = (value: number): number => 1e-4 + 1e-3 * Math.abs(value);

/** max |a - b| <= 1e-3 max |b|. */
export function modelTolerance(expected: StoredArray): () => number {
  const largest = Array.from(valuesOf(expected)).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return () => 1e-3 * largest;
}
