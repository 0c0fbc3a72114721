import { createHash } from 'node:crypto';
import type { FeatureKey } from '../../runtime/evaluate/feature-cache.ts';
import type { NDArray } from '../../runtime/evaluate/ndarray.ts';
import { Amiss } from './amiss.ts';
import { arrayName } from './names.ts';
import { isDType, isShape, npyBytes } from './npy.ts';

/** A feature as a set has it. */
export interface SetFeature {
  readonly name: string;
  readonly dtype: NDArray['dtype'];
  /** Without the batch; null where batches differ. */
  readonly shape: readonly (number | null)[];
}

export interface Manifest {
  readonly set: string;
  readonly about: Readonly<Record<string, string>>;
  readonly features: readonly SetFeature[];
}

/** A feature of a batch, and its file. */
export interface ShardFeature {
  readonly name: string;
  readonly file: string;
  readonly dtype: NDArray['dtype'];
  readonly shape: readonly number[];
  /** Of the whole file, as `sha256sum` gives it. */
  readonly sha256: string;
  readonly bytes: number;
}

/** What is kept of a batch. Once it stands, so do the files it names. */
export interface Shard {
  readonly set: string;
  readonly batch: string;
  readonly features: readonly ShardFeature[];
}

/** How each of these files begins. */
export const FORMAT = 'skipc-features';
const VERSION = 1;

export const manifestText = (manifest: Manifest): string => textOf('set', manifest);
export const shardText = (shard: Shard): string => textOf('batch', shard);

function textOf(kind: 'set' | 'batch', content: object): string {
  const rest = { format: FORMAT, version: VERSION, kind, ...content };
  return `${JSON.stringify({ ...rest, check: checkOf(rest) }, null, 2)}\n`;
}

/** So that damage to one of these files shows by itself. */
const checkOf = (rest: object): string => createHash('sha256').update(JSON.stringify(rest)).digest('hex');

/** @throws Amiss */
export function parseManifest(text: string, wanted: string): Manifest {
  const { set, about, features } = parse(text, 'set');
  if (set !== wanted) throw new Amiss('is that of another set');
  if (!isObject(about) || !Object.values(about).every((value) => typeof value === 'string'))
    throw new Amiss('does not say what it is about');
  return { set, about: about as Record<string, string>, features: listOf<SetFeature>(features, isSetFeature) };
}

/** @throws Amiss */
export function parseShard(text: string, wanted: Pick<FeatureKey, 'set' | 'batch'>): Shard {
  const { set, batch, features } = parse(text, 'batch');
  if (set !== wanted.set) throw new Amiss('is that of another set');
  if (batch !== wanted.batch) throw new Amiss('is that of another batch');
  const shard = { set, batch, features: listOf<ShardFeature>(features, isShardFeature) };
  for (const { name, file, dtype, shape, sha256, bytes } of shard.features) {
    if (file !== arrayName(batch, name, sha256)) throw new Amiss('names a file that is none of its own');
    if (bytes !== npyBytes(dtype, shape)) throw new Amiss('gives a file another size than its values take');
  }
  return shard;
}

function parse(text: string, kind: string): Readonly<Record<string, unknown>> {
  const value = attempt(() => JSON.parse(text) as unknown);
  if (!isObject(value) || value['format'] !== FORMAT) throw new Amiss('was not written by skipc');
  if (value['version'] !== VERSION) throw new Amiss('was written by another version of skipc');
  const { check, ...rest } = value;
  if (rest['kind'] !== kind || check !== attempt(() => checkOf(rest))) throw new Amiss('was changed after it was written');
  return rest;
}

/** What is no JSON, or JSON too deep to be written again. */
function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch {
    throw new Amiss('is no JSON that skipc writes');
  }
}

function listOf<T extends { readonly name: string }>(value: unknown, isItem: (item: Readonly<Record<string, unknown>>) => boolean): T[] {
  const isList = Array.isArray(value) && value.every((item) => isObject(item) && typeof item['name'] === 'string' && isItem(item));
  if (!isList) throw new Amiss('does not say what the features are');
  const items = value as T[];
  if (new Set(items.map(({ name }) => name)).size < items.length) throw new Amiss('gives a feature twice');
  return items;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSetFeature = ({ dtype, shape }: Readonly<Record<string, unknown>>): boolean =>
  isDType(dtype) && Array.isArray(shape) && isShape(shape.map((length) => length ?? 0));

const isShardFeature = ({ dtype, shape, sha256 }: Readonly<Record<string, unknown>>): boolean =>
  isDType(dtype) && isShape(shape) && typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256);
