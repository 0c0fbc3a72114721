import fc from 'fast-check';

/** A model as Keras 2 saves it, and what a test wants to know of it. */
export interface RandomModel {
  readonly model: object;
  /** Names of the layers that some output needs, the input among them. */
  readonly live: readonly string[];
}

interface Tensor {
  readonly name: string;
  /** Without the batch. */
  readonly shape: readonly number[];
}

/** What a step is made of: which layer, of which tensors, and how. Numbers that are too large wrap around. */
type Step = readonly [kind: number, first: number, second: number, size: number, flag: boolean, trainable: boolean];

const ACTIVATIONS = ['linear', 'relu', 'tanh', 'sigmoid', 'softmax', 'elu', 'relu6'] as const;
const pick = <T>(items: readonly T[], index: number): T => items[index % items.length] as T;

const step: fc.Arbitrary<Step> = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99), fc.nat(99), fc.boolean(), fc.boolean());

/** The layers that can stand behind a tensor, each with its config and the shape it gives; `other` is of the same shape. */
function layersBehind(
  { shape }: Tensor,
  other: Tensor,
  [, , , size, flag]: Step,
): readonly (readonly [string, object, readonly number[]])[] {
  const count = shape.reduce((product, length) => product * length, 1);
  const [height = 0, width = 0, channels = 0] = shape;
  const units = 1 + (size % 4);
  const last = shape.at(-1) ?? 1;
  const order = flag ? shape.map((_, i) => shape.length - i) : [...shape.slice(1).map((_, i) => i + 2), 1];
  const anyRank: (readonly [string, object, readonly number[]])[] = [
    ['Dense', { units, use_bias: flag, activation: pick(ACTIVATIONS, size) }, [...shape.slice(0, -1), units]],
    ['Activation', { activation: pick(ACTIVATIONS, size) }, shape],
    ['BatchNormalization', { axis: -1, epsilon: 0.01, scale: flag }, shape],
    ['Dropout', { rate: 0.5 }, shape],
    ['Permute', { dims: order }, order.map((axis) => shape[axis - 1] as number)],
    ['Flatten', {}, [count]],
    ['Reshape', { target_shape: flag ? [count, 1] : [last, count / last] }, flag ? [count, 1] : [last, count / last]],
    [pick(['Add', 'Multiply', 'Average', 'Maximum', 'Minimum'], size), {}, shape],
    ['Concatenate', { axis: -1 }, [...shape.slice(0, -1), 2 * last]],
  ];
  if (other.shape.join() !== shape.join()) anyRank.splice(-2);
  if (shape.length === 2) return [...anyRank, ...sequenceLayers(shape, units, size, flag)];
  if (shape.length !== 3 || height > 8 || width > 8) return anyRank;
  const kernel = Math.min(1 + (size % 3), height, width);
  const pad = flag ? 'same' : 'valid';
  const moved = (length: number, window: number, stride: number) =>
    flag ? Math.ceil(length / stride) : Math.floor((length - window) / stride) + 1;
  const strides = 1 + (size % 2);
  const windowed = (window: number, out: number) => [moved(height, window, strides), moved(width, window, strides), out];
  const image: typeof anyRank = [
    [
      'Conv2D',
      {
        filters: units,
        kernel_size: [kernel, kernel],
        strides: [strides, strides],
        padding: pad,
        use_bias: size % 3 > 0,
        activation: pick(ACTIVATIONS, size),
      },
      windowed(kernel, units),
    ],
    [
      'Conv2DTranspose',
      { filters: units, kernel_size: [kernel, kernel], strides: [strides, strides], padding: 'same', activation: pick(ACTIVATIONS, size) },
      [height * strides, width * strides, units],
    ],
    [
      'SeparableConv2D',
      { filters: units, kernel_size: [kernel, kernel], padding: 'same', use_bias: flag, activation: pick(ACTIVATIONS, size) },
      [height, width, units],
    ],
    // Often, as much is folded around them.
    ['BatchNormalization', { axis: flag ? -1 : 3, epsilon: 0.01, center: size % 4 > 0 }, shape],
    ['Rescaling', { scale: 0.5, offset: size % 2 }, shape],
    [
      'DepthwiseConv2D',
      { kernel_size: [kernel, kernel], strides: [strides, strides], padding: pad, depth_multiplier: 1 + (size % 2) },
      windowed(kernel, channels * (1 + (size % 2))),
    ],
    [
      pick(['MaxPooling2D', 'AveragePooling2D'], size),
      { pool_size: [kernel, kernel], strides: [strides, strides], padding: pad },
      windowed(kernel, channels),
    ],
    [
      'ZeroPadding2D',
      {
        padding: [
          [0, 1],
          [1, 0],
        ],
      },
      [height + 1, width + 1, channels],
    ],
    ['UpSampling2D', { size: [2, 1], interpolation: 'nearest' }, [2 * height, width, channels]],
    ['GlobalAveragePooling2D', { keepdims: false }, [channels]],
  ];
  // Twice, as an image soon becomes something else for good.
  return [...image, ...anyRank, ...image];
}

/** Layers over [steps, features], and masks for them. */
function sequenceLayers([steps = 1, features = 1]: readonly number[], units: number, size: number, flag: boolean) {
  if (steps > 8) return [];
  const config = { units, return_sequences: flag, go_backwards: size % 3 === 0, activation: pick(ACTIVATIONS, size) };
  const className = pick(['LSTM', 'GRU', 'SimpleRNN'], size);
  const after = (channels: number) => (flag ? [steps, channels] : [channels]);
  const inner = { class_name: className, config: { ...config, name: 'inner', go_backwards: false } };
  const layers: readonly (readonly [string, object, readonly number[]])[] = [
    [className, config, after(units)],
    ['Masking', { mask_value: 0 }, [steps, features]],
    ['Bidirectional', { layer: inner, merge_mode: pick(['concat', 'sum'], size) }, after(size % 2 === 0 ? 2 * units : units)],
  ];
  // Twice, as they are few among others.
  return [...layers, ...layers];
}

const MERGES: ReadonlySet<string> = new Set(['Add', 'Multiply', 'Average', 'Maximum', 'Minimum', 'Concatenate']);
const LARGEST = 2_000;

/** A functional model: every step adds a layer behind tensors that are already there. */
function modelOf(steps: readonly Step[], outputs: readonly number[], shape: readonly number[]): RandomModel {
  const input: Tensor = { name: 'x', shape };
  const tensors: Tensor[] = [input];
  const layers: object[] = [
    {
      class_name: 'InputLayer',
      name: 'x',
      config: { name: 'x', batch_input_shape: [null, ...input.shape], dtype: 'float32' },
      inbound_nodes: [],
    },
  ];
  const sources = new Map<string, readonly string[]>([['x', []]]);
  for (const [i, step] of steps.entries()) {
    const tensor = pick(tensors.slice(-3), step[1]);
    const alike = tensors.filter(({ shape }) => shape.join() === tensor.shape.join());
    const other = pick(alike, step[2]);
    const [className, config, shape] = pick(layersBehind(tensor, other, step), step[0]);
    if (shape.reduce((product, length) => product * length, 1) > LARGEST) continue;
    const name = `${className.toLowerCase()}_${i}`;
    const given = MERGES.has(className) ? [tensor.name, other.name] : [tensor.name];
    layers.push({
      class_name: className,
      name,
      config: { name, trainable: step[5], ...config },
      inbound_nodes: [given.map((source) => [source, 0, 0, {}])],
    });
    tensors.push({ name, shape });
    sources.set(name, given);
  }
  const chosen = [...new Set([tensors.length - 1, ...outputs.map((index) => index % tensors.length)])].map(
    (index) => (tensors[index] as Tensor).name,
  );
  const live = new Set(chosen);
  for (const name of live) for (const source of sources.get(name) ?? []) live.add(source);
  const ends = (names: readonly string[]) => names.map((name) => [name, 0, 0]);
  const config = { name: 'random', trainable: true, layers, input_layers: ends(['x']), output_layers: ends(chosen) };
  return { model: { class_name: 'Functional', keras_version: '2.15.0', backend: 'tensorflow', config }, live: [...live] };
}

/** Models of up to 12 layers with one input and up to three outputs; simpler ones are found first. */
export const randomModels: fc.Arbitrary<RandomModel> = fc
  .tuple(fc.array(step, { minLength: 1, maxLength: 12 }), fc.array(fc.nat(99), { maxLength: 2 }), fc.constantFrom([6], [4, 3], [5, 4, 2]))
  .map((parts) => modelOf(...parts));
