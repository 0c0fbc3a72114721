import { join, resolve } from 'node:path';
import { fail } from '../diagnostics/error.ts';
import { quoted } from '../diagnostics/text.ts';
import type { FeatureCache as AnyFeatureCache, FeatureKey } from '../runtime/evaluate/feature-cache.ts';
import type { NDArray } from '../runtime/evaluate/ndarray.ts';
import { Amiss, isRefusal } from './disk/amiss.ts';
import { makeWritable, touch } from './disk/files.ts';
import { checkKey, MANIFEST, stemOf } from './disk/names.ts';
import { arrayFault } from './disk/npy.ts';
import { Room } from './disk/room.ts';
import { manifestBytes, prepareSet } from './disk/set.ts';
import { isWhole, type Packed, pack, readShard, removeShard, writeShard } from './disk/shard.ts';
import { sweep } from './disk/sweep.ts';
import { checkBound } from './feature-cache.ts';

export type { FeatureCache as AnyFeatureCache, FeatureKey } from '../runtime/evaluate/feature-cache.ts';
export type { NDArray } from '../runtime/evaluate/ndarray.ts';

export interface DiskOptions {
  /** The most that the folder may take, all sets together; without it there is no bound. */
  readonly maxBytes?: number | undefined;
  /** Told what was found damaged, or could not be kept: its features are computed again. Without it `console.warn`, once a message. */
  readonly onProblem?: ((message: string) => void) | undefined;
}

/** Another process may make room at the moment in which a batch is written. */
const ATTEMPTS = 3;

/** Times of use differ by so much, in milliseconds, however fast they follow each other. */
const TICK_MS = 0.01;

/**
 * Features in a folder, as `.npy` files: `SET/manifest.json` says what a set is, `SET/BATCH.json` which files a batch has and what they
 * must hold. A batch is there when its record is, which is written last; whatever else is found counts as nothing. Several processes may
 * use one folder. What was not used for longest goes first.
 */
export class DiskFeatureCache implements AnyFeatureCache {
  readonly folder: string;
  readonly #maxBytes: number;
  readonly #room: Room;
  readonly #onProblem: (message: string) => void;
  #opened: Promise<void> | undefined;
  #latest = 0;

  /**
   * Makes the folder where there is none.
   * @throws SkipcError `cache-unusable` where it cannot be written
   * @throws RangeError where `maxBytes` is no count of bytes
   */
  constructor(folder: string, { maxBytes, onProblem }: DiskOptions = {}) {
    this.folder = resolve(folder);
    this.#maxBytes = checkBound(maxBytes);
    this.#room = new Room(this.folder, this.#maxBytes);
    this.#onProblem = onProblem ?? warnOnce();
    try {
      makeWritable(this.folder);
    } catch (error) {
      fail('cache-unusable', { folder, reason: (error as NodeJS.ErrnoException).code ?? String(error) });
    }
  }

  /**
   * The features of a batch, in arrays of their own; null where they have to be computed.
   * @throws SkipcError `cache-misused` where parts of the key are no names
   */
  async read(key: FeatureKey): Promise<Readonly<Record<string, NDArray>> | null> {
    checkKey(key);
    await this.#open();
    const folder = join(this.folder, key.set);
    try {
      const features = await readShard(folder, key);
      if (features !== null) await touch(join(folder, `${stemOf(key.batch)}.json`), this.#now());
      return features;
    } catch (error) {
      if (isRefusal(error, 'ENOENT')) return null;
      this.#report(`${key.set}/${key.batch} is computed again`, error);
      // With the manifest amiss, all batches of the set would go: it is written again with the next of them.
      if (error instanceof Amiss && error.file !== undefined && error.file !== MANIFEST)
        await this.#attempt(`${key.set}/${key.batch} cannot be removed`, () => removeShard(folder, stemOf(key.batch)));
      return null;
    }
  }

  /**
   * Keeps the features of a batch in place of those it had; where that fails, it is reported.
   * @throws SkipcError `cache-misused` where parts of the key are no names, or an array is none
   */
  async write(key: FeatureKey, features: Readonly<Record<string, NDArray>>): Promise<void> {
    checkKey(key);
    for (const [name, array] of Object.entries(features)) {
      const fault = arrayFault(array);
      if (fault !== null) fail('cache-misused', { what: `feature ${quoted(name)}: ${fault}` });
    }
    await this.#open();
    const packed = pack(key, features);
    const bytes = packed.bytes + manifestBytes(key, packed.shard.features);
    await this.#attempt('features are not kept', async () => {
      if (bytes > this.#maxBytes) throw new Amiss(`a batch takes ${bytes} bytes, and the bound is ${this.#maxBytes}`);
      await this.#put(key, packed);
      await this.#room.make({ set: key.set, stem: stemOf(key.batch) });
    });
  }

  async #put(key: FeatureKey, packed: Packed): Promise<void> {
    const folder = join(this.folder, key.set);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        await prepareSet(folder, key, packed.shard.features, (what) => this.#report(`${key.set} is written anew`, new Amiss(what)));
        await writeShard(folder, packed, this.#now());
        if (await isWhole(folder, packed)) return;
      } catch (error) {
        if (!isRefusal(error, 'ENOENT') || attempt === ATTEMPTS) throw error;
      }
    }
    throw new Amiss('other processes remove what is written');
  }

  /** Removes what earlier processes left, once. */
  #open(): Promise<void> {
    this.#opened ??= this.#attempt('the folder cannot be cleaned up', async () => {
      sweep(this.folder);
      await this.#room.make();
    });
    return this.#opened;
  }

  async #attempt(otherwise: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#report(otherwise, error);
    }
  }

  /** Passes on what neither the disk nor the files on it are to blame for. */
  #report(consequence: string, error: unknown): void {
    if (error instanceof Amiss) this.#onProblem(`feature cache ${quoted(this.folder)}: ${consequence}: ${error.message}`);
    else if (isRefusal(error)) this.#onProblem(`feature cache ${quoted(this.folder)}: ${consequence}: ${error.code} (${error.syscall})`);
    else throw error;
  }

  /** In seconds. */
  #now(): number {
    this.#latest = Math.max(Date.now(), this.#latest + TICK_MS);
    return this.#latest / 1000;
  }
}

function warnOnce(): (message: string) => void {
  const given = new Set<string>();
  return (message) => {
    if (given.has(message)) return;
    given.add(message);
    console.warn(message);
  };
}
