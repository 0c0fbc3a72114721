import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryName } from '../src/evaluate/disk/names.ts';
import { DiskFeatureCache } from '../src/evaluate/disk.ts';
import { FeatureCache, type FeatureKey, type NDArray } from '../src/evaluate/index.ts';
import { scratchFolder } from './built-cli.ts';
import { shardFeatures, shardKey } from './feature-shards.ts';

const scratch = scratchFolder('features');
const writer = join(scratch, 'feature-writer.mjs');

beforeAll(async () => {
  const entry = new URL('feature-writer.ts', import.meta.url).pathname;
  await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'esm', outfile: writer, logLevel: 'warning' });
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const newFolder = (): string => join(mkdtempSync(join(scratch, 'cache-')), 'features');

interface Opened {
  readonly cache: DiskFeatureCache;
  readonly problems: string[];
}

function open(folder: string, maxBytes?: number): Opened {
  const problems: string[] = [];
  return { cache: new DiskFeatureCache(folder, { maxBytes, onProblem: (message) => problems.push(message) }), problems };
}

const allFiles = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));

const bytesOf = (folder: string): number => allFiles(folder).reduce((sum, path) => sum + statSync(path).size, 0);

const oneFeature = (length: number, value = 1): Record<string, NDArray> => ({
  x: { dtype: 'float32', shape: [length], data: new Float32Array(length).fill(value) },
});

describe('in memory', () => {
  it('drops what was not used for longest', async () => {
    const cache = new FeatureCache({ maxBytes: 1200 });
    for (const i of [0, 1, 2]) await cache.write(shardKey(i), oneFeature(100, i));
    expect([cache.size, cache.bytes]).toEqual([3, 1200]);
    await cache.read(shardKey(0));
    await cache.write(shardKey(3), oneFeature(100, 3));
    const found = await Promise.all([0, 1, 2, 3].map(async (i) => (await cache.read(shardKey(i)))?.['x']?.data[0]));
    expect(found).toEqual([0, undefined, 2, 3]);
    cache.clear();
    expect([cache.size, cache.bytes, await cache.read(shardKey(0))]).toEqual([0, 0, null]);
  });

  it('does not keep what is above the bound, nor what that replaced', async () => {
    const cache = new FeatureCache({ maxBytes: 400 });
    await cache.write(shardKey(0), oneFeature(100));
    await cache.write(shardKey(0), oneFeature(101));
    expect([cache.size, cache.bytes, await cache.read(shardKey(0))]).toEqual([0, 0, null]);
  });

  it('tells sets and batches apart, and replaces', async () => {
    const cache = new FeatureCache();
    const about = {};
    await cache.write({ set: 'a', batch: 'b-c', about }, oneFeature(1, 1));
    await cache.write({ set: 'a-b', batch: 'c', about }, oneFeature(1, 2));
    await cache.write({ set: 'a', batch: 'b-c', about }, oneFeature(1, 3));
    expect((await cache.read({ set: 'a', batch: 'b-c', about }))?.['x']?.data[0]).toBe(3);
    expect((await cache.read({ set: 'a-b', batch: 'c', about }))?.['x']?.data[0]).toBe(2);
    expect(cache.bytes).toBe(8);
  });

  it('keeps copies and gives copies', async () => {
    const cache = new FeatureCache();
    const given: Record<string, NDArray> = { ...shardFeatures(0), ['__proto__']: shardFeatures(1)['ids'] as NDArray };
    await cache.write(shardKey(0), given);
    given['mixed0']?.data.fill(7);
    const first = await cache.read(shardKey(0));
    expect(first?.['mixed0']).toEqual(shardFeatures(0)['mixed0']);
    expect(Object.keys(first ?? {})).toContain('__proto__');
    first?.['mixed0']?.data.fill(8);
    expect((await cache.read(shardKey(0)))?.['mixed0']).toEqual(shardFeatures(0)['mixed0']);
  });

  it.each([-1, Number.NaN, '1 GB'])('refuses a bound of %s', (maxBytes) => {
    expect(() => new FeatureCache({ maxBytes: maxBytes as number })).toThrow(RangeError);
    expect(() => new DiskFeatureCache(newFolder(), { maxBytes: maxBytes as number })).toThrow(RangeError);
  });

  it('comes without Node and without the compiler', async () => {
    const entry = new URL('../src/evaluate/index.ts', import.meta.url).pathname;
    const built = await build({ entryPoints: [entry], bundle: true, platform: 'browser', format: 'esm', write: false, metafile: true });
    expect(Object.keys(built.metafile.inputs).map((path) => path.replace(/^.*src\//, ''))).not.toContainEqual(
      expect.stringMatching(/^(read|emit|lower|layers|ops|diagnostics|evaluate\/disk)/),
    );
    expect(built.outputFiles[0]?.text).not.toContain('node:');
  });
});

describe('on disk', () => {
  it('gives back what it was given, in this process and in the next', async () => {
    const folder = newFolder();
    const { cache, problems } = open(folder);
    expect(await cache.read(shardKey(0))).toBeNull();
    const edges: Record<string, NDArray> = {
      scalar: { dtype: 'float32', shape: [], data: Float32Array.of(-0) },
      empty: { dtype: 'int32', shape: [0, 3], data: new Int32Array(0) },
      odd: { dtype: 'float32', shape: [4], data: Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, 1e-45, 3.4e38) },
      view: { dtype: 'int32', shape: [2], data: new Int32Array([9, 1, 2, 9]).subarray(1, 3) },
    };
    await cache.write(shardKey(0), shardFeatures(0));
    await cache.write(shardKey(0, 'b'), edges);
    for (const reader of [cache, open(folder).cache]) {
      expect(await reader.read(shardKey(0))).toEqual(shardFeatures(0));
      const kept = await reader.read(shardKey(0, 'b'));
      expect(kept).toEqual({ ...edges, view: { dtype: 'int32', shape: [2], data: Int32Array.of(1, 2) } });
    }
    expect(problems).toEqual([]);
  });

  it('replaces a batch, and says in its manifest what a set is', async () => {
    const folder = newFolder();
    const { cache, problems } = open(folder);
    await cache.write(shardKey(0), shardFeatures(0, 1));
    await cache.write(shardKey(0), shardFeatures(0, 2));
    expect(await cache.read(shardKey(0))).toEqual(shardFeatures(0, 2));
    const manifest = JSON.parse(readFileSync(join(folder, shardKey(0).set, 'manifest.json'), 'utf8')) as Record<string, unknown>;
    expect(manifest).toMatchObject({ format: 'skipc-features', version: 1, set: shardKey(0).set, about: { program: 'test', data: 'a' } });
    expect(manifest['features']).toEqual([
      { name: 'mixed0', dtype: 'float32', shape: [5, 50] },
      { name: 'ids', dtype: 'int32', shape: [3] },
      { name: 'ids:mask', dtype: 'bool', shape: [] },
    ]);
    // What the first left is gone with the next process.
    expect(await open(folder).cache.read(shardKey(0))).toEqual(shardFeatures(0, 2));
    expect(allFiles(folder).filter((path) => path.endsWith('.npy'))).toHaveLength(3);
    expect(problems).toEqual([]);
  });

  it('keeps batches whose lengths differ', async () => {
    const { cache, problems } = open(newFolder());
    const lengths = [3, 5, 3];
    const batch = (length: number): Record<string, NDArray> => ({
      x: { dtype: 'float32', shape: [1, length, 2], data: new Float32Array(2 * length).fill(length) },
    });
    for (const [i, length] of lengths.entries()) await cache.write(shardKey(i), batch(length));
    for (const [i, length] of lengths.entries()) expect(await cache.read(shardKey(i))).toEqual(batch(length));
    expect(problems).toEqual([]);
  });

  it('writes files of the .npy format', async () => {
    const folder = newFolder();
    await open(folder).cache.write(shardKey(0), shardFeatures(0));
    const dicts = new Map<string, string>();
    for (const path of allFiles(folder).filter((file) => file.endsWith('.npy'))) {
      const file = readFileSync(path);
      const length = file.readUInt16LE(8);
      expect(file.subarray(0, 8).toString('latin1')).toBe('\x93NUMPY\x01\x00');
      expect((10 + length) % 64).toBe(0);
      expect(file[9 + length]).toBe('\n'.charCodeAt(0));
      dicts.set(path.split('.').at(-3) ?? '', file.toString('latin1', 10, 10 + length).trimEnd());
      if (path.includes('.mixed0.')) {
        expect(file.length).toBe(10 + length + 4000);
        expect(file.readFloatLE(10 + length + 4)).toBe(1.5);
      }
    }
    expect(Object.fromEntries(dicts)).toEqual({
      mixed0: "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 5, 50), }",
      ids: "{'descr': '<i4', 'fortran_order': False, 'shape': (4, 3), }",
      ids_mask: "{'descr': '|b1', 'fortran_order': False, 'shape': (4,), }",
    });
  });

  it('takes any name for a feature, and writes nowhere else', async () => {
    const folder = newFolder();
    const { cache, problems } = open(folder);
    const names = [
      '../../outside',
      'a/b',
      'a_b',
      'A/B',
      '..',
      '',
      '\0',
      '__proto__',
      'constructor',
      'x'.repeat(70_000),
      'ü\ud800',
      'a.b',
      '%2e',
    ];
    const features = Object.fromEntries(names.map((name, i) => [name, oneFeature(3, i)['x'] as NDArray]));
    await cache.write(shardKey(0), features);
    const kept = await open(folder).cache.read(shardKey(0));
    expect(Object.keys(kept ?? {})).toEqual(names);
    expect(names.map((name) => kept?.[name]?.data[0])).toEqual(names.map((_, i) => i));
    expect(Object.hasOwn(kept ?? {}, '__proto__')).toBe(true);
    expect(readdirSync(join(folder, '..'))).toEqual(['features']);
    expect(readdirSync(folder)).toEqual([shardKey(0).set]);
    expect(readdirSync(join(folder, shardKey(0).set))).toHaveLength(names.length + 2);
    expect(problems).toEqual([]);
  });

  it('keeps a batch called manifest', async () => {
    const folder = newFolder();
    const key = { ...shardKey(0), batch: 'manifest' };
    await open(folder).cache.write(key, shardFeatures(0));
    expect(await open(folder).cache.read(key)).toEqual(shardFeatures(0));
  });

  it.each([
    { set: '../x' },
    { set: '' },
    { set: 'a/b' },
    { set: 'x'.repeat(129) },
    { batch: '0-32.json' },
    { batch: 'a\0' },
    { batch: undefined as unknown as string },
  ])('refuses the key %j', async (part) => {
    const { cache } = open(newFolder());
    const key: FeatureKey = { ...shardKey(0), ...part };
    await expect(cache.read(key)).rejects.toMatchObject({ code: 'cache-misused' });
    await expect(cache.write(key, {})).rejects.toMatchObject({ code: 'cache-misused' });
  });

  it.each([
    [{ dtype: 'float32', shape: [3], data: new Float32Array(2) }, /2 values/],
    [{ dtype: 'int32', shape: [2], data: new Float32Array(2) }, /Int32Array/],
    [{ dtype: 'string', shape: [2], data: ['a', 'b'] }, /dtype/],
    [{ dtype: 'bool', shape: [-2], data: new Uint8Array(2) }, /shape/],
  ])('refuses an array that is none', async (array, message) => {
    const write = open(newFolder()).cache.write(shardKey(0), { x: array as unknown as NDArray });
    await expect(write).rejects.toMatchObject({ code: 'cache-misused', message: expect.stringMatching(message) });
  });
});

describe('a damaged folder', () => {
  const set = shardKey(0).set;

  /** Paths in a folder that holds two batches of each of two sets. */
  interface Places {
    readonly folder: string;
    readonly outside: string;
    readonly set: string;
    readonly other: string;
    readonly manifest: string;
    readonly record: string;
    readonly array: string;
  }

  const arrayIn = (folder: string, start: string): string =>
    join(folder, readdirSync(folder).find((name) => name.startsWith(start) && name.endsWith('.npy')) ?? 'none');

  function edit(path: string, change: (value: Record<string, unknown>) => void): void {
    const { check, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    expect(check).toBe(createHash('sha256').update(JSON.stringify(rest)).digest('hex'));
    change(rest);
    const signed = { ...rest, check: createHash('sha256').update(JSON.stringify(rest)).digest('hex') };
    writeFileSync(path, JSON.stringify(signed));
  }

  const editFeature = (path: string, change: Record<string, unknown>): void =>
    edit(path, (value) => Object.assign((value['features'] as Record<string, unknown>[])[0] ?? {}, change));

  function flip(path: string, at: number): void {
    const bytes = readFileSync(path);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  }

  const toLink = (path: string, outside: string): void => {
    renameSync(path, outside);
    symlinkSync(outside, path);
  };

  const toFolder = (path: string): void => {
    rmSync(path);
    mkdirSync(path);
    writeFileSync(join(path, 'within'), '');
  };

  const damages: readonly (readonly [name: string, damage: (at: Places) => void, message: RegExp])[] = [
    ['a bit of a value', ({ array }) => flip(array, 2000), /npy does not have the checksum/],
    ['a bit of a header', ({ array }) => flip(array, 20), /npy does not have the checksum/],
    ['an array cut short', ({ array }) => truncateSync(array, 1000), /npy has 1000 bytes/],
    ['an empty array', ({ array }) => truncateSync(array, 0), /npy has 0 bytes/],
    ['an array that grew', ({ array }) => truncateSync(array, 2 ** 40), /npy has 1099511627776 bytes/],
    ["another set's array", ({ array, other }) => cpSync(arrayIn(other, '0-4.mixed0'), array), /npy does not have the checksum/],
    ["another batch's array", ({ array, set }) => cpSync(arrayIn(set, '4-4.mixed0'), array), /npy does not have the checksum/],
    ['an array missing', ({ array }) => rmSync(array), /npy is missing/],
    ['a link in place of an array', ({ array, outside }) => toLink(array, outside), /npy is no file/],
    ['a folder in place of an array', ({ array }) => toFolder(array), /npy is no file/],
    [
      'a pipe in place of an array',
      ({ array }) => {
        rmSync(array);
        execFileSync('mkfifo', [array]);
      },
      /npy is no file/,
    ],
    ['a record cut short', ({ record }) => truncateSync(record, 100), /json is no JSON/],
    ['an empty record', ({ record }) => truncateSync(record, 0), /json is no JSON/],
    ['a huge record', ({ record }) => truncateSync(record, 2 ** 40), /json has 1099511627776 bytes/],
    ['a record of brackets', ({ record }) => writeFileSync(record, '['.repeat(1e6)), /json is no JSON/],
    ['a bit of a record', ({ record }) => writeFileSync(record, readFileSync(record, 'utf8').replace('"ids"', '"idz"')), /was changed/],
    ["another program's record", ({ record }) => writeFileSync(record, '{}'), /was not written by skipc/],
    ['a record of a later version', ({ record }) => edit(record, (value) => Object.assign(value, { version: 2 })), /another version/],
    ["another set's record", ({ record, other }) => cpSync(join(other, '0-4.json'), record), /that of another set/],
    ["another batch's record", ({ record, set }) => cpSync(join(set, '4-4.json'), record), /that of another batch/],
    ['a manifest as record', ({ record, manifest }) => cpSync(manifest, record), /was changed/],
    ['a record that lies about a size', ({ record }) => editFeature(record, { bytes: 2 ** 50 }), /another size/],
    ['a record with another shape', ({ record }) => editFeature(record, { shape: [4, 50, 5] }), /other features than its set/],
    ['a record with a huge shape', ({ record }) => editFeature(record, { shape: [2 ** 30, 2 ** 20] }), /another size/],
    ['a record with another batch size', ({ record }) => editFeature(record, { shape: [5, 5, 50], bytes: 5128 }), /npy has 4128 bytes/],
    ['a record with another dtype', ({ record }) => editFeature(record, { dtype: 'int32' }), /other features than its set/],
    ['a record with a wrong shape', ({ record }) => editFeature(record, { shape: [-4, 5, 50] }), /does not say what the features are/],
    ['a record that leads out', ({ record }) => editFeature(record, { file: '../../outside' }), /none of its own/],
    ['a record that gives a feature twice', ({ record }) => editFeature(record, { name: 'ids' }), /a feature twice/],
    ['a link in place of a record', ({ record, outside }) => toLink(record, outside), /json is no file/],
    ['a folder in place of a record', ({ record }) => toFolder(record), /json is no file/],
    ['a manifest missing', ({ manifest }) => rmSync(manifest), /manifest.json is missing/],
    ['a manifest cut short', ({ manifest }) => truncateSync(manifest, 50), /manifest.json is no JSON/],
    [
      "another set's manifest",
      ({ manifest, other }) => cpSync(join(other, 'manifest.json'), manifest),
      /manifest.json is that of another set/,
    ],
    ['a folder in place of a manifest', ({ manifest }) => toFolder(manifest), /manifest.json is no file/],
    ['a manifest of other features', ({ manifest }) => editFeature(manifest, { shape: [50, 5] }), /other features than its set/],
    [
      "another set's folder",
      ({ set, other }) => {
        rmSync(set, { recursive: true });
        cpSync(other, set, { recursive: true });
      },
      /that of another set/,
    ],
    ['a link in place of a set', ({ set, outside }) => toLink(set, outside), /it is no folder/],
    [
      'a file in place of a set',
      ({ set }) => {
        rmSync(set, { recursive: true });
        writeFileSync(set, '');
      },
      /it is no folder/,
    ],
  ];

  it.each(damages)('is told: %s', async (_, damage, message) => {
    const folder = newFolder();
    const before = open(folder).cache;
    for (const letter of ['a', 'b']) {
      for (const i of [0, 1]) await before.write(shardKey(i, letter), shardFeatures(i, letter === 'a' ? 0 : 1));
    }
    const outside = join(folder, '..', 'outside');
    const inSet = join(folder, set);
    damage({
      folder,
      outside,
      set: inSet,
      other: join(folder, shardKey(0, 'b').set),
      manifest: join(inSet, 'manifest.json'),
      record: join(inSet, '0-4.json'),
      array: arrayIn(inSet, '0-4.mixed0'),
    });
    const led = existsSync(outside) && statSync(outside).isFile() ? readFileSync(outside) : null;

    const { cache, problems } = open(folder);
    expect(await cache.read(shardKey(0))).toBeNull();
    expect(problems).toEqual([expect.stringMatching(message)]);
    // It is computed again, after which all is well, and the rest of the folder is as it was.
    await cache.write(shardKey(0), shardFeatures(0));
    problems.length = 0;
    for (const reader of [cache, open(folder).cache]) expect(await reader.read(shardKey(0))).toEqual(shardFeatures(0));
    for (const i of [0, 1]) expect(await cache.read(shardKey(i, 'b'))).toEqual(shardFeatures(i, 1));
    expect(problems).toEqual([]);
    if (led !== null) expect(readFileSync(outside)).toEqual(led);
  });

  it('is told once a message, where nobody asks', async () => {
    const folder = newFolder();
    await open(folder).cache.write(shardKey(0), shardFeatures(0));
    truncateSync(join(folder, set, 'manifest.json'), 10);
    const given: string[] = [];
    const { warn } = console;
    console.warn = (message: string) => given.push(message);
    try {
      const cache = new DiskFeatureCache(folder);
      for (const _ of [1, 2]) expect(await cache.read(shardKey(0))).toBeNull();
    } finally {
      console.warn = warn;
    }
    expect(given).toEqual([expect.stringMatching(/^feature cache "[^"]+": .*manifest.json is no JSON/)]);
  });
});

describe('a folder that cannot be used', () => {
  it('is refused when the cache is made', () => {
    const file = join(mkdtempSync(join(scratch, 'cache-')), 'file');
    writeFileSync(file, 'mine');
    const folders = [file, join(file, 'within'), ...(process.platform === 'linux' ? ['/proc/skipc/features', '/sys/skipc'] : [])];
    for (const folder of folders) expect(() => new DiskFeatureCache(folder)).toThrow(expect.objectContaining({ code: 'cache-unusable' }));
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('is reported when that happens later, and nothing is kept', async () => {
    const folder = newFolder();
    const { cache, problems } = open(folder);
    await cache.write(shardKey(0), shardFeatures(0));
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
    expect(await cache.read(shardKey(0))).toBeNull();
    await cache.write(shardKey(0), shardFeatures(0));
    expect(problems).toEqual([expect.stringContaining('ENOTDIR'), expect.stringContaining('features are not kept: ENOTDIR')]);
  });
});

describe('a bound', () => {
  /** What a batch takes, its record included, and the manifest of its set. */
  async function measure(): Promise<{ shard: number; manifest: number }> {
    const folder = newFolder();
    const { cache } = open(folder);
    await cache.write(shardKey(10), shardFeatures(10));
    const one = bytesOf(folder);
    await cache.write(shardKey(11), shardFeatures(11));
    const shard = bytesOf(folder) - one;
    return { shard, manifest: one - shard };
  }

  const which = async (folder: string, set: string): Promise<readonly number[]> => {
    const found: number[] = [];
    for (let i = 10; i < 20; i++) if (existsSync(join(folder, shardKey(i, set).set, `${shardKey(i, set).batch}.json`))) found.push(i);
    return found;
  };

  it('drops what was not used for longest, over all sets, and the folder of a set that is empty', async () => {
    const { shard, manifest } = await measure();
    const folder = newFolder();
    const maxBytes = 3 * shard + 2 * manifest;
    const { cache, problems } = open(folder, maxBytes);
    for (const i of [10, 11, 12]) await cache.write(shardKey(i), shardFeatures(i));
    await cache.read(shardKey(10));
    await cache.write(shardKey(13, 'b'), shardFeatures(13));
    expect([await which(folder, 'a'), await which(folder, 'b')]).toEqual([[10, 12], [13]]);
    // Another cache of this folder sees what was used here.
    const { cache: later } = open(folder, maxBytes);
    await cache.read(shardKey(12));
    await later.write(shardKey(14, 'b'), shardFeatures(14));
    expect([await which(folder, 'a'), await which(folder, 'b')]).toEqual([[12], [13, 14]]);
    await later.write(shardKey(15, 'b'), shardFeatures(15));
    await later.write(shardKey(16, 'b'), shardFeatures(16));
    expect([await which(folder, 'a'), await which(folder, 'b')]).toEqual([[], [14, 15, 16]]);
    expect(readdirSync(folder)).toEqual([shardKey(0, 'b').set]);
    expect(bytesOf(folder)).toBeLessThanOrEqual(maxBytes);
    expect(await cache.read(shardKey(12))).toBeNull();
    expect(problems).toEqual([]);
  });

  it('holds for what an earlier run left', async () => {
    const { shard, manifest } = await measure();
    const folder = newFolder();
    for (const i of [10, 11, 12, 13]) await open(folder).cache.write(shardKey(i), shardFeatures(i));
    await open(folder, 2 * shard + manifest).cache.read(shardKey(10));
    expect(await which(folder, 'a')).toEqual([12, 13]);
    expect(bytesOf(folder)).toBeLessThanOrEqual(2 * shard + manifest);
  });

  it('never drops what was written just now, and does not write what is above it alone', async () => {
    const { shard, manifest } = await measure();
    const folder = newFolder();
    const { cache } = open(folder, shard + manifest);
    for (const i of [10, 11, 12]) {
      await cache.write(shardKey(i), shardFeatures(i));
      expect(await which(folder, 'a')).toEqual([i]);
    }
    const { cache: small, problems } = open(newFolder(), shard + manifest - 1);
    await small.write(shardKey(10), shardFeatures(10));
    expect(await small.read(shardKey(10))).toBeNull();
    expect(problems).toEqual([expect.stringMatching(/takes \d+ bytes, and the bound is/)]);
  });

  it("leaves alone what is not the cache's", async () => {
    const folder = newFolder();
    const mine = ['notes.json', 'src/index.json', 'src/0-4.mixed0.0123456789abcdef.npy', 'src/manifest.json', 'old.tmp', '.git/x'];
    for (const name of mine) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), 'x'.repeat(10_000));
    }
    const { cache, problems } = open(folder, 10_000);
    for (const i of [10, 11, 12]) await cache.write(shardKey(i), shardFeatures(i));
    expect(await cache.read(shardKey(12))).toEqual(shardFeatures(12));
    for (const name of mine) expect(existsSync(join(folder, name)), name).toBe(true);
    expect(problems).toEqual([]);
  });
});

describe('processes', () => {
  interface Run {
    readonly child: ChildProcess;
    readonly lines: string[];
    readonly ended: Promise<unknown>;
  }

  /** Starts a writer; `seen` is told of each line as it comes. */
  function start(args: readonly (string | number)[], seen: (line: string) => void = () => undefined): Run {
    const child = spawn(process.execPath, [writer, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) {
        lines.push(line);
        seen(line);
      }
    });
    return { child, lines, ended: new Promise((resolve) => child.on('close', resolve)) };
  }

  const wrote = (lines: readonly string[]): number[] =>
    lines.filter((line) => line.startsWith('wrote ')).map((line) => Number(line.slice('wrote '.length)));

  /** Deterministic numbers from 0 to 1 (mulberry32). */
  function randomFrom(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  it('may be killed at any moment: what was acknowledged is there, and whole', async () => {
    const folder = newFolder();
    const random = randomFrom(20);
    let there = 0;
    let leftovers = 0;
    for (let kill = 0; kill < 20; kill++) {
      const after = Math.floor(random() * 6);
      const delay = random() * 4;
      let count = 0;
      const run = start([folder, 100_000, 0], () => {
        if (++count === after + 1) setTimeout(() => run.child.kill('SIGKILL'), delay);
      });
      await run.ended;
      expect(run.lines.filter((line) => line.startsWith('problem'))).toEqual([]);
      // It began with what was not there when the one before was killed.
      const indices = wrote(run.lines);
      expect(indices).toEqual(indices.map((_, i) => there + i));
      leftovers += allFiles(folder).filter((path) => path.endsWith('.tmp')).length;

      const { cache, problems } = open(folder);
      there += indices.length;
      for (let i = 0; i < there; i++) expect(await cache.read(shardKey(i)), `batch ${i}`).toEqual(shardFeatures(i));
      // The one that it was writing may be there, too.
      const last = await cache.read(shardKey(there));
      if (last !== null) expect(last).toEqual(shardFeatures(there++));
      expect(await cache.read(shardKey(there))).toBeNull();
      expect(problems).toEqual([]);
      // Opening it has cleaned up: a record and three arrays a batch, and the manifest.
      const files = allFiles(folder);
      expect(files.filter((path) => path.endsWith('.tmp'))).toEqual([]);
      expect(files.filter((path) => !path.endsWith('manifest.json'))).toHaveLength(4 * there);
    }
    expect(there).toBeGreaterThan(20);
    // Otherwise no moment was one that mattered.
    expect(leftovers).toBeGreaterThan(0);
  });

  it('do not mix their values where they write the same batch', async () => {
    const folder = newFolder();
    const writers = [1, 2, 3].map((salt) => ({ salt, ...open(folder) }));
    // In step, but one of them in another order: where they used the same names, each would end with a part.
    const inOrder = (features: Record<string, NDArray>, salt: number): Record<string, NDArray> =>
      salt === 2 ? Object.fromEntries(Object.entries(features).reverse()) : features;
    for (let i = 0; i < 10; i++) {
      await Promise.all(writers.map(({ cache, salt }) => cache.write(shardKey(i), inOrder(shardFeatures(i, salt), salt))));
      const kept = await open(folder).cache.read(shardKey(i));
      expect(writers.map(({ salt }) => shardFeatures(i, salt))).toContainEqual(kept);
    }
    expect(writers.flatMap(({ problems }) => problems)).toEqual([]);
  });

  it('may write the same batches at once', async () => {
    const folder = newFolder();
    const runs = [1, 2].map((salt) => start([folder, 40, salt]));
    await Promise.all(runs.map(({ ended }) => ended));
    for (const { lines } of runs) expect(lines).toEqual(['ready', ...Array.from({ length: 40 }, (_, i) => `wrote ${i}`)]);
    const { cache, problems } = open(folder);
    for (let i = 0; i < 40; i++) expect([shardFeatures(i, 1), shardFeatures(i, 2)]).toContainEqual(await cache.read(shardKey(i)));
    expect(problems).toEqual([]);
    // What was the other's is gone.
    expect(allFiles(folder)).toHaveLength(1 + 4 * 40);
  });

  it('share a bound', async () => {
    const folder = newFolder();
    const runs = [1, 2].map((salt) => start([folder, 40, salt, 60_000]));
    await Promise.all(runs.map(({ ended }) => ended));
    for (const { lines } of runs) expect(lines).toEqual(['ready', ...Array.from({ length: 40 }, (_, i) => `wrote ${i}`)]);
    expect(bytesOf(folder)).toBeLessThanOrEqual(60_000);
    const { cache, problems } = open(folder);
    let found = 0;
    for (let i = 0; i < 40; i++) {
      const kept = await cache.read(shardKey(i));
      expect([null, shardFeatures(i, 1), shardFeatures(i, 2)]).toContainEqual(kept);
      if (kept !== null) found++;
    }
    expect(found).toBeGreaterThan(2);
    expect(problems).toEqual([]);
  });

  it('clean up what others left, not what they are writing', async () => {
    const folder = newFolder();
    await open(folder).cache.write(shardKey(0), shardFeatures(0));
    const inSet = join(folder, shardKey(0).set);
    const ended = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => ended.on('close', resolve));
    const by = (path: string, pid: number): string => temporaryName(path).replace(`-${process.pid}-`, `-${pid}-`);
    const left = [
      by(join(folder, 'probe'), Number(ended.pid)),
      by(join(inSet, '8-4.json'), Number(ended.pid)),
      join(inSet, '8-4.x.0123456789abcdef.npy'),
    ];
    const writing = [by(join(inSet, '4-4.json'), process.ppid), join(inSet, '4-4.x.0123456789abcdef.npy'), join(inSet, 'notes.txt')];
    const elsewhere = by(join(inSet, '12-4.json'), Number(ended.pid)).replace(/[0-9a-f]{8}-(?=\d+-[0-9a-f]{16}\.tmp$)/, '00000000-');
    for (const path of [...left, ...writing, elsewhere]) writeFileSync(path, '');
    mkdirSync(by(join(folder, 'b0ff1ce'), Number(ended.pid)));
    await open(folder).cache.read(shardKey(0));
    for (const path of left) expect(existsSync(path), path).toBe(false);
    for (const path of [...writing, elsewhere]) expect(existsSync(path), path).toBe(true);
    expect(readdirSync(folder)).toEqual([shardKey(0).set]);
  });
});
