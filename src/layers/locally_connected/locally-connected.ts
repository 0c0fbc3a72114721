import type { Value } from '../../ir/program.ts';
import { isKnown } from '../../ir/types.ts';
import { array, boolean, either, integer, nullable, object, oneOf, type Static, withDefault } from '../../schema/build.ts';
import { activate, activationConfig } from '../activations/activate.ts';
import { einsum } from '../einsum.ts';
import { type LayerRow, type Lowering, layer } from '../row.ts';

const sizes = either(integer({ minimum: 1 }), array(integer({ minimum: 1 })));

const config = object({
  filters: integer({ minimum: 1 }),
  kernel_size: sizes,
  strides: withDefault(nullable(sizes), 1),
  padding: withDefault(nullable(oneOf('valid', 'same')), 'valid'),
  data_format: withDefault(nullable(oneOf('channels_last', 'channels_first')), 'channels_last'),
  activation: activationConfig,
  use_bias: withDefault(nullable(boolean), true),
  implementation: withDefault(nullable(oneOf(1, 2, 3)), 1),
});
type Layer = Lowering<Static<typeof config>>;

/** Sizes along the spatial axes. */
interface Geometry {
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly channels: number;
  readonly first: boolean;
}

const locallyConnected = (rank: 1 | 2): LayerRow<Static<typeof config>> =>
  layer({
    className: `LocallyConnected${rank}D`,
    only: 2,
    doc: 'a convolution with another kernel at each place',
    config,
    onMask: 'drops',
    lower(layer) {
      const { filters, use_bias, activation, implementation } = layer.config;
      const geometry = geometryOf(layer, rank);
      const result =
        implementation === 2 ? byMatrix(layer, geometry) : implementation === 3 ? byList(layer, geometry) : byPatches(layer, geometry);
      if (use_bias === false) return activate(layer, result, activation);
      const { output, first } = geometry;
      const bias = layer.weight('bias', [...output, filters]);
      // For channels that come first, Keras reshapes the bias and does not transpose it.
      const placed = first ? layer.op('reshape', [bias], { shape: [1, filters, ...output] }, 'placed_bias') : bias;
      return activate(layer, layer.op('add', [result, placed], {}, 'sum'), activation);
    },
  });

export const locallyConnectedLayers = [locallyConnected(1), locallyConnected(2)] as const;

function geometryOf(layer: Layer, rank: number): Geometry {
  const { kernel_size, strides, padding, data_format, implementation } = layer.config;
  const { shape } = layer.x.type;
  const first = data_format === 'channels_first';
  const known = shape.slice(1).filter(isKnown);
  if (shape.length !== rank + 2 || known.length !== rank + 1)
    return layer.mismatch('a locally connected layer takes an input of known sizes', shape);
  const input = first ? known.slice(1) : known.slice(0, -1);
  const each = (value: number | readonly number[] | null): number[] => {
    const list = [value ?? 1].flat();
    return list.length === 1 ? Array.from({ length: rank }, () => list[0] as number) : list;
  };
  const [kernel, steps] = [each(kernel_size), each(strides)];
  if (kernel.length !== rank || steps.length !== rank)
    return layer.mismatch(`kernel_size and strides have to be ${rank} numbers`, kernel.join());
  if (padding === 'same' && implementation !== 2) {
    return layer.unsupported(
      'skipc compiles locally connected layers of padding "same" in their implementation 2 alone',
      'put a ZeroPadding layer before one of padding "valid"',
    );
  }
  const output = input.map((size, d) =>
    padding === 'same' ? Math.ceil(size / (steps[d] ?? 1)) : Math.floor((size - (kernel[d] ?? 1)) / (steps[d] ?? 1)) + 1,
  );
  if (output.some((size) => size < 1)) return layer.mismatch('the kernel is larger than the input', shape);
  return { input, output, kernel, strides: steps, channels: (first ? known[0] : known.at(-1)) ?? 1, first };
}

const count = (list: readonly number[]): number => list.reduce((product, size) => product * size, 1);

/** Every tuple of positions below the sizes, in row-major order. */
const grid = (ends: readonly number[]): number[][] =>
  ends.reduce<number[][]>((points, end) => points.flatMap((point) => Array.from({ length: end }, (_, i) => [...point, i])), [[]]);

/** What each place sees of the input: [batch, places, window * channels], or [batch, places, channels * window]. */
function patches(layer: Layer, { input, output, kernel, strides, channels, first }: Geometry): Value {
  const [batch = 1] = layer.x.type.shape;
  const windows = grid(output).flatMap((place) =>
    grid(kernel).map((tap) => input.reduce((flat, size, d) => flat * size + (place[d] ?? 0) * (strides[d] ?? 1) + (tap[d] ?? 0), 0)),
  );
  const seen = layer.constant(windows, [windows.length], 'seen', 'i32');
  const pixels = first ? [batch, channels, count(input)] : [batch, count(input), channels];
  const flat = layer.op('reshape', [layer.x], { shape: pixels }, 'pixels');
  const taken = layer.op('gather', [flat, seen], { axis: first ? 2 : 1 }, 'taken');
  const [places, taps] = [count(output), count(kernel)];
  if (!first) return layer.op('reshape', [taken], { shape: [batch, places, taps * channels] }, 'patches');
  const parted = layer.op('reshape', [taken], { shape: [batch, channels, places, taps] }, 'parted');
  const turned = layer.op('transpose', [parted], { perm: [0, 2, 1, 3] }, 'turned');
  return layer.op('reshape', [turned], { shape: [batch, places, channels * taps] }, 'patches');
}

/** Implementation 1: a matrix for each place. */
function byPatches(layer: Layer, geometry: Geometry): Value {
  const { output, kernel, channels, first } = geometry;
  const { filters } = layer.config;
  const matrices = layer.weight('kernel', [count(output), count(kernel) * channels, filters]);
  return placed(layer, einsum(layer, first ? 'bpi,pif->bfp' : 'bpi,pif->bpf', [patches(layer, geometry), matrices], 'places'), geometry);
}

/** Implementation 3: the entries of the matrix of implementation 2 that are not zero, in the order of outputs, then inputs. */
function byList(layer: Layer, geometry: Geometry): Value {
  const { output, kernel, channels, first } = geometry;
  const { filters } = layer.config;
  const [places, inputs] = [count(output), count(kernel) * channels];
  const list = layer.weight('kernel', [places * filters * inputs]);
  const shape = first ? [filters, places, inputs] : [places, filters, inputs];
  const matrices = layer.op('reshape', [list], { shape }, 'matrices');
  return placed(layer, einsum(layer, first ? 'bpi,fpi->bfp' : 'bpi,pfi->bpf', [patches(layer, geometry), matrices], 'places'), geometry);
}

/** Implementation 2: one matrix from all inputs to all outputs, whose entries count where an output sees an input. */
function byMatrix(layer: Layer, geometry: Geometry): Value {
  const { input, output, kernel, strides, channels, first } = geometry;
  const { filters, padding } = layer.config;
  const [from, to] = first
    ? [
        [channels, ...input],
        [filters, ...output],
      ]
    : [
        [...input, channels],
        [...output, filters],
      ];
  const shape = [...from, ...to];
  const masked = input.reduce<Value>(
    (matrix, size, d) => {
      const [at, behind] = [first ? d + 1 : d, from.length + (first ? d + 1 : d)];
      const ends = output[d] ?? 1;
      const sides = [count(shape.slice(0, at)), size, count(shape.slice(at + 1, behind)), ends, count(shape.slice(behind + 1))];
      const left = padding === 'same' ? Math.floor((kernel[d] ?? 1) / 2) : 0;
      const starts = Array.from({ length: ends }, (_, i) => i * (strides[d] ?? 1) - left);
      const index = layer.constant([...Array(size).keys()], [size, 1, 1, 1], `inputs_${d}`, 'i32');
      const start = layer.constant(starts, [ends, 1], `starts_${d}`, 'i32');
      const end = layer.constant(
        starts.map((i) => i + (kernel[d] ?? 1)),
        [ends, 1],
        `ends_${d}`,
        'i32',
      );
      const reached = layer.op('greaterEqual', [index, start], {}, `reached_${d}`);
      const seen = layer.op('logicalAnd', [reached, layer.op('less', [index, end], {}, `before_end_${d}`)], {}, `seen_${d}`);
      const parted = layer.op('reshape', [matrix], { shape: sides }, `axis_${d}`);
      return layer.op('mul', [parted, layer.cast(seen, 'f32')], {}, `masked_${d}`);
    },
    layer.weight('kernel', shape),
  );
  const [batch = 1] = layer.x.type.shape;
  const matrix = layer.op('reshape', [masked], { shape: [count(from), count(to)] }, 'matrix');
  const flat = layer.op('reshape', [layer.x], { shape: [batch, count(from)] }, 'flat');
  return layer.op('reshape', [layer.op('matMul', [flat, matrix], {})], { shape: [batch, ...to] }, 'places');
}

/** The places as the image they stand in. */
function placed(layer: Layer, x: Value, { output, first }: Geometry): Value {
  const { filters } = layer.config;
  const shape = first ? [filters, ...output] : [...output, filters];
  return layer.op('reshape', [x], { shape: [x.type.shape[0] ?? 1, ...shape] }, 'image');
}
