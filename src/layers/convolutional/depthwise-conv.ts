import { boolean, integer, object, withDefault } from '../../schema/build.ts';
import { activationConfig } from '../activations/activate.ts';
import { layer } from '../row.ts';
import { movementOf, paddingConfig } from './conv.ts';
import { convolveDepthwise } from './convolve.ts';
import { addBias, withActivation } from './finish.ts';
import { imageKernel } from './kernel.ts';
import { dataFormat, overSpatialAxes } from './layout.ts';
import { perAxis, sizesConfig } from './sizes.ts';

const config = (rank: number) =>
  object({
    kernel_size: sizesConfig(rank),
    strides: withDefault(sizesConfig(rank), 1),
    padding: paddingConfig(rank),
    depth_multiplier: withDefault(integer({ minimum: 1 }), 1),
    data_format: dataFormat,
    dilation_rate: withDefault(sizesConfig(rank), 1),
    activation: activationConfig,
    use_bias: withDefault(boolean, true),
  });

const depthwise = (className: string, aliases: readonly string[], rank: number, doc: string) =>
  layer({
    className,
    aliases,
    doc,
    config: config(rank),
    onMask: 'drops',
    lower(layer) {
      const { kernel_size, depth_multiplier, data_format, activation, use_bias } = layer.config;
      // tfjs-layers writes the dilation of a depthwise convolution and computes without it; its models mean what it computed.
      const ignored = layer.origin.writer === 'tfjs-layers';
      const movement = movementOf(layer, ignored ? { ...layer.config, dilation_rate: 1 } : layer.config, rank);
      return withActivation(layer, activation, (early) =>
        overSpatialAxes(layer, rank, data_format, (x) => {
          const channels = Number(x.type.shape.at(-1));
          const kernel = layer.weight('depthwise_kernel', [...perAxis(kernel_size, rank), channels, depth_multiplier]);
          const bias = use_bias ? layer.weight('bias', [channels * depth_multiplier]) : null;
          return early(addBias(layer, convolveDepthwise(layer, x, imageKernel(layer, kernel, rank), movement), bias));
        }),
      );
    },
  });

export const depthwiseConv1d = depthwise('DepthwiseConv1D', [], 1, 'convolution of each channel of a sequence by itself');
export const depthwiseConv2d = depthwise('DepthwiseConv2D', [], 2, 'convolution of each channel of an image by itself');
