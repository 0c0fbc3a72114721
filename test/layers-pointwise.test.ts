import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { availableBackends, useBackend } from './backends.ts';

type Json = Readonly<Record<string, unknown>>;
type Sizes = readonly (number | null)[];
/** A tensor by its shape and its elements in row-major order. */
interface Grid {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}
const grid = (shape: readonly number[], ...values: readonly number[]): Grid => ({ shape, values });

const backends = await availableBackends();

/** A tensor of a Keras 3 file. */
const tensor = (name: string, shape: Sizes, dtype = 'float32') => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, ...shape], dtype, keras_history: [name, 0, 0] },
});

/** A model of one layer, `y`, on inputs `a`, `b`, ...; as Keras 3 writes it, or with another version. */
function model(className: string, config: Json, shapes: readonly Sizes[], { kwargs = {}, version = '3.15.0', dtype = 'float32' } = {}) {
  const names = shapes.map((_, i) => 'abc'[i] as string);
  const tensors = shapes.map((shape, i) => tensor(names[i] as string, shape, dtype));
  return {
    class_name: 'Functional',
    keras_version: version,
    config: {
      name: 'm',
      layers: [
        ...shapes.map((shape, i) => ({
          class_name: 'InputLayer',
          name: names[i],
          config: { name: names[i], batch_shape: [null, ...shape], dtype },
          inbound_nodes: [],
        })),
        {
          class_name: className,
          name: 'y',
          config: { name: 'y', ...config },
          inbound_nodes: [{ args: tensors.length === 1 ? tensors : [tensors], kwargs }],
        },
      ],
      input_layers: names.map((name) => [name, 0, 0]),
      output_layers: [['y', 0, 0]],
    },
  };
}

const refused = (source: object): Promise<unknown> =>
  compile(source).then(
    () => 'compiled',
    ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
  );

/** What the model gives for some inputs and weights, to four decimals. */
async function run(source: object, inputs: Record<string, Grid>, weights: Record<string, Grid> = {}): Promise<Grid> {
  const module = await (await compile(source)).instantiate();
  const toTensors = (grids: Record<string, Grid>) =>
    Object.fromEntries(Object.entries(grids).map(([name, { shape, values }]) => [name, tf.tensor([...values], [...shape])]));
  const [given, variables] = [toTensors(inputs), toTensors(weights)];
  const w = await module.load(variables);
  const { y } = module.predict(w, given) as { y: tf.Tensor };
  const values = [...y.dataSync()].map((value) => Math.round(value * 1e4) / 1e4 + 0);
  module.dispose(w);
  tf.dispose([given, variables, y] as tf.NamedTensorMap[]);
  return { shape: y.shape, values };
}

describe.each(backends)('on %s', (backend) => {
  const expectRun = async (...given: Parameters<typeof run>) => {
    await useBackend(backend);
    return expect(await run(...given));
  };
  afterAll(() => expect(tf.memory().numTensors).toBe(0));

  it('normalises groups over images of any size', async () => {
    const source = model('GroupNormalization', { groups: 2, epsilon: 0, scale: false, center: false }, [[null, null, 4]]);
    (await expectRun(source, { a: grid([1, 1, 1, 4], 1, 3, 5, 9) })).toEqual(grid([1, 1, 1, 4], -1, 1, -1, 1));
    const wide = grid([1, 2, 1, 4], 1, 1, 5, 5, 3, 3, 9, 9);
    (await expectRun(source, { a: wide })).toEqual(grid([1, 2, 1, 4], -1, -1, -1, -1, 1, 1, 1, 1));
  });

  it('normalises a layer over axes of unknown size, where no weight needs their size', async () => {
    const source = model('LayerNormalization', { axis: [1, 2], center: false, scale: false, epsilon: 0 }, [[null, 1]]);
    (await expectRun(source, { a: grid([1, 2, 1], 1, 3) })).toEqual(grid([1, 2, 1], -1, 1));
  });

  it('normalises groups of a middle axis between unknown sizes', async () => {
    const source = model('GroupNormalization', { groups: 1, axis: 2, epsilon: 0, scale: false, center: false }, [[null, 2, null]]);
    (await expectRun(source, { a: grid([1, 1, 2, 1], 1, 3) })).toEqual(grid([1, 1, 2, 1], -1, 1));
    (await expectRun(source, { a: grid([1, 1, 2, 2], 1, 1, 3, 3) })).toEqual(grid([1, 1, 2, 2], -1, -1, 1, 1));
  });

  it('takes the batch norm of channels first', async () => {
    const source = model('BatchNormalization', { axis: 1, epsilon: 0, scale: false, center: false }, [[2, null]]);
    const weights = { 'y/moving_mean': grid([2], 1, 2), 'y/moving_variance': grid([2], 4, 16) };
    (await expectRun(source, { a: grid([1, 2, 1], 3, 10) }, weights)).toEqual(grid([1, 2, 1], 1, 2));
    (await expectRun(source, { a: grid([1, 2, 2], 3, 5, 10, 2) }, weights)).toEqual(grid([1, 2, 2], 1, 2, 2, 0));
  });

  it('takes the softmax over two axes of unknown size together', async () => {
    const source = model('Softmax', { axis: [1, 2] }, [[null, null]]);
    (await expectRun(source, { a: grid([1, 2, 2], 0, 0, 0, 0) })).toEqual(grid([1, 2, 2], 0.25, 0.25, 0.25, 0.25));
    (await expectRun(source, { a: grid([1, 1, 3], 1000, 0, 1000) })).toEqual(grid([1, 1, 3], 0.5, 0, 0.5));
  });

  it('leaves masked elements out of a softmax, as each Keras does where all are masked', async () => {
    const given = { a: grid([2, 3], 0, 0, 9, 1, 1, 1), b: grid([2, 3], 1, 1, 0, 0, 0, 0) };
    const masked = (version: string) => {
      const source = model('Softmax', {}, [[3], [3]], { version });
      const call = source.config.layers.at(-1) as { inbound_nodes: unknown[] };
      call.inbound_nodes = [{ args: [tensor('a', [3]), tensor('b', [3])], kwargs: {} }];
      return source;
    };
    (await expectRun(masked('3.15.0'), given)).toEqual(grid([2, 3], 0.5, 0.5, 0, 0, 0, 0));
    (await expectRun(masked('2.15.0'), given)).toEqual(grid([2, 3], 0.5, 0.5, 0, 0.3333, 0.3333, 0.3333));
  });

  it('takes hard_sigmoid by the version of the writer', async () => {
    const source = (version: string) => model('Activation', { activation: 'hard_sigmoid' }, [[3]], { version });
    const given = { a: grid([1, 3], -3, 1.5, 2.5) };
    (await expectRun(source('3.15.0'), given)).toEqual(grid([1, 3], 0, 0.75, 0.9167));
    (await expectRun(source('2.15.0'), given)).toEqual(grid([1, 3], 0, 0.8, 1));
    (await expectRun(source('tfjs-layers 4.22.0'), given)).toEqual(grid([1, 3], 0, 0.8, 1));
  });

  it("takes sparsemax as Keras 3 has it, with the support's running sums added up", async () => {
    const source = model('Activation', { activation: 'sparsemax' }, [[3]]);
    // Only the largest is in the support of the first row, the two equal ones in that of the second: tau = (1 + 2 - 1) / 2.
    (await expectRun(source, { a: grid([2, 3], 2, 0, 0, 1, 1, 0) })).toEqual(grid([2, 3], 1, 0, 0, 0, 0, 0));
  });

  it('takes a layer as the activation of another, whatever way it is written', async () => {
    const given = { a: grid([1, 2], -2, 2) };
    const spec = (activation: unknown) => model('Activation', { activation }, [[2]]);
    (await expectRun(spec({ class_name: 'LeakyReLU', config: { alpha: 0.25 } }), given)).toEqual(grid([1, 2], -0.5, 2));
    (await expectRun(spec({ module: 'keras.layers', class_name: 'ReLU', config: { max_value: 1 } }), given)).toEqual(grid([1, 2], 0, 1));
    (await expectRun(spec('LeakyReLU'), given)).toEqual(grid([1, 2], -0.6, 2));
    (await expectRun(spec({ class_name: 'function', config: 'relu' }), given)).toEqual(grid([1, 2], 0, 2));
    (await expectRun(spec({ class_name: 'Activation', config: { activation: 'relu' } }), given)).toEqual(grid([1, 2], 0, 2));
  });

  it('shares the slopes of a PReLU along inner axes', async () => {
    const source = model('PReLU', { shared_axes: [2] }, [[2, 2]]);
    const given = { a: grid([1, 2, 2], -1, -2, -1, 2) };
    (await expectRun(source, given, { 'y/alpha': grid([2, 1], 2, 3) })).toEqual(grid([1, 2, 2], -2, -4, -3, 2));
  });

  it('merges tensors of different ranks behind the batch', async () => {
    const source = model('Add', {}, [[null, 2], [2]]);
    const samples = { a: grid([2, 1, 2], 1, 2, 3, 4), b: grid([2, 2], 10, 20, 30, 40) };
    (await expectRun(source, samples)).toEqual(grid([2, 1, 2], 11, 22, 33, 44));
    const steps = { a: grid([1, 2, 2], 1, 2, 3, 4), b: grid([1, 2], 10, 20) };
    (await expectRun(source, steps)).toEqual(grid([1, 2, 2], 11, 22, 13, 24));
  });

  it('sums products over an unknown axis, and over one of four', async () => {
    const steps = (features: number): Sizes => [null, features];
    const attention = model('Dot', { axes: 1 }, [steps(1), steps(2)]);
    (await expectRun(attention, { a: grid([1, 1, 1], 2), b: grid([1, 1, 2], 3, 4) })).toEqual(grid([1, 1, 2], 6, 8));
    (await expectRun(attention, { a: grid([1, 2, 1], 1, 2), b: grid([1, 2, 2], 1, 1, 3, 4) })).toEqual(grid([1, 1, 2], 7, 9));
    const image = model('Dot', { axes: [3, 1] }, [[null, 1, 2], [2]]);
    (await expectRun(image, { a: grid([1, 2, 1, 2], 1, 2, 3, 4), b: grid([1, 2], 1, 10) })).toEqual(grid([1, 2, 1], 21, 43));
  });
});

describe('refuses', () => {
  it('arithmetic that wraps around in Keras, but not what only moves bytes or computes in floats', async () => {
    const inputs: readonly Sizes[] = [[2], [2]];
    expect(await refused(model('Subtract', {}, inputs, { dtype: 'uint8' }))).toMatch(/^integer-width: Subtract/);
    expect(await refused(model('Concatenate', {}, inputs, { dtype: 'uint8' }))).toBe('compiled');
    expect(await refused(model('Rescaling', { scale: 0.5 }, [[2]], { dtype: 'uint8' }))).toBe('compiled');
    expect(await refused(model('Subtract', {}, inputs, { dtype: 'int32' }))).toBe('compiled');
  });

  it('a list of tensors where a layer takes one', async () => {
    const source = model('Activation', { activation: 'relu' }, [[2], [2]]);
    expect(await refused(source)).toBe('layer-inputs: Activation takes one tensor, but is called with 2');
  });

  it.each([
    ['an activation that is none', model('Activation', { activation: '__proto__' }, [[2]]), /^layer-unsupported: .*"__proto__"/],
    ['an activation with weights', model('Activation', { activation: { class_name: 'PReLU', config: {} } }, [[2]]), /^layer-unsupported/],
    ['glu over an odd axis', model('Activation', { activation: 'glu' }, [[3]]), /^shape-mismatch: glu/],
    ['an axis that is not there', model('Softmax', { axis: 2 }, [[3]]), /^shape-mismatch: there is no axis 2/],
    ['an axis named twice', model('LayerNormalization', { axis: [1, -1] }, [[3]]), /^shape-mismatch/],
    ['a batch norm over channels of unknown number', model('BatchNormalization', {}, [[null]]), /^shape-mismatch: the size of axis 1/],
    ['groups that do not divide the channels', model('GroupNormalization', { groups: 4 }, [[6]]), /^shape-mismatch: 6 channels/],
    [
      'integers, which LayerNormalization rounds',
      model('LayerNormalization', {}, [[6]], { dtype: 'int32' }),
      /^layer-unsupported: .*rounds/,
    ],
    [
      'integers, which GroupNormalization rounds',
      model('GroupNormalization', { groups: 1 }, [[6]], { dtype: 'int32' }),
      /^layer-unsupported/,
    ],
    ['integers, which RMSNormalization rounds', model('RMSNormalization', {}, [[6]], { dtype: 'int32' }), /^layer-unsupported: .*rounds/],
    ['a difference of three', model('Subtract', {}, [[2], [2], [2]]), /^shape-mismatch: Subtract takes two/],
    ['a sum of truth values', model('Add', {}, [[2], [2]], { dtype: 'bool' }), /^shape-mismatch: the layer merges numbers/],
    ['a dot product over the batch', model('Dot', { axes: [0, 1] }, [[2], [2]]), /^shape-mismatch: Dot cannot sum over the batch/],
    [
      'a dot product that would part an axis into two unknown sizes',
      model('Dot', { axes: -1 }, [
        [null, null, 2],
        [null, null, 2],
      ]),
      /^layer-unsupported: this Dot/,
    ],
    [
      'dropout that stays on',
      model('Dropout', { rate: 0.5 }, [[2]], { kwargs: { training: true } }),
      /^layer-unsupported: .*training=True/,
    ],
    ['embeddings with DoRA weights', model('Embedding', { input_dim: 2, output_dim: 2, dora_rank: 1 }, [[2]]), /^layer-unsupported/],
    ['a negative slope that is no number', model('LeakyReLU', { negative_slope: 'steep' }, [[2]]), /^config-invalid/],
  ])('%s', async (_, source, message) => expect(await refused(source)).toMatch(message));
});
