import type { Value } from '../../ir/program.ts';
import { type Dim, isKnown, times } from '../../ir/types.ts';
import { brief, validate } from '../../schema/validate.ts';
import { onTensor } from '../activations/activate.ts';
import { movementOf } from '../convolutional/conv.ts';
import { convolveDepthwise, convolveGroups } from '../convolutional/convolve.ts';
import { imageKernel } from '../convolutional/kernel.ts';
import { type DataFormat, overSpatialAxes } from '../convolutional/layout.ts';
import { averagePooling1d, averagePooling2d, averagePooling3d, maxPooling1d, maxPooling2d, maxPooling3d } from '../pooling/pooling.ts';
import type { LayerRow, Lowering } from '../row.ts';
import type { Call } from './call.ts';
import { along } from './normalizing.ts';
import { type Operation, operation } from './operation.ts';

/** Convolutions, windows and codes of `keras.ops.nn`. */

/** A layer's work on a tensor of the call. */
export function asLayer(call: Call, row: LayerRow, x: Value, config: Readonly<Record<string, unknown>>): Value {
  const checked = validate(row.config, config, {});
  return row.lower(onTensor(call.layer, x, checked)) as Value;
}

const formatOf = (call: Call): DataFormat => {
  const given = call.text('data_format', 'channels_last');
  if (/^N[DHWC]*C$/.test(given) || given === 'channels_last') return 'channels_last';
  return given === 'channels_first' || /^NC/.test(given) ? 'channels_first' : call.mismatch('a data_format', given);
};

/** `same` or `valid`, in either case. */
function paddingOf(call: Call): 'same' | 'valid' {
  const given = call.raw('padding') ?? 'valid';
  const padding = typeof given === 'string' ? given.toLowerCase() : '';
  return padding === 'same' || padding === 'valid'
    ? padding
    : call.unsupported(`padding=${brief(given)}`, 'pad the tensor before, and use valid');
}

/** Sizes along the spatial axes; TensorFlow may write ones for the batch and the channels around them. */
function spatial(call: Call, name: string, rank: number, fallback?: readonly number[]): readonly number[] {
  if (!call.has(name) && fallback !== undefined) return fallback;
  const given = call.integers(name);
  if (given.some((size) => size < 1)) return call.mismatch(`${name} above 0`, given);
  if (given.length === 1) return Array.from({ length: rank }, () => given[0] as number);
  if (given.length === rank) return given;
  if (given.length !== rank + 2) return call.mismatch(`${name} for ${rank} axes`, given);
  return formatOf(call) === 'channels_first' ? given.slice(2) : given.slice(1, -1);
}

const POOLS = {
  average: [averagePooling1d, averagePooling2d, averagePooling3d],
  max: [maxPooling1d, maxPooling2d, maxPooling3d],
} as const;

function pooling(reduction: 'average' | 'max', keras: string, tf: string, node: string): Operation {
  return operation({
    keras,
    call: 'inputs',
    tf: { [tf]: 'input:inputs value:inputs ksize:pool_size strides padding data_format' },
    node: { [node]: 'inputs ; ksize:pool_size strides padding data_format' },
    doc: `${reduction === 'max' ? 'maximum' : 'mean'} over a window of the spatial axes`,
    lower(call) {
      const x = call.float('inputs');
      const rank = x.type.shape.length - 2;
      const row = POOLS[reduction][rank - 1];
      if (row === undefined) return call.mismatch('one to three spatial axes', x.type.shape);
      const window = spatial(call, 'pool_size', rank);
      const strides = spatial(call, 'strides', rank, window);
      const config = { pool_size: window, strides, padding: paddingOf(call), data_format: formatOf(call) };
      return asLayer(call, row as unknown as LayerRow, x, config);
    },
  });
}

type Convolve = (layer: Lowering, x: Value, kernel: Value, movement: ReturnType<typeof movementOf>) => Value;

function convolution(declared: Pick<Operation, 'keras' | 'call' | 'tf' | 'node' | 'doc'>, convolve: Convolve): Operation {
  return operation({
    ...declared,
    lower(call) {
      const [x, kernel] = [call.float('inputs'), call.float('kernel')];
      const rank = kernel.type.shape.length - 2;
      const layer = onTensor(call.layer, x, {});
      const strides = spatial(call, 'strides', rank, [1]);
      const dilation_rate = spatial(call, 'dilation_rate', rank, [1]);
      const movement = movementOf(
        layer,
        { strides: wide(strides, rank), dilation_rate: wide(dilation_rate, rank), padding: paddingOf(call) },
        rank,
      );
      return overSpatialAxes(layer, rank, formatOf(call), (image) => convolve(layer, image, imageKernel(layer, kernel, rank), movement));
    },
  });
}

const wide = (sizes: readonly number[], rank: number): readonly number[] =>
  sizes.length === rank ? sizes : Array.from({ length: rank }, () => sizes[0] ?? 1);

const CONV = 'input:inputs filters:kernel filter:kernel strides padding data_format dilations:dilation_rate';
const NODE = 'inputs kernel ; strides padding data_format dilations:dilation_rate';

const conv = convolution(
  {
    keras: 'nn.Conv',
    call: 'inputs kernel',
    tf: { 'nn.conv1d nn.conv2d nn.conv3d nn.convolution': CONV },
    node: { 'Conv2D Conv3D': NODE },
    doc: 'convolution of a tensor by another',
  },
  (layer, x, kernel, movement) => {
    const [channels, inputs] = [x.type.shape.at(-1) as number, kernel.type.shape.at(-2) as number];
    if (channels % inputs !== 0) return layer.mismatch("the kernel's channels divide the tensor's", `${inputs} and ${channels}`);
    return convolveGroups(layer, x, kernel, channels / inputs, movement);
  },
);

const depthwise = convolution(
  {
    keras: 'nn.DepthwiseConv',
    call: 'inputs kernel',
    tf: { 'nn.depthwise_conv2d': CONV },
    node: { DepthwiseConv2dNative: NODE },
    doc: 'convolution of each channel by itself',
  },
  convolveDepthwise,
);

/** 1 at the place that each number names along a new axis, else 0: everywhere, where it names none. */
function oneHotAt(call: Call, x: Value, size: number): Value {
  const { layer } = call;
  const rank = x.type.shape.length;
  const given = call.integer('axis', -1);
  const axis = given < 0 ? given + rank + 1 : given;
  if (axis < 0 || axis > rank) return call.mismatch('a place among the axes', given);
  const classes = layer.constant(
    Array.from({ length: call.bounded(size) }, (_, i) => i),
    [size, ...Array.from({ length: rank - axis }, () => 1)],
    'classes',
    'i32',
  );
  const column = layer.op('reshape', [x], { shape: x.type.shape.toSpliced(axis, 0, 1) }, 'column');
  return layer.op('equal', [column, classes], {}, 'is_class');
}

const oneHot = operation({
  keras: 'nn.OneHot',
  call: 'x',
  tf: { one_hot: 'indices:x depth:num_classes on_value off_value axis dtype' },
  node: { OneHot: 'x num_classes on_value off_value ; axis' },
  doc: '1 at the place that each integer names along a new axis, else 0',
  lower(call) {
    call.only('sparse', false);
    const hot = oneHotAt(call, call.tensor('x', 'i32'), call.integer('num_classes'));
    const [on, off] = [call.number('on_value', 1), call.number('off_value', 0)];
    const dtype = call.dtype() ?? 'f32';
    if (on === 1 && off === 0) return call.layer.cast(hot, dtype);
    return call.layer.op('where', [hot, call.layer.scalar(on, 'on', dtype), call.layer.scalar(off, 'off', dtype)], {});
  },
});

const multiHot = operation({
  keras: 'nn.MultiHot',
  call: 'inputs',
  doc: '1 at every place that one of the integers names, else 0',
  lower(call) {
    call.only('sparse', false);
    const x = call.tensor('inputs', 'i32');
    const name = call.has('num_classes') ? 'num_classes' : 'num_tokens';
    const hot = oneHotAt(call, x, call.integer(name));
    const any = call.layer.op('any', [hot], { axes: [x.type.shape.length > 1 ? 1 : 0] }, 'any');
    return call.layer.cast(any, call.dtype() ?? 'f32');
  },
});

/** Blocks of pixels from channels, or the other way round. */
function blocks(keras: string, tf: string, node: string, toSpace: boolean, doc: string): Operation {
  return operation({
    keras,
    call: 'x',
    tf: { [tf]: 'input:x block_size data_format' },
    node: { [node]: 'x ; block_size data_format' },
    doc,
    lower(call) {
      const { layer } = call;
      const given = call.tensor('x');
      if (given.type.shape.length !== 4) return call.mismatch('images', given.type.shape);
      const isFirst = formatOf(call) === 'channels_first';
      const x = isFirst ? layer.op('transpose', [given], { perm: [0, 2, 3, 1] }, 'channels_last') : given;
      const [batch, h, w, channels] = x.type.shape as readonly [Dim, Dim, Dim, Dim];
      const b = call.integer('block_size');
      const [height, width] = [h, w].map((size) => {
        if (toSpace) return isKnown(size) ? size * b : times(size, b);
        return isKnown(size) && size % b === 0
          ? size / b
          : call.unsupported('a height or width that the block does not divide', 'resize first');
      }) as [Dim, Dim];
      if (b < 1 || !isKnown(channels) || (toSpace && channels % b ** 2 !== 0))
        return call.mismatch('channels that the block divides', channels);
      const depth = toSpace ? channels / b ** 2 : channels * b ** 2;
      const apart = toSpace ? [batch, h, w, b, b, depth] : [batch, height, b, width, b, channels];
      const pieces = layer.op('reshape', [x], { shape: apart }, 'pieces');
      const perm = toSpace ? [0, 1, 3, 2, 4, 5] : [0, 1, 3, 2, 4, 5];
      const moved = layer.op('transpose', [pieces], { perm }, 'moved');
      const y = layer.op('reshape', [moved], { shape: [batch, height, width, depth] });
      return isFirst ? layer.op('transpose', [y], { perm: [0, 3, 1, 2] }) : y;
    },
  });
}

const biasAdd = operation({
  keras: '',
  call: '',
  tf: { 'nn.bias_add': 'value:x bias data_format' },
  doc: 'a number more for each channel',
  lower(call) {
    const x = call.float('x');
    if (formatOf(call) === 'channels_last') return call.layer.op('add', [x, call.float('bias')], {});
    return call.layer.op('add', [x, along(call, 'bias', x, [1])], {});
  },
});

export const nnOperations: readonly Operation[] = [
  pooling('max', 'nn.MaxPool', 'nn.max_pool nn.max_pool1d nn.max_pool2d nn.max_pool3d', 'MaxPool'),
  pooling('average', 'nn.AveragePool', 'nn.avg_pool nn.avg_pool1d nn.avg_pool2d nn.avg_pool3d', 'AvgPool'),
  conv,
  depthwise,
  oneHot,
  multiHot,
  blocks('nn.DepthToSpace', 'nn.depth_to_space', 'DepthToSpace', true, 'blocks of pixels from channels'),
  blocks('nn.SpaceToDepth', 'nn.space_to_depth', 'SpaceToDepth', false, 'channels from blocks of pixels'),
  biasAdd,
];
