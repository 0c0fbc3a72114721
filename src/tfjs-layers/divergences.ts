import type { TensorType } from '../ir/types.ts';
import type { Origin } from '../model/graph.ts';
import type { CallMasks } from './masks.ts';

/** A call of a layer that Keras wrote, as far as what tfjs-layers computes in it depends on that. */
export interface Called {
  readonly className: string;
  /** As the file has it. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly origin: Origin;
  /** Of its tensors, undefined where it is not known. */
  readonly inputs: readonly (TensorType | undefined)[];
  readonly masks: CallMasks;
  /** True where a recurrent layer is called with states to start from. */
  readonly startsElsewhere: boolean;
}

/** Where tfjs-layers computes something else than Keras, and says nothing. */
export interface Divergence {
  readonly classNames: readonly string[];
  /** True for the calls that differ: those that agree must stay comparable. */
  when(call: Called): boolean;
  /** What tfjs-layers does, and what Keras does. */
  readonly what: string;
}

const LOOPS = ['RNN', 'SimpleRNN', 'GRU', 'LSTM', 'ConvLSTM2D'];
const GATED = ['GRU', 'LSTM', 'ConvLSTM2D', 'GRUCell', 'LSTMCell'];
const ACTIVATED = [
  ...['Activation', 'Dense', 'Conv1D', 'Conv2D', 'Conv3D', 'Conv2DTranspose', 'Conv3DTranspose', 'SeparableConv2D', 'DepthwiseConv2D'],
  ...['SimpleRNN', 'SimpleRNNCell', ...GATED],
];

/** The differences of tfjs-layers 4.22 from Keras, found by running its layers on values that Keras computed, and by reading it. */
export const DIVERGENCES: readonly Divergence[] = [
  {
    classNames: ACTIVATED,
    when: ({ config, origin }) =>
      origin.keras === 3 && ['activation', 'recurrent_activation'].some((key) => functionName(config[key]) === 'hard_sigmoid'),
    what: 'tfjs-layers computes hard_sigmoid as 0.2 x + 0.5 between 0 and 1; since Keras 3 it is relu6(x + 3) / 6',
  },
  {
    classNames: GATED,
    when: ({ config, origin, className }) => config['recurrent_activation'] === undefined && gatesBySigmoid(origin, className),
    what: 'where a file names no recurrent activation, tfjs-layers takes hard_sigmoid and this Keras sigmoid',
  },
  {
    classNames: ['GRU', 'GRUCell'],
    when: ({ config, origin }) => config['reset_after'] === undefined && config['use_bias'] === false && origin.keras >= 2,
    what: 'where a file does not say reset_after, tfjs-layers resets the state before the product with the kernel and Keras behind it',
  },
  {
    classNames: ['ReLU'],
    when: ({ config }) => numberAt(config, 'negative_slope') !== 0 || numberAt(config, 'threshold') !== 0,
    what: 'tfjs-layers reads of the config of ReLU only max_value; Keras also has a threshold and a slope below it',
  },
  {
    classNames: ['DepthwiseConv2D'],
    when: ({ config }) => pairs(config, 'kernel_size', 'dilation_rate').some(([size, rate]) => size > 1 && rate > 1),
    what: 'tfjs-layers ignores dilation_rate of DepthwiseConv2D; Keras spreads the kernel by it',
  },
  {
    classNames: ['Conv2DTranspose', 'Conv3DTranspose'],
    when: ({ config }) => pairs(config, 'kernel_size', 'dilation_rate').some(([size, rate]) => size > 1 && rate > 1),
    what: 'tfjs-layers ignores dilation_rate of a transposed convolution; Keras spreads the kernel by it',
  },
  {
    classNames: ['Conv2DTranspose', 'Conv3DTranspose'],
    when: ({ config }) => config['output_padding'] !== undefined && config['output_padding'] !== null && padsOutput(config),
    what: 'tfjs-layers ignores output_padding of a transposed convolution; in Keras it says how large the result is',
  },
  {
    classNames: ['UpSampling2D'],
    when: ({ config, inputs }) => config['interpolation'] === 'bilinear' && isResized(config, inputs[0]),
    what: 'tfjs-layers interpolates between the corners of pixels, and UpSampling2D of Keras between their centres',
  },
  {
    classNames: ['Conv1D'],
    when: ({ config }) => isChannelsFirst(config),
    what: 'tfjs-layers leaves the channels of the result of Conv1D last; Keras moves them first again',
  },
  {
    classNames: ['SeparableConv2D'],
    when: ({ config }) => isChannelsFirst(config) && config['use_bias'] !== false,
    what: 'tfjs-layers adds the bias of SeparableConv2D along the height where channels come first; Keras adds it to the channels',
  },
  {
    classNames: ['MaxPooling1D', 'AveragePooling1D', 'GlobalMaxPooling1D', 'GlobalAveragePooling1D'],
    when: ({ config }) => isChannelsFirst(config),
    what: 'tfjs-layers ignores data_format of pooling along one axis: it pools the second, where Keras pools the last',
  },
  {
    classNames: ['GlobalMaxPooling1D', 'GlobalAveragePooling1D', 'GlobalMaxPooling2D', 'GlobalAveragePooling2D'],
    when: ({ config }) => config['keepdims'] === true,
    what: 'tfjs-layers ignores keepdims of global pooling: its result lacks the axes that Keras keeps',
  },
  {
    classNames: ['LayerNormalization'],
    when: ({ config }) => config['rms_scaling'] === true,
    what: 'tfjs-layers ignores rms_scaling of LayerNormalization: it centres what Keras only scales',
  },
  {
    classNames: ['GlobalAveragePooling1D'],
    when: ({ masks }) => masks.keras !== null,
    what: 'tfjs-layers takes the mean of all steps; in Keras those that are masked do not count',
  },
  {
    classNames: [...LOOPS, 'Bidirectional', 'Softmax'],
    when: ({ masks }) => masks.keras !== masks.peer,
    what: 'tfjs-layers hands the layer another mask than its input has in Keras: that of a call before, or of one input of a merge',
  },
  {
    classNames: ['TimeDistributed'],
    when: ({ config, masks }) =>
      (masks.keras !== null || masks.peer !== null) && [...LOOPS, 'Bidirectional', 'Softmax'].includes(String(innerOf(config)?.className)),
    what: 'tfjs-layers hands the layer in TimeDistributed the mask of all steps; Keras hands it that of the step',
  },
  {
    classNames: LOOPS,
    when: ({ config, masks }) => masks.keras !== null && config['zero_output_for_mask'] === true,
    what: 'tfjs-layers repeats the output before a masked step; with zero_output_for_mask, Keras gives zeros',
  },
  {
    classNames: ['Bidirectional'],
    when: ({ config, masks }) => masks.keras !== null && innerOf(config)?.config['return_sequences'] === true,
    what: 'tfjs-layers repeats the output before a masked step; a Bidirectional of Keras that returns sequences gives zeros',
  },
  {
    classNames: [...LOOPS, 'Bidirectional'],
    when: ({ masks, startsElsewhere }) => masks.keras !== null && startsElsewhere,
    what: 'tfjs-layers gives the state it starts from for masked steps at the beginning; Keras gives zeros, or since Keras 3 has no mask there',
  },
  {
    classNames: ['RNN'],
    when: ({ config, startsElsewhere }) => {
      const cells = innerOf(config)?.config['cells'];
      return Array.isArray(cells) && cells.length > 1 && (startsElsewhere || config['return_state'] === true);
    },
    what: 'tfjs-layers lists the states of stacked cells from the last to the first, and Keras from the first to the last',
  },
];

/** The sentences on what of a call is known to differ; the layers in a wrapper count as its own. */
export function divergencesOf(call: Called): readonly string[] {
  if (call.origin.writer === 'tfjs-layers') return [];
  const found: string[] = [];
  const open = [call];
  for (const each of open) {
    for (const { classNames, when, what } of DIVERGENCES) if (classNames.includes(each.className) && when(each)) found.push(what);
    const inner = innerOf(each.config);
    // What wraps a layer answers for its masks.
    const own = { origin: call.origin, masks: { keras: null, peer: null }, startsElsewhere: false };
    if (inner !== null) open.push({ ...own, ...inner, inputs: [givenToInner(each)] });
    const { cells } = each.config;
    for (const cell of Array.isArray(cells) ? cells : []) {
      const { className, config } = layerIn(cell) ?? {};
      if (className !== undefined && config !== undefined) open.push({ ...own, className, config, inputs: [] });
    }
  }
  return [...new Set(found)];
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

function layerIn(value: unknown): Pick<Called, 'className' | 'config'> | null {
  const { class_name: className, config } = fieldsOf(value);
  return typeof className === 'string' ? { className, config: fieldsOf(config) } : null;
}

const innerOf = (config: Fields): Pick<Called, 'className' | 'config'> | null => layerIn(config['layer']) ?? layerIn(config['cell']);

/** What the layer in a TimeDistributed is given. */
function givenToInner({ className, inputs }: Called): TensorType | undefined {
  const [input] = inputs;
  return className === 'TimeDistributed' && input !== undefined ? { ...input, shape: input.shape.toSpliced(1, 1) } : input;
}

/** Keras 3 writes a function as an object. */
const functionName = (value: unknown): unknown => (typeof value === 'string' ? value : fieldsOf(value)['config']);

const isChannelsFirst = (config: Fields): boolean => config['data_format'] === 'channels_first';

const numberAt = (config: Fields, key: string): number => Number(config[key] ?? 0);

const DEFAULTS: ReadonlyMap<string, number> = new Map([
  ['strides', 1],
  ['dilation_rate', 1],
]);

/** Two settings side by side, for each axis: one number stands for all. */
function pairs(config: Fields, one: string, other: string): readonly (readonly [number, number])[] {
  const at = (key: string, i: number): number => {
    const value = config[key] ?? DEFAULTS.get(key);
    return Number(Array.isArray(value) ? value[i] : value);
  };
  const axes = [config[one], config[other]].reduce<number>((most, value) => Math.max(most, Array.isArray(value) ? value.length : 1), 1);
  return Array.from({ length: axes }, (_, i) => [at(one, i), at(other, i)] as const);
}

/** True where `output_padding` makes the result larger or smaller than it is without. */
function padsOutput(config: Fields): boolean {
  const paddings = pairs(config, 'kernel_size', 'output_padding').map(([, padding]) => padding);
  return pairs(config, 'kernel_size', 'strides').some(([size, stride], i) => {
    const without = config['padding'] === 'same' ? stride - (size % 2) : Math.max(stride - size, 0);
    return (paddings[i] ?? paddings[0]) !== without;
  });
}

/** True where some axis of more than one pixel is made larger: one pixel is what it was, wherever it is sampled. */
function isResized(config: Fields, input: TensorType | undefined): boolean {
  const size = config['size'] ?? 2;
  return [0, 1].some((i) => {
    const times = Number(Array.isArray(size) ? size[i] : size);
    return times !== 1 && input?.shape[i + (isChannelsFirst(config) ? 2 : 1)] !== 1;
  });
}

/** The default of Keras was hard_sigmoid before 2.3, and of convolutional layers before Keras 3. */
function gatesBySigmoid({ keras, version }: Origin, className: string): boolean {
  if (keras !== 2) return keras === 3;
  const [major = 2, minor = 3] = (version ?? '').split('.').map(Number);
  return className !== 'ConvLSTM2D' && (version === null || major !== 2 || minor >= 3);
}
