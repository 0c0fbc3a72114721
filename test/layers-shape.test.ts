import * as tf from '@tensorflow/tfjs-core';
import { layers as tfjsLayers } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { type Compiled, compile } from '../src/compile.ts';
import { parse } from '../src/ir/parse.ts';
import { print } from '../src/ir/print.ts';
import { availableBackends, useBackend } from './backends.ts';

const backends = await availableBackends();
type Config = Readonly<Record<string, unknown>>;
type Shape = readonly (number | null)[];

/** A model of one layer, in the form that all of Keras 2, Keras 3 and tfjs-layers have read at some time. */
const model = (className: string, config: Config, shape: Shape, version = '3.15.1', dtype = 'float32') => ({
  class_name: 'Functional',
  keras_version: version,
  config: {
    name: 'm',
    layers: [
      { class_name: 'InputLayer', name: 'x', config: { name: 'x', batch_input_shape: [null, ...shape], dtype }, inbound_nodes: [] },
      { class_name: className, name: 'y', config: { name: 'y', ...config }, inbound_nodes: [[['x', 0, 0, {}]]] },
    ],
    input_layers: [['x', 0, 0]],
    output_layers: [['y', 0, 0]],
  },
});

/** Distinct numbers that single precision holds exactly. */
const counting = (shape: readonly number[], dtype: 'float32' | 'int32' = 'float32'): tf.Tensor => {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return tf.tensor(
    Array.from({ length: size }, (_, i) => ((i * 37) % 251) + 1),
    [...shape],
    dtype,
  );
};

interface Result {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly number[];
}

async function run(compiled: Compiled, x: () => tf.Tensor, weights: () => tf.NamedTensorMap = () => ({})): Promise<Result> {
  const module = await compiled.instantiate();
  const variables = weights();
  const w = await module.load(variables);
  const result = tf.tidy(() => {
    const y = module.predict(w, { x: x() })['y'] as tf.Tensor;
    return { shape: y.shape, dtype: y.dtype, data: Array.from(y.dataSync()) };
  });
  module.dispose(w);
  tf.dispose(variables);
  return result;
}

/** What a layer gives that only moves elements: element i of the result is the one at `source(i)`, or 0 where that is null. */
function moved(x: Result, shape: readonly number[], source: (index: readonly number[]) => readonly number[] | null): Result {
  const data = Array.from({ length: shape.reduce((product, dim) => product * dim, 1) }, (_, flat) => {
    const index: number[] = [];
    for (let i = shape.length - 1, rest = flat; i >= 0; rest = Math.floor(rest / (shape[i] as number)), i--)
      index.unshift(rest % (shape[i] as number));
    const from = source(index);
    if (from === null || from.some((at, i) => at < 0 || at >= (x.shape[i] as number))) return 0;
    return x.data[from.reduce((sum, at, i) => sum * (x.shape[i] as number) + at, 0)] as number;
  });
  return { shape, dtype: x.dtype, data };
}

/** What a tensor holds, which is disposed of. */
function taken(x: tf.Tensor): Result {
  const result = { shape: x.shape, dtype: x.dtype, data: Array.from(x.dataSync()) };
  x.dispose();
  return result;
}
const plain = (shape: readonly number[], dtype?: 'float32' | 'int32'): Result => taken(counting(shape, dtype));

/** Sizes of [batch, ...spatial, channels] in the order of a data format. */
const arranged = <T>(spatial: readonly T[], channels: T, format: unknown): T[] =>
  format === 'channels_first' ? [channels, ...spatial] : [...spatial, channels];

const SIZES = [
  [4, 5, 6],
  [7, 4, 5],
] as const;

describe.each(backends)('on %s', (backend) => {
  const formats = ['channels_last', 'channels_first'];
  const ranks = [1, 2, 3].flatMap((rank) => formats.map((format) => [rank, format] as const));

  /** Runs a layer over unknown sizes at two sizes, and over fixed ones, and compares with where the elements come from. */
  async function moves(
    className: string,
    config: Config,
    rank: number,
    dtype: 'float32' | 'int32',
    size: (n: number, axis: number) => number,
    from: (at: number, axis: number) => number,
  ): Promise<void> {
    await useBackend(backend);
    const format = config['data_format'];
    const first = format === 'channels_first' ? 2 : 1;
    const spatial = (axis: number) => axis >= first && axis < first + rank;
    const unknown = arranged<number | null>(Array(rank).fill(null), 3, format);
    for (const sizes of SIZES) {
      const shape = [2, ...arranged(sizes.slice(0, rank), 3, format)];
      const x = plain(shape, dtype);
      const expected = moved(
        x,
        shape.map((n, axis) => (spatial(axis) ? size(n, axis - first) : n)),
        (index) => index.map((at, axis) => (spatial(axis) ? from(at, axis - first) : at)),
      );
      for (const given of [unknown, shape.slice(1)]) {
        const compiled = await compile(model(className, config, given, '3.15.1', dtype));
        expect(await run(compiled, () => counting(shape, dtype)), `${className} at ${shape} of ${given}`).toEqual(expected);
        expect(print(parse(compiled.ir))).toBe(compiled.ir);
      }
    }
  }

  it.each(ranks)('cuts from %i unknown axes, %s', async (rank, format) => {
    const cropping = rank === 1 ? [1, 2] : [[1, 2], [0, 1], 1].slice(0, rank);
    const data_format = rank === 1 ? 'channels_last' : format;
    const cut = [[1, 2], rank === 1 ? [1, 2] : [0, 1], [1, 1]] as const;
    const ends = (axis: number) => cut[axis] as readonly [number, number];
    const size = (n: number, axis: number) => n - ends(axis)[0] - ends(axis)[1];
    await moves(`Cropping${rank}D`, { cropping, data_format }, rank, 'float32', size, (at, axis) => at + ends(axis)[0]);
  });

  it.each(ranks)('pads %i unknown axes, %s', async (rank, data_format) => {
    const padding = rank === 1 ? [2, 1] : [[2, 1], 0, [0, 2]].slice(0, rank);
    const ends = [
      [2, 1],
      [0, 0],
      [0, 2],
    ] as const;
    const size = (n: number, axis: number) => n + (ends[axis]?.[0] ?? 0) + (ends[axis]?.[1] ?? 0);
    await moves(`ZeroPadding${rank}D`, { padding, data_format }, rank, 'int32', size, (at, axis) => at - (ends[axis]?.[0] ?? 0));
  });

  it.each(ranks.flatMap(([rank, format]) => (['float32', 'int32'] as const).map((dtype) => [rank, format, dtype] as const)))(
    'repeats over %i unknown axes, %s, %s',
    async (rank, format, dtype) => {
      const counts = [3, 2, 5].slice(0, rank);
      const config = rank === 1 ? { size: 3 } : { size: counts, data_format: format };
      const by = (axis: number) => counts[axis] as number;
      await moves(
        `UpSampling${rank}D`,
        config,
        rank,
        dtype,
        (n, axis) => n * by(axis),
        (at, axis) => Math.floor(at / by(axis)),
      );
    },
  );

  it('mixes neighbours alike over unknown and fixed sizes', async () => {
    await useBackend(backend);
    const config = { size: [2, 3], interpolation: 'bilinear' };
    const open = await compile(model('UpSampling2D', config, [null, null, 2]));
    for (const size of [
      [3, 4, 2],
      [5, 1, 2],
    ]) {
      const fixed = await compile(model('UpSampling2D', config, size));
      expect(await run(open, () => counting([2, ...size]))).toEqual(await run(fixed, () => counting([2, ...size])));
    }
  });

  it.each(['float32', 'int32'] as const)('takes the nearest pixel as TensorFlow rounds, %s', async (dtype) => {
    await useBackend(backend);
    // From 2 to 41 a pixel's centre meets a border between two, and single precision decides.
    for (const [from, to] of [
      [6, 9],
      [8, 3],
      [9, 3],
      [3, 9],
      [2, 41],
      [6, 4],
    ] as const) {
      const compiled = await compile(model('Resizing', { height: to, width: 3, interpolation: 'nearest' }, [from, 3, 2], '3.15.1', dtype));
      const x = plain([2, from, 3, 2], dtype);
      const scale = Math.fround(from / to);
      const row = (y: number) => Math.min(Math.floor(Math.fround(Math.fround(y + 0.5) * scale)), from - 1);
      const expected = moved(x, [2, to, 3, 2], ([b, y, ...rest]) => [b as number, row(y as number), ...rest]);
      expect(await run(compiled, () => counting([2, from, 3, 2], dtype)), `${from} to ${to}`).toEqual(expected);
    }
  });

  it('resizes images of unknown size', async () => {
    await useBackend(backend);
    const open = await compile(model('Resizing', { height: 4, width: 7 }, [null, null, 3]));
    for (const size of [
      [5, 6, 3],
      [8, 3, 3],
    ]) {
      const fixed = await compile(model('Resizing', { height: 4, width: 7 }, size));
      expect(await run(open, () => counting([1, ...size]))).toEqual(await run(fixed, () => counting([1, ...size])));
    }
  });

  it('pads to the aspect ratio with the fill value', async () => {
    await useBackend(backend);
    const config = { height: 4, width: 4, pad_to_aspect_ratio: true, fill_value: 9 };
    const { data } = await run(await compile(model('Resizing', config, [2, 4, 1])), () => tf.ones([1, 2, 4, 1]));
    expect(data).toEqual([9, 9, 9, 9, 1, 1, 1, 1, 1, 1, 1, 1, 9, 9, 9, 9]);
  });

  it('takes the middle of images in Keras 2, where Keras 3 leaves them as they are', async () => {
    await useBackend(backend);
    const config = { height: 2, width: 2 };
    const given = () => tf.tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [1, 2, 6, 1]);
    const three = await run(await compile(model('RandomCrop', config, [2, 6, 1])), given);
    expect(three.shape).toEqual([1, 2, 6, 1]);
    const two = await run(await compile(model('RandomCrop', config, [2, 6, 1], '2.15.0')), given);
    expect(two).toEqual({ shape: [1, 2, 2, 1], dtype: 'float32', data: [2, 3, 8, 9] });
  });

  it('passes images on outside training, as integers only where Keras does', async () => {
    await useBackend(backend);
    const dtypeOf = async (className: string, version: string) =>
      (await run(await compile(model(className, {}, [2, 2, 3], version, 'int32')), () => counting([1, 2, 2, 3], 'int32'))).dtype;
    expect(await dtypeOf('RandomBrightness', '3.15.1')).toBe('int32');
    expect(await dtypeOf('RandomBrightness', '2.15.0')).toBe('float32');
    expect(await dtypeOf('RandomFlip', '3.15.1')).toBe('float32');
  });

  it('normalises with adapted moments, and back', async () => {
    await useBackend(backend);
    const weights = () => ({ 'y/mean': tf.tensor([1, 2]), 'y/variance': tf.tensor([4, 0]), 'y/count': tf.scalar(3, 'int32') });
    const x = () => tf.tensor([3, 5, 2, 2], [1, 2, 2]);
    const forward = await run(await compile(model('Normalization', { axis: 1 }, [2, 2])), x, weights);
    expect(forward.data.slice(0, 2)).toEqual([1, 2]);
    expect(forward.data.slice(2)).toEqual([0, 0]);
    const back = await run(await compile(model('Normalization', { axis: [1], invert: true }, [2, 2])), x, weights);
    expect(back.data.slice(0, 2)).toEqual([7, 11]);
  });

  it('leaves a channel without contrast as it is', async () => {
    await useBackend(backend);
    const x = () => tf.tensor([10, 0, 10, 4, 10, 2, 10, 1], [1, 2, 2, 2]);
    const { data } = await run(await compile(model('AutoContrast', { value_range: [0, 8] }, [2, 2, 2])), x);
    expect(data).toEqual([10, 0, 10, 8, 10, 4, 10, 2]);
  });

  it('rescales by nested and serialised arrays', async () => {
    await useBackend(backend);
    const scale = { class_name: '__numpy__', config: { value: [2, 3], dtype: 'float32' } };
    const { data } = await run(await compile(model('Rescaling', { scale, offset: [[1], [0]] }, [2, 2], '3.15.1', 'int32')), () =>
      tf.tensor([1, 2, 3, 4], [1, 2, 2], 'int32'),
    );
    expect(data).toEqual([3, 7, 6, 12]);
  });

  it.each([
    ['Resizing', { height: 4, width: 7, interpolation: 'bilinear' }],
    ['Resizing', { height: 3, width: 2, interpolation: 'bilinear', cropToAspectRatio: true }],
    ['Resizing', { height: 4, width: 7, interpolation: 'nearest' }],
    ['UpSampling2D', { size: [2, 3], interpolation: 'bilinear' }],
  ] as const)('computes what tfjs-layers computes on its own models: %s %o', async (className, args) => {
    await useBackend(backend);
    const made = className === 'Resizing' ? tfjsLayers.resizing(args as never) : tfjsLayers.upSampling2d(args as never);
    const expected = taken(tf.tidy(() => made.apply(counting([2, 5, 4, 3])) as tf.Tensor));
    const config = { ...args, crop_to_aspect_ratio: 'cropToAspectRatio' in args };
    const actual = await run(await compile(model(className, config, [5, 4, 3], 'tfjs-layers 4.22.0')), () => counting([2, 5, 4, 3]));
    expect(actual).toEqual(expected);
  });
});

describe('reshaping', () => {
  const shapeOf = async (className: string, config: Config, shape: Shape): Promise<unknown> =>
    (await compile(model(className, config, shape))).summary.outputs[0]?.shape;

  it('infers the size that is left open', async () => {
    expect(await shapeOf('Reshape', { target_shape: [-1, 2] }, [3, 4])).toEqual(['?', 6, 2]);
    expect(await shapeOf('Reshape', { target_shape: [-1, 2] }, [null, 4])).toEqual(['?', '?x.1*2', 2]);
    expect(await shapeOf('Reshape', { newshape: [-1, 6] }, [3, 4])).toEqual(['?*2', 6]);
    expect(await shapeOf('Flatten', {}, [3, 4])).toEqual(['?', 12]);
    expect(await shapeOf('Flatten', {}, [])).toEqual(['?', 1]);
    expect(await shapeOf('Flatten', {}, [null, null, 4])).toEqual(['?', '?y.1']);
  });

  it.each([
    ['Reshape', { target_shape: [5, 2] }, [3, 4], 'shape-mismatch'],
    ['Reshape', { target_shape: [-1, 5] }, [3, 4], 'shape-mismatch'],
    ['Reshape', { target_shape: [-1, -1] }, [3, 4], 'shape-mismatch'],
    ['Reshape', {}, [3, 4], 'shape-mismatch'],
    ['Permute', { dims: [1, 1] }, [3, 4], 'shape-mismatch'],
    ['Permute', { dims: [2, 1] }, [3, 4, 5], 'shape-mismatch'],
    ['RepeatVector', { n: 0 }, [3], 'config-invalid'],
    ['RepeatVector', { n: 2 }, [3, 4], 'shape-mismatch'],
    ['Cropping1D', { cropping: [2, 2] }, [4, 3], 'shape-mismatch'],
    ['Cropping2D', { cropping: [1, 2, 3] }, [9, 9, 3], 'config-invalid'],
    ['ZeroPadding2D', { padding: [-1, 2] }, [9, 9, 3], 'config-invalid'],
    ['UpSampling2D', { size: 0 }, [9, 9, 3], 'config-invalid'],
    ['UpSampling2D', { interpolation: 'bicubic' }, [9, 9, 3], 'layer-unsupported'],
    ['Resizing', { height: 2, width: 2, interpolation: 'area' }, [9, 9, 3], 'layer-unsupported'],
    ['Resizing', { height: 2, width: 2, antialias: true }, [9, 9, 3], 'layer-unsupported'],
    ['Resizing', { height: 2, width: 2, crop_to_aspect_ratio: true }, [null, 9, 3], 'layer-unsupported'],
    ['CenterCrop', { height: 2, width: 2 }, [null, 9, 3], 'layer-unsupported'],
    ['Rescaling', { scale: [[1, 2], [3]] }, [2], 'shape-mismatch'],
    ['Rescaling', { scale: 'half' }, [2], 'shape-mismatch'],
    ['Normalization', { mean: [1, 2], variance: [1] }, [2], 'shape-mismatch'],
    ['Normalization', { mean: [1, 2], variance: [1, -1] }, [2], 'shape-mismatch'],
    ['Normalization', { axis: 1 }, [null, 2], 'shape-mismatch'],
    ['Normalization', { axis: 5 }, [3, 2], 'shape-mismatch'],
  ] as const)('refuses %s %o over %o', async (className, config, shape, code) => {
    await expect(compile(model(className, config, shape))).rejects.toMatchObject({ code });
  });

  it('crops integers of unknown size', async () => {
    const { class_name, config } = model('Cropping1D', { cropping: [1, 1] }, [null, 1]) as {
      class_name: string;
      config: { layers: { config: Config }[] };
    };
    const [input, ...layers] = config.layers;
    const integers = { ...input, config: { ...input?.config, dtype: 'int32' } };
    const { analysis } = await compile({ class_name, config: { ...config, layers: [integers, ...layers] } });
    expect(analysis.program.ops.at(-1)?.results[0]?.type.dtype).toBe('i32');
  });

  it.each(['RandomWidth', 'CenterCrop'])('refuses the %s of tfjs-layers', async (className) => {
    const wrote = model(className, { height: 2, width: 2 }, [4, 4, 3], 'tfjs-layers 4.22.0');
    await expect(compile(wrote)).rejects.toMatchObject({ code: 'layer-unsupported' });
  });
});
