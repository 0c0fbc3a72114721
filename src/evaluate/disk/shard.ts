import { createHash } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureKey } from '../../runtime/evaluate/feature-cache.ts';
import type { NDArray } from '../../runtime/evaluate/ndarray.ts';
import { Amiss, inFile, isRefusal } from './amiss.ts';
import { putInPlace, readWhole, remove, writeNew } from './files.ts';
import { arrayName, isArrayName, recordName, stemIn, temporaryName } from './names.ts';
import { npyArray, npyData, npyHead } from './npy.ts';
import { parseShard, type Shard, type ShardFeature, shardText } from './records.ts';
import { agrees, folderStands, readManifest, readText } from './set.ts';

type Features = Readonly<Record<string, NDArray>>;

/** The features of a batch as they go to files. */
export interface Packed {
  readonly shard: Shard;
  readonly record: string;
  /** The parts of each file, by its name. */
  readonly files: ReadonlyMap<string, readonly Uint8Array[]>;
  readonly bytes: number;
}

export function pack({ set, batch }: FeatureKey, arrays: Features): Packed {
  const files = new Map<string, readonly Uint8Array[]>();
  const features = Object.entries(arrays).map(([name, array]): ShardFeature => {
    const parts = [npyHead(array.dtype, array.shape), npyData(array)];
    const sha256 = hashOf(parts);
    const file = arrayName(batch, name, sha256);
    files.set(file, parts);
    const bytes = parts.reduce((sum, { length }) => sum + length, 0);
    return { name, file, dtype: array.dtype, shape: [...array.shape], bytes, sha256 };
  });
  const shard = { set, batch, features };
  const record = shardText(shard);
  return { shard, record, files, bytes: features.reduce((sum, { bytes }) => sum + bytes, Buffer.byteLength(record)) };
}

function hashOf(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/**
 * Puts a batch into the folder of its set. The record goes there first under a temporary name, which tells others whose files these are,
 * and gets its own name last, which makes them a whole.
 * @param seconds the time of its first use
 */
export async function writeShard(folder: string, { shard, record, files }: Packed, seconds: number): Promise<void> {
  const path = join(folder, recordName(shard.batch));
  const claim = temporaryName(path);
  const arrays = [...files].map(([name, parts]) => ({ name: join(folder, name), temporary: temporaryName(join(folder, name)), parts }));
  try {
    await writeNew(claim, [record], seconds);
    for (const { temporary, parts } of arrays) await writeNew(temporary, parts);
    for (const { name, temporary } of arrays) await putInPlace(temporary, name);
    await putInPlace(claim, path);
  } catch (error) {
    for (const temporary of [claim, ...arrays.map((array) => array.temporary)]) await remove(temporary).catch(() => undefined);
    throw error;
  }
}

/** Whether all files of a batch are there: others may have made room just now. */
export async function isWhole(folder: string, { shard, files }: Packed): Promise<boolean> {
  try {
    for (const name of [...files.keys(), recordName(shard.batch)]) await lstat(join(folder, name));
    return true;
  } catch (error) {
    if (isRefusal(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Another process may remove a batch, or write it again, while it is read. */
const ATTEMPTS = 2;

/**
 * The features of a batch; null where it is not there, or goes while it is read.
 * @throws Amiss where something is wrong with it
 */
export async function readShard(folder: string, key: FeatureKey): Promise<Features | null> {
  const stands = await folderStands(folder);
  if (stands === false) throw new Amiss('it is no folder');
  for (let attempt = 1; stands; attempt++) {
    const record = await readRecord(folder, key);
    if (record === null) return null;
    try {
      return await readFeatures(folder, key, record);
    } catch (error) {
      if (!(error instanceof Amiss) || attempt === ATTEMPTS) throw error;
    }
  }
  return null;
}

function readRecord(folder: string, { batch }: FeatureKey): Promise<string | null> {
  const name = recordName(batch);
  return inFile(name, async () => {
    try {
      return await readText(join(folder, name));
    } catch (error) {
      if (isRefusal(error, 'ENOENT')) return null;
      throw error;
    }
  });
}

async function readFeatures(folder: string, key: FeatureKey, record: string): Promise<Features> {
  const shard = await inFile(recordName(key.batch), () => parseShard(record, key));
  const manifest = await readManifest(folder, key.set);
  if (!agrees(manifest, shard.features)) throw new Amiss('holds other features than its set', recordName(key.batch));
  const features: [string, NDArray][] = [];
  for (const feature of shard.features) features.push([feature.name, await readArray(folder, feature)]);
  return Object.fromEntries(features);
}

const readArray = (folder: string, { file, bytes, sha256, dtype, shape }: ShardFeature): Promise<NDArray> =>
  inFile(file, async () => {
    const content = await readWhole(join(folder, file), (size) => size === bytes);
    if (hashOf([content]) !== sha256) throw new Amiss('does not have the checksum that it was written with');
    return npyArray(content, dtype, shape);
  });

/** Removes a batch, its record first, by how the names of its files begin. */
export async function removeShard(folder: string, stem: string): Promise<void> {
  await remove(join(folder, `${stem}.json`));
  const names = await readdir(folder);
  for (const name of names.filter((name) => isArrayName(name) && stemIn(name) === stem)) await remove(join(folder, name));
}
