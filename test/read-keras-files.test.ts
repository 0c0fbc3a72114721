import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setBackend, type Tensor, tensor } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CompileOptions, compile } from '../src/compile.ts';
import { SkipcError } from '../src/diagnostics/error.ts';
import type { Hdf5 } from '../src/read/hdf5.ts';
import { type SavedLayer, savedLayer } from '../src/read/keras-files/layers.ts';
import { stateStore } from '../src/read/keras-files/store.ts';
import { type ModelSource, readModel } from '../src/read/read.ts';
import { openZip } from '../src/read/zip.ts';

const FOLDER = fileURLToPath(new URL('fixtures/keras-files/', import.meta.url));
const fixture = (name: string): string => join(FOLDER, name);
const bytesOf = (name: string): Uint8Array => Uint8Array.from(readFileSync(fixture(name)));
const jsonOf = (name: string): unknown => JSON.parse(readFileSync(fixture(name), 'utf8'));

const folder = mkdtempSync(join(tmpdir(), 'skipc-keras-files-'));
const written = (name: string, content: Uint8Array | string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
beforeAll(async () => void (await setBackend('cpu')));
afterAll(() => rmSync(folder, { recursive: true }));

interface Expected {
  readonly inputs: readonly number[][];
  readonly outputs: readonly number[][];
}

/** The values that the module computes for the inputs beside the fixture, and those of Keras. */
async function valuesOf(expected: string, source: ModelSource, options: CompileOptions = {}): Promise<[number[][], number[][]]> {
  const { inputs, outputs } = jsonOf(expected) as Expected;
  const module = await (await compile(source, options)).instantiate();
  const w = await module.load();
  const given = inputs.map((values) => tensor(values));
  const results = Object.values(module.predict(w, given[0] as Tensor)) as Tensor[];
  return [results.map((result) => [...result.dataSync()]), outputs.map((values) => (values as unknown[]).flat(Infinity) as number[])];
}

async function check(expected: string, source: ModelSource, options: CompileOptions = {}): Promise<void> {
  const [results, outputs] = await valuesOf(expected, source, options);
  expect(results.length).toBe(outputs.length);
  outputs.forEach((values, k) => {
    expect(results[k]?.length).toBe(values.length);
    for (const [i, value] of values.entries()) expect(results[k]?.[i]).toBeCloseTo(value, 4);
  });
}

const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'was not refused',
    (error: unknown) => error,
  );

describe('layers of one shape, with names in another order than their classes are counted in', () => {
  test.each([
    ['a .keras archive', 'orders.keras'],
    ['one that names no layers', 'orders-3.5.keras'],
    ['one of tf.keras 2.13', 'orders-2.13.keras'],
    ['a whole-model .h5', 'orders.h5'],
  ])('%s', async (_, name) => {
    await check('orders.expected.json', fixture(name));
    // The name of a file says nothing.
    await check('orders.expected.json', written('model.json', bytesOf(name)));
  });

  test.each(['orders.weights.h5', 'orders.h5', 'orders.keras'])('%s as weights of a topology', async (name) => {
    await check('orders.expected.json', fixture('orders.json'), { weightsFrom: fixture(name) });
  });

  test('weights of a model whose layers have other names by now', async () => {
    const renamed = readFileSync(fixture('orders.json'), 'utf8')
      .replaceAll(/"dense_(\d)"/g, '"dense_1$1"')
      .replaceAll('"dense"', '"dense_10"');
    expect(renamed).not.toContain('"dense_1"');
    await check('orders.expected.json', JSON.parse(renamed) as object, { weightsFrom: fixture('orders.weights.h5') });
  });

  test('reads the weights of what is live, and those alone', async () => {
    const { summary, weights } = await compile(fixture('orders.keras'), { outputs: ['dense'] });
    expect(summary.weightBytes).toEqual({ kept: 2 * (9 + 3) * 4, of: 9 * (9 + 3) * 4 + 4 * 3 * 4 + 2 * 3 * 4 });
    expect(Buffer.from(weights as Uint8Array).toString('latin1')).not.toContain('inner');
  });
});

describe('weights alone', () => {
  test.each([
    ['by path', 'plain.npz'],
    ['of every type, big-endian, columns first, deflated', 'plain-mixed.npz'],
    ['as Keras 2 keeps them, compressed, with split lists of names', 'plain-groups.h5'],
  ])('%s', async (_, name) => {
    await check('plain.expected.json', fixture('plain.json'), { weightsFrom: fixture(name) });
  });

  test('by order, where the layers have other names', async () => {
    const renamed = readFileSync(fixture('plain.json'), 'utf8').replaceAll('"conv"', '"a"').replaceAll('"head"', '"conv"');
    await check('plain.expected.json', JSON.parse(renamed) as object, { weightsFrom: fixture('plain-groups.h5') });
  });

  test('float16 stays as small as it was', async () => {
    const { weights } = await compile(fixture('plain.json'), { weightsFrom: fixture('plain-mixed.npz') });
    expect(Buffer.from(weights as Uint8Array).toString('latin1')).toContain('"dtype":"F16"');
  });

  test.each([
    ['data.h5', 'no-weights-there'],
    ['plain.json', 'no-weights-there'],
    ['orders.weights.h5', 'weights-mismatch'],
  ])('%s: %s', async (name, code) => {
    expect(await refusal(compile(fixture('plain.json'), { weightsFrom: fixture(name) }))).toMatchObject({ code });
  });

  test('integers that 32 bits cannot hold', async () => {
    const dense = { class_name: 'Dense', config: { name: 'fc', units: 2, batch_input_shape: [null, 2] } };
    const model = { class_name: 'Sequential', config: [dense], keras_version: '3.0.0' };
    const error = await refusal(compile(model, { weightsFrom: fixture('integers.weights.h5') }));
    expect(error).toMatchObject({ code: 'weights-range', message: expect.stringContaining('"fc/kernel" holds the integer 1099511627776') });
  });

  test.each([
    ['orders.weights.h5', 'an HDF5 file of weights'],
    ['plain-groups.h5', 'an HDF5 file of weights'],
    ['plain.npz', 'an .npz file'],
  ])('%s is no model, and says how it is to be given', async (name, what) => {
    const error = await refusal(readModel(fixture(name)));
    expect(error).toMatchObject({
      code: 'weights-only',
      hint: expect.stringContaining('--weights'),
      message: expect.stringContaining(what),
    });
  });
});

test('vocabularies in files of the archive are put where the layers look for them', async () => {
  const { graph } = await readModel(fixture('words.keras'));
  const configs = Object.fromEntries(graph.calls.map(({ layer }) => [layer.name, layer.config]));
  expect(configs).toMatchObject({
    // The first StringLookup of the list, whatever its name.
    string_lookup_1: { vocabulary: ['[UNK]', 'zwei', 'Wörter'], idf_weights: [0, 0.5, 1.5] },
    string_lookup: { vocabulary: ['', '[UNK]', 'another'] },
    numbers: { vocabulary: [-1, 42, -7] },
    given: { vocabulary: ['kept'] },
  });
});

describe('the groups of a state store', () => {
  const layer = (className: string, name: string, config: object = {}, more: object = {}) => ({
    class_name: className,
    config: { name, ...config },
    ...more,
  });
  const model = (...layers: object[]): SavedLayer => savedLayer({ class_name: 'Functional', config: { name: 'm', layers } }) as SavedLayer;
  /** What an HDF5 file without attributes says, that holds these datasets. */
  const fileOf = (paths: readonly string[]): Hdf5 => {
    const all = new Set(paths.flatMap((path) => path.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'))));
    return {
      has: () => true,
      text: () => null,
      texts: () => null,
      below: () => [...all],
      dataset: () => null,
      read: () => new Uint8Array(0),
    };
  };
  const names = (saved: SavedLayer, ...groups: string[]): string[] => {
    const paths = groups.map((group) => `${group}/vars/0`);
    const found = new Map(
      stateStore(fileOf(paths), saved)
        .variables()
        .map((variable) => [variable.path, variable.names.join(' ')]),
    );
    return paths.map((path) => found.get(path) ?? 'none');
  };

  test('are counted by class', () => {
    const saved = model(layer('Conv2DTranspose', 'dense'), layer('Dense', 'dense_1'), layer('PReLU', 'conv'), layer('Dense', 'a'));
    expect(names(saved, 'layers/dense', 'layers/dense_1', 'layers/conv2d_transpose', 'layers/p_re_lu')).toEqual([
      'dense_1/kernel',
      'a/kernel',
      'dense/kernel',
      'conv/alpha',
    ]);
  });

  test('were counted twice by tf.keras 2.12', () => {
    const saved = model(layer('Dense', 'x'), layer('Flatten', 'f'), layer('Dense', 'y'), layer('Dense', 'z'));
    const list = '_layer_checkpoint_dependencies';
    const groups = [`${list}/dense_4`, `${list}/dense`, `${list}/dense_2`, `${list}/flatten`];
    expect(names(saved, ...groups)).toEqual(['z/kernel', 'x/kernel', 'y/kernel', 'f/vars/0']);
  });

  test('of layers inside others', () => {
    const lstm = layer('LSTM', 'forward_it');
    const cells = [layer('LSTMCell', 'one'), layer('GRUCell', 'two'), layer('LSTMCell', 'three')];
    const nested = layer('Sequential', 'inner', { layers: [layer('Dense', 'deep')] });
    const saved = model(
      layer('Bidirectional', 'b', { layer: lstm, backward_layer: layer('GRU', 'own') }),
      layer('Bidirectional', 'c', { layer: layer('LSTM', 'it') }),
      layer('TimeDistributed', 'td', { layer: nested }),
      layer('RNN', 'r', { cell: layer('StackedRNNCells', 'stack', { cells }) }),
      layer('MultiHeadAttention', 'mha'),
      layer('GroupQueryAttention', 'gqa'),
      layer('SpectralNormalization', 'sn', { layer: layer('Conv2D', 'conv') }),
      layer('Mine', 'mine', { inner: layer('Dense', 'held') }, { registered_name: 'my>Mine' }),
    );
    const groups: Record<string, string> = {
      'layers/bidirectional/forward_layer/cell': 'b/forward_it/lstm_cell/kernel',
      'layers/bidirectional/backward_layer/cell': 'b/own/gru_cell/kernel',
      'layers/bidirectional_1/backward_layer/cell': 'c/backward_it/lstm_cell/kernel',
      'layers/time_distributed/layer/layers/dense': 'td/inner/deep/kernel',
      'layers/rnn/cell/cells/lstm_cell': 'r/stack/one/kernel',
      'layers/rnn/cell/cells/lstm_cell_1': 'r/stack/three/kernel',
      'layers/rnn/cell/cells/gru_cell': 'r/stack/two/kernel',
      'layers/multi_head_attention/_query_dense': 'mha/query/kernel',
      'layers/multi_head_attention/output_dense': 'mha/attention_output/kernel',
      'layers/grouped_query_attention/_value_dense': 'gqa/value/kernel',
      'layers/spectral_normalization': 'none',
      'layers/spectral_normalization/layer': 'sn/conv/kernel',
      'layers/mine/inner': 'mine/held/kernel',
      'layers/mine': 'mine/vars/0',
      'layers/unknown': 'layers/unknown/vars/0',
      'layers/mine/seed_generator': 'none',
      optimizer: 'none',
    };
    expect(names(saved, ...Object.keys(groups))).toEqual(Object.values(groups));
  });

  test('of a model that stands in two are found in both', () => {
    const shared = (id?: number) =>
      layer('Functional', 'both', { layers: [layer('Dense', 'in')] }, id === undefined ? {} : { shared_object_id: id });
    const saved = model(
      layer('Functional', 'outer', { layers: [shared()] }),
      shared(1),
      layer('Functional', 'last', { layers: [shared(1)] }),
    );
    expect(names(saved, 'layers/functional/layers/functional/layers/dense')).toEqual([
      'outer/both/in/kernel both/in/kernel last/both/in/kernel',
    ]);
  });
});

describe('files that are not what they seem', () => {
  const KERAS = bytesOf('words.keras');
  const DIRECTORY = Buffer.from('PK\u0001\u0002');
  /** The archive with a number in the directory's record of its first entry changed. */
  const patched = (offset: number, value: number, name: string): Uint8Array => {
    const bytes = Uint8Array.from(KERAS);
    let at = -1;
    do at = Buffer.from(bytes).indexOf(DIRECTORY, at + 1);
    while (!Buffer.from(bytes.subarray(at + 46, at + 46 + name.length)).equals(Buffer.from(name)));
    new DataView(bytes.buffer).setUint32(at + offset, value, true);
    return bytes;
  };
  const [SIZE, PLACE] = [24, 42];

  test.each([
    ['an archive cut short', KERAS.subarray(0, KERAS.length - 30), 'file-damaged'],
    ['garbage behind the mark of an archive', 'PK\u0003\u0004rest', 'file-damaged'],
    ['an empty archive', Buffer.concat([Buffer.from('PK\u0005\u0006'), Buffer.alloc(18)]), 'not-a-model'],
    ['a config that claims 4 GB', patched(SIZE, 2 ** 32 - 16, 'config.json'), 'file-damaged'],
    ['a config longer than it claims', patched(SIZE, 100, 'config.json'), 'file-damaged'],
    ['weights that claim 4 GB', patched(SIZE, 2 ** 32 - 16, 'model.weights.h5'), 'file-damaged'],
    ['an entry that lies nowhere', patched(PLACE, 2 ** 31, 'config.json'), 'file-damaged'],
    ['garbage behind the mark of HDF5', new Uint8Array([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]), 'file-damaged'],
    ['HDF5 cut in the middle', bytesOf('orders.h5').subarray(0, 20_000), 'file-damaged'],
    ['HDF5 that holds something else', bytesOf('data.h5'), 'not-a-model'],
  ])('%s', async (_, content, code) => {
    const path = written('model.keras', content);
    const error = await refusal(readModel(path));
    expect(error).toBeInstanceOf(SkipcError);
    expect(error).toMatchObject({ code, location: { file: path } });
  });

  test.each(['orders.h5', 'orders.keras', 'words.keras', 'plain-mixed.npz'])(
    '%s with bits turned over is refused or read, nothing else',
    async (name) => {
      const good = bytesOf(name);
      const topology = fixture(name.startsWith('plain') ? 'plain.json' : 'orders.json');
      let seed = 1;
      const next = (below: number): number => {
        seed = (seed * 48271) % 2147483647;
        return seed % below;
      };
      let refused = 0;
      for (let round = 0; round < 40; round++) {
        const bad = Uint8Array.from(good);
        for (let k = 0; k < 8; k++) {
          const at = next(bad.length);
          bad[at] = (bad[at] as number) ^ (1 << next(8));
        }
        const path = written('turned', bad);
        const error = await refusal(name.endsWith('.npz') ? compile(topology, { weightsFrom: path }) : readModel(path));
        if (error === 'was not refused') continue;
        expect(error).toBeInstanceOf(SkipcError);
        refused++;
      }
      expect(refused).toBeGreaterThan(0);
    },
  );

  test('the weights of an archive are read where they lie, not copied', async () => {
    const whole = bytesOf('orders.keras');
    let read = 0;
    const counting = {
      size: whole.length,
      read(position: number, target: Uint8Array): void {
        read += target.length;
        target.set(whole.subarray(position, position + target.length));
      },
    };
    const archive = await openZip(counting, undefined);
    const directory = read;
    const weights = await archive.source('model.weights.h5');
    expect(weights.size).toBe(archive.sizeOf('model.weights.h5'));
    expect(read - directory).toBeLessThan(1000);
    const head = new Uint8Array(8);
    weights.read(0, head);
    expect(Buffer.from(head).toString('latin1')).toBe('\x89HDF\r\n\x1a\n');
  });
});
