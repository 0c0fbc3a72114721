import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readModel, type WeightIndex } from '../src/read/read.ts';
import { layOut } from '../src/read/weights/layout.ts';

const topology = { class_name: 'Sequential', config: [{ class_name: 'Dense', config: { name: 'd', batch_input_shape: [null, 4] } }] };

interface Spec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype?: string;
  readonly quantization?: object;
}
interface GroupSpec {
  readonly paths: readonly string[];
  readonly weights: readonly Spec[];
}
const manifest = (groups: readonly GroupSpec[]) =>
  groups.map(({ paths, weights }) => ({ paths, weights: weights.map((weight) => ({ dtype: 'float32', ...weight })) }));

/** A folder with a model.json and shards whose bytes count up over all shards. */
function folderWith(groups: readonly GroupSpec[], shards: Readonly<Record<string, number>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'skipc-weights-'));
  writeFileSync(join(folder, 'model.json'), JSON.stringify({ modelTopology: topology, weightsManifest: manifest(groups) }));
  let at = 0;
  for (const [name, size] of Object.entries(shards)) {
    writeFileSync(
      join(folder, name),
      Uint8Array.from({ length: size }, () => at++ % 256),
    );
  }
  return folder;
}

const read = (folder: string) => readModel(join(folder, 'model.json'));
const outcome = async (index: WeightIndex | null, name: string): Promise<unknown> => {
  const entry = index?.entries.find((candidate) => candidate.name === name);
  if (entry === undefined) return 'no entry';
  try {
    const bytes = await entry.read();
    return [bytes[0], bytes.length];
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

describe('the index', () => {
  test('lists every weight with its stored form', async () => {
    const weights: Spec[] = [
      { name: 'a', shape: [2, 3] },
      { name: 'b', shape: [], dtype: 'int32' },
      { name: 'c', shape: [5], dtype: 'bool' },
      { name: 'd', shape: [4], quantization: { dtype: 'uint8', scale: 0.5, min: -1, original_dtype: 'float32' } },
      { name: 'e', shape: [2], quantization: { dtype: 'uint16', scale: 0.25, min: 0 } },
      { name: 'f', shape: [3], quantization: { dtype: 'float16' } },
      { name: 'g', shape: [0, 7] },
    ];
    const { weights: index } = await read(folderWith([{ paths: ['./s.bin'], weights }], { 's.bin': 47 }));
    expect(index?.entries.map(({ name, dtype, stored, byteLength }) => [name, dtype, stored, byteLength])).toEqual([
      ['a', 'float32', { dtype: 'float32' }, 24],
      ['b', 'int32', { dtype: 'int32' }, 4],
      ['c', 'bool', { dtype: 'bool' }, 5],
      ['d', 'float32', { dtype: 'uint8', scale: 0.5, min: -1 }, 4],
      ['e', 'float32', { dtype: 'uint16', scale: 0.25, min: 0 }, 4],
      ['f', 'float32', { dtype: 'float16' }, 6],
      ['g', 'float32', { dtype: 'float32' }, 0],
    ]);
    expect(index?.totalBytes).toBe(47);
    expect(await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => outcome(index, name)))).toEqual([
      [0, 24],
      [24, 4],
      [28, 5],
      [33, 4],
      [37, 4],
      [41, 6],
    ]);
    expect(await outcome(index, 'g')).toEqual([undefined, 0]);
  });

  test('weights across shards, and several groups', async () => {
    const groups = [
      {
        paths: ['1a', '1b', '1c'],
        weights: [
          { name: 'a', shape: [3] },
          { name: 'b', shape: [2] },
        ],
      },
      { paths: ['2a'], weights: [{ name: 'c', shape: [1] }] },
    ];
    const { weights } = await read(folderWith(groups, { '1a': 5, '1b': 3, '1c': 12, '2a': 4 }));
    expect(await outcome(weights, 'a')).toEqual([0, 12]);
    const bytes = await weights?.entries[1]?.read();
    expect([...(bytes ?? [])]).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
    expect(await outcome(weights, 'c')).toEqual([20, 4]);
  });

  test('other dtypes are refused only when such a weight is asked for', async () => {
    const weights = [
      { name: 'a', shape: [1] },
      { name: 'complex', shape: [1], dtype: 'complex64' },
      { name: 'b', shape: [1] },
      { name: 'odd', shape: [1], quantization: { dtype: 'uint8' } },
      { name: 'text', shape: [1], dtype: 'string' },
      { name: 'behind', shape: [1] },
    ];
    const { weights: index } = await read(folderWith([{ paths: ['s'], weights }], { s: 30 }));
    const outcomes = await Promise.all(weights.map(({ name }) => outcome(index, name)));
    expect(outcomes).toEqual([[0, 4], 'weights-dtype', [12, 4], 'weights-dtype', 'weights-dtype', 'weights-dtype']);
  });

  test.each([
    ['config-invalid', [{ name: 'a', shape: [-1] }]],
    ['config-invalid', [{ name: 'a', shape: [1.5] }]],
    ['config-invalid', [{ name: 'a', shape: [2 ** 60] }]],
    ['weights-shape', [{ name: 'a', shape: [2 ** 20, 2 ** 21] }]],
    ['weights-shape', [{ name: 'a', shape: Array.from({ length: 400 }, () => 2 ** 30) }]],
    ['weights-shape', Array.from({ length: 3000 }, (_, i) => ({ name: `a${i}`, shape: [2 ** 40] }))],
  ])('%s: sizes are checked before memory is taken, case %#', async (code, weights) => {
    await expect(read(folderWith([{ paths: ['s'], weights }], { s: 4 }))).rejects.toMatchObject({ code });
  });

  test('a zero among huge dimensions is an empty weight', async () => {
    const weights = [{ name: 'a', shape: [2 ** 40, 2 ** 40, 0] }];
    expect(await outcome((await read(folderWith([{ paths: ['s'], weights }], { s: 0 }))).weights, 'a')).toEqual([undefined, 0]);
  });
});

describe('paths', () => {
  test.each(['../x', 'a/../../x', '/etc/passwd', 'C:\\x', 'C:x', '..\\x', 'a\\b', 'http://host/x', 'file:///x', '', 'a\0b'])(
    '%j is refused',
    async (path) => {
      const folder = folderWith([{ paths: [path], weights: [{ name: 'a', shape: [1] }] }], {});
      await expect(read(folder)).rejects.toMatchObject({ code: 'weights-path', location: { pointer: '/weightsManifest/0/paths/0' } });
    },
  );

  test('folders inside are fine, links that leave are not', async () => {
    const groups = [
      { paths: ['sub/../sub/in.bin'], weights: [{ name: 'a', shape: [1] }] },
      { paths: ['link'], weights: [{ name: 'b', shape: [1] }] },
    ];
    const folder = folderWith(groups, {});
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub', 'in.bin'), Uint8Array.of(9, 9, 9, 9));
    const elsewhere = folderWith([], { secret: 4 });
    symlinkSync(join(elsewhere, 'secret'), join(folder, 'link'));
    const { weights } = await read(folder);
    expect(await outcome(weights, 'a')).toEqual([9, 4]);
    expect(await outcome(weights, 'b')).toBe('weights-path');
  });
});

describe('shards that are short or missing', () => {
  const four = ['a', 'b', 'c', 'd'].map((name) => ({ name, shape: [2] }));

  test('none there: no index, and a warning', async () => {
    const { weights, warnings } = await read(folderWith([{ paths: ['s1', 's2'], weights: four }], {}));
    expect(weights).toBeNull();
    expect(warnings.map(({ code }) => code)).toEqual(['weights-absent']);
  });

  test('a missing shard of equal ones: the others keep their places', async () => {
    const { weights, warnings } = await read(folderWith([{ paths: ['s1', 's2', 's3'], weights: four }], { s1: 12, s3: 8 }));
    expect(warnings).toEqual([]);
    expect(await Promise.all(four.map(({ name }) => outcome(weights, name)))).toEqual([
      [0, 8],
      'weights-missing',
      'weights-missing',
      [12, 8],
    ]);
  });

  test('a shard cut short in the middle or at the end', async () => {
    const middle = (await read(folderWith([{ paths: ['s1', 's2', 's3'], weights: four }], { s1: 12, s2: 5, s3: 8 }))).weights;
    expect(await Promise.all(four.map(({ name }) => outcome(middle, name)))).toEqual([[0, 8], [8, 8], 'weights-truncated', [17, 8]]);
    const last = (await read(folderWith([{ paths: ['s1'], weights: four }], { s1: 20 }))).weights;
    expect(await Promise.all(four.map(({ name }) => outcome(last, name)))).toEqual([
      [0, 8],
      [8, 8],
      'weights-truncated',
      'weights-truncated',
    ]);
  });

  test('the message names weight, shard, bytes found and needed', async () => {
    const { weights } = await read(folderWith([{ paths: ['s1'], weights: four }], { s1: 20 }));
    await expect(weights?.entries[2]?.read()).rejects.toThrow('weight "c": s1 holds 20 bytes where 24 are needed');
    const other = (await read(folderWith([{ paths: ['s1', 's2'], weights: four }], { s1: 16 }))).weights;
    await expect(other?.entries[3]?.read()).rejects.toThrow('weight "d" needs the file "s2": there is no such file');
  });

  test('sizes as they are when they fit, else only what is certain', () => {
    const starts = (sizes: readonly (number | null)[], needed: number | null) => layOut(sizes, needed).map(({ start }) => start);
    expect(starts([3, 9, 4], 16)).toEqual([0, 3, 12]);
    expect(starts([10, 10, 7], 30)).toEqual([0, 10, 20]);
    expect(starts([10, 4, 10], 30)).toEqual([0, 10, 20]);
    expect(starts([null, 10, 10], 30)).toEqual([0, 10, 20]);
    // Sizes 3 and 9 explain nothing: a shard behind the missing one could lie anywhere.
    expect(starts([3, 9, null, 4], 40)).toEqual([0, 3, 12, null]);
    expect(starts([3, 9, 4], 40)).toEqual([0, null, null]);
    expect(starts([3, null], null)).toEqual([0, 3]);
  });
});

describe('tfjs artifacts', () => {
  const weightSpecs = [
    { name: 'a', shape: [2], dtype: 'float32' },
    { name: 'b', shape: [1], dtype: 'int32' },
  ];
  const bytes = Uint8Array.from({ length: 12 }, (_, i) => i);

  test('weights are slices of one buffer or of several', async () => {
    const parts = [bytes.slice(0, 5).buffer, bytes.slice(5, 6).buffer, bytes.slice(6).buffer];
    for (const weightData of [bytes.buffer, parts]) {
      const { weights, file } = await readModel({ modelTopology: topology, weightSpecs, weightData, getWeightStream: () => null });
      expect(file).toBeNull();
      const all = await Promise.all((weights?.entries ?? []).map((entry) => entry.read()));
      expect(all.map((part) => [...part])).toEqual([
        [0, 1, 2, 3, 4, 5, 6, 7],
        [8, 9, 10, 11],
      ]);
    }
  });

  test('too few bytes fail only the weights they are missing from', async () => {
    const { weights } = await readModel({ modelTopology: topology, weightSpecs, weightData: bytes.slice(0, 9).buffer });
    expect(await outcome(weights, 'a')).toEqual([0, 8]);
    expect(await outcome(weights, 'b')).toBe('weights-truncated');
  });

  test('a manifest without a folder, and artifacts without data, have no weights', async () => {
    const weightsManifest = manifest([{ paths: ['s'], weights: [{ name: 'a', shape: [1] }] }]);
    expect((await readModel({ modelTopology: topology, weightsManifest })).weights).toBeNull();
    expect((await readModel({ modelTopology: topology, weightSpecs })).weights).toBeNull();
  });
});
