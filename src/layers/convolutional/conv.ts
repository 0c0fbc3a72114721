import { boolean, integer, object, oneOf, withDefault } from '../../schema/build.ts';
import { activationConfig } from '../activations/activate.ts';
import { adaptedKernel, loraConfig } from '../lora.ts';
import { type Lowering, layer } from '../row.ts';
import { convolveGroups, type Movement } from './convolve.ts';
import { addBias, withActivation } from './finish.ts';
import { imageKernel, kernelWeight, storedKernel } from './kernel.ts';
import { dataFormat, overSpatialAxes, withHeight } from './layout.ts';
import type { Padding } from './padding.ts';
import { perAxis, type Sizes, sizesConfig } from './sizes.ts';

/** `causal` is for sequences alone. */
export const paddingConfig = (rank: number) =>
  withDefault<Padding>(rank === 1 ? oneOf('valid', 'same', 'causal') : oneOf('valid', 'same'), 'valid');

const config = (rank: number) =>
  object({
    filters: integer({ minimum: 1 }),
    kernel_size: sizesConfig(rank),
    strides: withDefault(sizesConfig(rank), 1),
    padding: paddingConfig(rank),
    data_format: dataFormat,
    dilation_rate: withDefault(sizesConfig(rank), 1),
    groups: withDefault(integer({ minimum: 1, maximum: 65_536 }), 1),
    activation: activationConfig,
    use_bias: withDefault(boolean, true),
    ...loraConfig,
    ...storedKernel,
  });

/**
 * How the layer's kernel moves, a sequence taken as an image of one row.
 * @throws SkipcError `shape-mismatch` where a layer both strides and dilates, as Keras does not
 */
export function movementOf(
  layer: Lowering,
  { strides, dilation_rate, padding }: { strides: Sizes; dilation_rate: Sizes; padding: Padding },
  rank: number,
): Movement {
  const [steps, dilations] = [perAxis(strides, rank), perAxis(dilation_rate, rank)];
  if (Math.max(...steps) > 1 && Math.max(...dilations) > 1)
    return layer.mismatch('strides and dilation_rate are not both above 1', `strides [${steps}], dilation_rate [${dilations}]`);
  return { strides: withHeight(steps), dilations: withHeight(dilations), padding };
}

const conv = (className: string, aliases: readonly string[], rank: number, doc: string) =>
  layer({
    className,
    aliases,
    doc,
    config: config(rank),
    onMask: 'drops',
    lower(layer) {
      const { filters, kernel_size, data_format, groups, activation, use_bias } = layer.config;
      const movement = movementOf(layer, layer.config, rank);
      return withActivation(layer, activation, (early) =>
        overSpatialAxes(layer, rank, data_format, (x) => {
          const channels = Number(x.type.shape.at(-1));
          if (channels % groups !== 0 || filters % groups !== 0)
            return layer.mismatch(`${groups} groups divide the channels and the filters`, `${channels} channels, ${filters} filters`);
          const sizes = perAxis(kernel_size, rank);
          const kernel = kernelWeight(layer, sizes, { inputs: channels / groups, outputs: filters });
          const bias = use_bias ? layer.weight('bias', [filters]) : null;
          const adapted = adaptedKernel(layer, kernel);
          const y = convolveGroups(layer, x, imageKernel(layer, adapted, rank), groups, movement);
          return early(addBias(layer, y, bias));
        }),
      );
    },
  });

export const conv1d = conv('Conv1D', ['Convolution1D'], 1, 'convolution over a sequence');
export const conv2d = conv('Conv2D', ['Convolution2D'], 2, 'convolution over height and width');
export const conv3d = conv('Conv3D', ['Convolution3D'], 3, 'convolution over depth, height and width');
