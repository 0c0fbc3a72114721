import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import '@tensorflow/tfjs-backend-cpu';
import { memory, setBackend, type Tensor, tensor2d, zeros } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Compiled, type CompileOptions, compile } from '../src/compile.ts';
import { SkipcError } from '../src/diagnostics/error.ts';

/** Loops, masks, wrappers, graph ops and Keras's files in the hands of somebody who means ill. */

type Shape = readonly (number | null)[];

const from = (name: string, shape: Shape = [null, 3, 4], dtype = 'float32') => ({
  class_name: '__keras_tensor__',
  config: { shape, dtype, keras_history: [name, 0, 0] },
});

const input = (name: string, shape: Shape = [null, 3, 4], dtype = 'float32') => ({
  class_name: 'InputLayer',
  name,
  config: { name, trainable: true, batch_shape: shape, dtype },
  inbound_nodes: [],
});

const layer = (className: string, name: string, args: readonly unknown[], config: object = {}, kwargs: object = {}) => ({
  class_name: className,
  name,
  config: { name, trainable: true, ...config },
  inbound_nodes: [{ args, kwargs }],
});

const numpyOp = (className: string, name: string, args: readonly unknown[], config: object = {}) => ({
  module: 'keras.src.ops.numpy',
  class_name: className,
  registered_name: className,
  name,
  config: { name, ...config },
  inbound_nodes: [{ args, kwargs: {} }],
});

const model = (layers: readonly object[], inputs: readonly string[], outputs: readonly string[]) => ({
  class_name: 'Functional',
  keras_version: '3.15.1',
  config: {
    name: 'hostile',
    layers,
    input_layers: inputs.map((name) => [name, 0, 0]),
    output_layers: outputs.map((name) => [name, 0, 0]),
  },
});

async function refusal(source: object | string, options: CompileOptions = {}): Promise<SkipcError> {
  try {
    await compile(source, options);
  } catch (error) {
    if (error instanceof SkipcError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

beforeAll(async () => void (await setBackend('cpu')));

describe('names that states and masks are given', () => {
  const stateful = layer('LSTM', 'b', [from('x')], { units: 2, stateful: true });

  it('an input or an output that is called as a state is', async () => {
    const add = layer('Add', 's', [[from('b', [null, 2]), from('b:state0', [null, 2])]]);
    const asInput = model([input('x'), input('b:state0', [null, 2]), stateful, add], ['x', 'b:state0'], ['s']);
    const asOutput = model([input('x'), stateful, layer('ReLU', 'b:state0', [from('b', [null, 2])])], ['x'], ['b:state0']);
    for (const source of [asInput, asOutput]) {
      expect(await refusal(source)).toMatchObject({ code: 'state-key-taken', location: { layer: 'b' } });
    }
    const { summary } = await compile(asOutput, { outputs: ['y=b:state0'] });
    expect(summary.outputs.map(({ key }) => key)).toEqual(['y', 'b:state0', 'b:state1']);
  });

  it('a feature that is called as the mask of another is', async () => {
    const layers = [
      input('x'),
      layer('Masking', 'a', [from('x')]),
      layer('LSTM', 'l', [from('a')], { units: 2 }),
      layer('ReLU', 'q', [from('x')]),
      layer('LSTM', 'k', [from('q')], { units: 2 }),
      layer('Add', 's', [[from('l', [null, 2]), from('k', [null, 2])]]),
    ];
    const source = model(layers, ['x'], ['s']);
    expect((await refusal(source, { hoist: ['a', 'a:mask=q'] })).code).toBe('key-duplicate');
    expect((await refusal(source, { inputs: ['a', 'a:mask=q'] })).code).toBe('key-duplicate');
    await compile(source, { hoist: ['a', 'm=q'] });
  });

  it('an input that is only called as a mask is must be given', async () => {
    const layers = [
      input('x'),
      input('x:mask', [null, 3], 'bool'),
      layer('ReLU', 'r', [from('x')]),
      layer('LSTM', 'l', [from('r')], { units: 2 }, { mask: from('x:mask', [null, 3], 'bool') }),
    ];
    const { code, analysis } = await compile(model(layers, ['x', 'x:mask'], ['l']), { hoist: 'r' });
    expect(code).toContain("'x:mask': Tensor2D");
    expect(analysis.program.features?.filter(({ fill }) => fill !== undefined)).toEqual([]);
  });
});

describe('cuts that share a mask which the file writes as a tensor of its own', () => {
  const any = () => from('any', [null, 3], 'bool');
  const chain = [1, 2, 3, 4].map((i) => layer('ReLU', `r${i}`, [from(i === 1 ? 'masking' : `r${i - 1}`)], {}, { mask: any() }));
  const source = model(
    [
      input('x'),
      layer('Masking', 'masking', [from('x')]),
      numpyOp('NotEqual', 'not_equal', [from('x'), 0]),
      numpyOp('Any', 'any', [from('not_equal', [null, 3, 4], 'bool')], { axis: [-1] }),
      ...chain,
      layer('LSTM', 'l', [from('r4')], { units: 2 }, { mask: any() }),
    ],
    ['x'],
    ['l'],
  );

  it.each([[['r3', 'r1']], [['r1', 'r3']]])('%j: the mask is that of the one that is live', async (inputs) => {
    const { summary } = await compile(source, { inputs });
    expect(summary.inputs.map(({ key }) => key)).toEqual(['r3', 'r3:mask']);
  });
});

describe('wrappers in wrappers that call each other twice', () => {
  it('a truth value that is called as a mask must be given all the same', async () => {
    const layers = [
      input('x'),
      numpyOp('Greater', 'x:mask', [from('x'), 0]),
      numpyOp('Where', 'w', [from('x:mask', [null, 3, 4], 'bool'), from('x'), 0]),
    ];
    const { analysis } = await compile(model(layers, ['x'], ['x:mask', 'w']), { outputs: ['w', 'x:mask'], hoist: 'x:mask' });
    const { features } = analysis.program;
    expect(features?.map(({ key, fill }) => [key, fill])).toContainEqual(['x:mask', undefined]);
  });

  it('Bidirectional in Bidirectional', async () => {
    let inner: object = { class_name: 'LSTM', config: { name: 'l', units: 2, return_sequences: true } };
    for (let i = 0; i < 24; i++) inner = { class_name: 'Bidirectional', config: { name: `b${i}`, layer: inner, return_sequences: true } };
    expect((await refusal(model([input('x'), layer('Bidirectional', 'b', [from('x')], { layer: inner })], ['x'], ['b']))).code).toBe(
      'model-too-large',
    );
  });

  it('a model in TimeDistributed that calls such a layer twice', async () => {
    let inner: object = { class_name: 'ReLU', config: { name: 's', trainable: true } };
    for (let i = 0; i < 30; i++) {
      const twice = {
        ...inner,
        name: 's',
        inbound_nodes: [
          { args: [from('i')], kwargs: {} },
          { args: [from('s')], kwargs: {} },
        ],
      };
      const nested = { name: `m${i}`, layers: [input('i'), twice], input_layers: [['i', 0, 0]], output_layers: [['s', 1, 0]] };
      inner = {
        class_name: 'TimeDistributed',
        config: { name: 's', trainable: true, layer: { class_name: 'Functional', config: nested } },
      };
    }
    const { config } = inner as { config: { layer: object } };
    const shape = [null, ...Array.from({ length: 31 }, () => 2), 3, 4];
    const source = model([input('x', shape), layer('TimeDistributed', 't', [from('x', shape)], config)], ['x'], ['t']);
    expect((await refusal(source)).code).toBe('model-too-large');
  });
});

describe('einsum', () => {
  it('of thousands of operands takes time by their number', async () => {
    const count = 4000;
    const x = from('x', [null, 4]);
    const einsum = numpyOp('Einsum', 'e', Array<object>(count).fill(x), { subscripts: `${'ab,'.repeat(count - 1)}ab->ab` });
    const { program } = (await compile(model([input('x', [null, 4]), einsum], ['x'], ['e']))).analysis;
    expect(program.ops.length).toBeGreaterThanOrEqual(count - 1);
  });

  it('whose output makes no sense is told in short', async () => {
    const einsum = numpyOp('Einsum', 'e', [from('x', [null, 4])], { subscripts: `ab->${'ab'.repeat(50_000)}` });
    const { code, message } = await refusal(model([input('x', [null, 4]), einsum], ['x'], ['e']));
    expect(code).toBe('shape-mismatch');
    expect(message.length).toBeLessThan(400);
  });
});

describe('sizes that are known only when it runs', () => {
  /** Python's `range(*slice(start, stop, step).indices(size))`. */
  function places(size: number, start: number | null, stop: number | null, step: number): number[] {
    const clamp = (at: number): number => {
      const front = at < 0 ? at + size : at;
      return step > 0 ? Math.min(Math.max(front, 0), size) : Math.min(Math.max(front, -1), size - 1);
    };
    const end = stop === null ? (step > 0 ? size : -1) : clamp(stop);
    const found: number[] = [];
    for (let at = start === null ? (step > 0 ? 0 : size - 1) : clamp(start); step > 0 ? at < end : at > end; at += step) found.push(at);
    return found;
  }

  const bounds = [null, 0, 2, 5, -2, -5, 2 ** 31, 2 ** 53];
  const cases = bounds.flatMap((start) => bounds.flatMap((stop) => [1, -1, 2, -(2 ** 31)].map((step) => [start, stop, step] as const)));

  it('a slice is the one of Python, or an error: never what lies behind the end', async () => {
    const x = tensor2d([[0, 1, 2]]);
    let compared = 0;
    let thrown = 0;
    for (const [start, stop, step] of cases) {
      const whole = { class_name: '__slice__', config: { start: null, stop: null, step: null } };
      const key = [whole, { class_name: '__slice__', config: { start, stop, step } }];
      const source = model([input('x', [null, null]), numpyOp('GetItem', 'y', [from('x', [null, null]), key])], ['x'], ['y']);
      const compiled = await compile(source).catch((error: unknown) => error);
      if (compiled instanceof SkipcError) {
        expect(compiled.code).toBe('layer-unsupported');
        continue;
      }
      const { ir, instantiate } = compiled as Compiled;
      const module = await instantiate();
      let y: Tensor | undefined;
      try {
        y = module.predict(await module.load(), x)['y'] as Tensor;
      } catch (error) {
        expect(String(error)).toMatch(/slice|shape/);
        thrown++;
        continue;
      }
      expect([...y.dataSync()], ir).toEqual(places(3, start, stop, step));
      compared++;
    }
    expect([compared > 20, thrown > 0]).toEqual([true, true]);
  }, 120_000);

  it('a part of an axis that may be too short is checked where the kernels do not', async () => {
    const key = [{ class_name: '__slice__', config: { start: null, stop: 5, step: null } }];
    const { code } = await compile(model([input('x', [null, 4]), numpyOp('GetItem', 'y', [from('x', [null, 4]), key])], ['x'], ['y']));
    expect(code).toContain('sliceWithin(x, [0, 0], [5, -1])');
  });

  it('a mask of another length than the sequence', async () => {
    const gru = layer('GRU', 'g', [from('x', [null, null, 4])], { units: 2, use_bias: false }, { mask: from('m', [null, null], 'bool') });
    const compiled = await compile(model([input('x', [null, null, 4]), input('m', [null, null], 'bool'), gru], ['x', 'm'], ['g']));
    const module = await compiled.instantiate();
    const w = await module.load({ 'g/kernel': zeros([4, 6]), 'g/recurrent_kernel': zeros([2, 6]) });
    const x = zeros([1, 3, 4]);
    for (const steps of [2, 5]) {
      const m = zeros([1, steps], 'bool');
      const before = memory().numTensors;
      expect(() => module.predict(w, { x, m })).toThrow('the sequences are of different lengths');
      expect(memory().numTensors).toBe(before);
    }
    expect((module.predict(w, { x, m: zeros([1, 3], 'bool') })['g'] as Tensor).shape).toEqual([1, 2]);
  });
});

describe('configs of what a layer is made of', () => {
  it('a fault in one is not told of another place in the file', async () => {
    const dense = layer('Dense', 'd', [from('x')], {
      units: 2,
      activation: { class_name: 'LeakyReLU', config: { name: 'l', negative_slope: 'a' } },
    });
    const { code, location } = await refusal(model([input('x'), dense], ['x'], ['d']));
    expect([code, location]).toEqual(['config-invalid', { layer: 'd', pointer: '/config/layers/1' }]);
  });
});

describe("Keras's files", () => {
  const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/keras-files/${name}`, import.meta.url));
  const dense = layer('Dense', 'dense', [from('x', [null, 2])], { units: 2 });

  it('an HDF5 dataset that is made of other files is not taken for what fills the gaps', async () => {
    const source = model([input('x', [null, 2]), dense], ['x'], ['dense']);
    const { code, message } = await refusal(source, { weightsFrom: fixture('virtual.weights.h5') });
    expect([code, message]).toEqual(['file-damaged', expect.stringContaining('made of the data of other files')]);
  });
});

describe('zip archives that grow', () => {
  it('vocabularies of more tokens than any', async () => {
    const config = JSON.stringify(model([input('x', [null, 2])], ['x'], ['x']));
    const { openZip } = await import('../src/read/zip.ts');
    const { vocabularies } = await import('../src/read/keras-files/vocabulary.ts');
    const { memoryBytes } = await import('../src/read/bytes.ts');
    const archive = await openZip(
      memoryBytes(zipped({ 'config.json': Buffer.from(config), 'assets/a/vocabulary.txt': Buffer.alloc(2 ** 23, '\n') })),
      'm',
    );
    await expect(vocabularies(archive, 'm')).rejects.toMatchObject({ code: 'file-damaged', message: expect.stringContaining('tokens') });
  });
});

/** A zip archive of these entries. */
function zipped(entries: Readonly<Record<string, Buffer>>): Uint8Array {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(entries)) {
    const packed = deflateRawSync(content);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(8, 4);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(content.length, 18);
    shared.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, Buffer.from(name), packed]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), shared, place, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(central.length, 8);
  end.writeUInt16LE(central.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...locals, directory, end]));
}
