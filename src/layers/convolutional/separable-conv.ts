import { boolean, integer, object, withDefault } from '../../schema/build.ts';
import { activationConfig } from '../activations/activate.ts';
import { layer } from '../row.ts';
import { movementOf, paddingConfig } from './conv.ts';
import { convolve, convolveDepthwise } from './convolve.ts';
import { addBias, withActivation } from './finish.ts';
import { imageKernel } from './kernel.ts';
import { dataFormat, overSpatialAxes } from './layout.ts';
import { perAxis, sizesConfig } from './sizes.ts';

const config = (rank: number) =>
  object({
    filters: integer({ minimum: 1 }),
    kernel_size: sizesConfig(rank),
    strides: withDefault(sizesConfig(rank), 1),
    padding: paddingConfig(rank),
    data_format: dataFormat,
    dilation_rate: withDefault(sizesConfig(rank), 1),
    depth_multiplier: withDefault(integer({ minimum: 1 }), 1),
    activation: activationConfig,
    use_bias: withDefault(boolean, true),
  });

const separable = (className: string, aliases: readonly string[], rank: number, doc: string) =>
  layer({
    className,
    aliases,
    doc,
    config: config(rank),
    onMask: 'drops',
    lower(layer) {
      const { filters, kernel_size, depth_multiplier, data_format, activation, use_bias } = layer.config;
      const movement = movementOf(layer, layer.config, rank);
      return withActivation(layer, activation, (early) =>
        overSpatialAxes(layer, rank, data_format, (x) => {
          const channels = Number(x.type.shape.at(-1));
          const taps = perAxis(kernel_size, rank);
          const kernel = layer.weight('depthwise_kernel', [...taps, channels, depth_multiplier]);
          const point = layer.weight('pointwise_kernel', [...taps.map(() => 1), channels * depth_multiplier, filters]);
          const bias = use_bias ? layer.weight('bias', [filters]) : null;
          const each = convolveDepthwise(layer, x, imageKernel(layer, kernel, rank), movement);
          const mixed = convolve(layer, each, imageKernel(layer, point, rank), {
            strides: [1, 1],
            dilations: [1, 1],
            padding: 'valid',
          });
          return early(addBias(layer, mixed, bias));
        }),
      );
    },
  });

export const separableConv1d = separable(
  'SeparableConv1D',
  ['SeparableConvolution1D'],
  1,
  'depthwise convolution of a sequence, then a pointwise one',
);
export const separableConv2d = separable(
  'SeparableConv2D',
  ['SeparableConvolution2D'],
  2,
  'depthwise convolution of an image, then a pointwise one',
);
