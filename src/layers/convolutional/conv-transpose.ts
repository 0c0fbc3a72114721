import type { Value } from '../../ir/program.ts';
import { type Dim, isKnown } from '../../ir/types.ts';
import { array, boolean, integer, nullable, object, oneOf, withDefault } from '../../schema/build.ts';
import { activationConfig } from '../activations/activate.ts';
import { type Lowering, layer } from '../row.ts';
import { movementOf } from './conv.ts';
import { convolve } from './convolve.ts';
import { addBias, withActivation } from './finish.ts';
import { imageKernel, kernelShape, kernelWeight, spreadTaps, storedKernel } from './kernel.ts';
import { type DataFormat, dataFormat, overSpatialAxes, withHeight } from './layout.ts';
import { pad } from './padding.ts';
import { interleave, type Phases, phaseKernel, phasesOf } from './phases.ts';
import { perAxis, sizesConfig } from './sizes.ts';

const config = (rank: number) =>
  object({
    filters: integer({ minimum: 1 }),
    kernel_size: sizesConfig(rank),
    strides: withDefault(sizesConfig(rank), 1),
    padding: withDefault(oneOf('valid', 'same'), 'valid'),
    output_padding: withDefault(nullable(sizesConfig(rank, 0)), null),
    data_format: dataFormat,
    dilation_rate: withDefault(sizesConfig(rank), 1),
    activation: activationConfig,
    use_bias: withDefault(boolean, true),
    ...storedKernel,
    // Keras 1 states the result's shape, with its batch, instead of an output padding.
    output_shape: withDefault(nullable(array(nullable(integer({ minimum: 1 })), { minItems: rank + 2, maxItems: rank + 2 })), null),
  });

const transposed = (className: string, aliases: readonly string[], rank: number, doc: string) =>
  layer({
    className,
    aliases,
    doc,
    config: config(rank),
    onMask: 'drops',
    lower(layer) {
      const { filters, kernel_size, padding, output_padding, output_shape, data_format, activation, use_bias } = layer.config;
      const stated = output_shape === null ? null : spatial(output_shape, data_format);
      const { strides, dilations } = movementOf(layer, layer.config, rank);
      const asked =
        output_padding === null ? null : withHeight(perAxis(output_padding, rank)).map((n, i) => (rank === 1 && i === 0 ? 0 : n));
      if (asked?.some((more, i) => more >= (strides[i] as number)))
        return layer.mismatch('output_padding is below strides', `output_padding [${asked}], strides [${strides}]`);
      return withActivation(layer, activation, (early) =>
        overSpatialAxes(layer, rank, data_format, (x) => {
          const channels = { inputs: Number(x.type.shape.at(-1)), outputs: filters };
          const kernel = kernelWeight(layer, perAxis(kernel_size, rank), channels, true);
          const bias = use_bias ? layer.weight('bias', [filters]) : null;
          const taps = spreadTaps(layer, imageKernel(layer, kernel, rank), dilations);
          const phases = strides.map((stride, i) => {
            const span = kernelShape(taps)[i] as number;
            const more = stated === null ? (asked?.[i] ?? null) : outputPadding(layer, stated[i] ?? null, x, i, { span, stride, padding });
            const { before, extra } = placement(span, stride, padding, more);
            return phasesOf(x.type.shape[i + 1] as Dim, span, stride, before, extra);
          });
          const copies = strides.reduce((product, stride) => product * stride, 1);
          const y = convolvePhases(layer, x, phaseKernel(layer, taps, phases), phases);
          return cut(layer, interleave(layer, early(addBias(layer, y, bias, copies)), phases), phases, x);
        }),
      );
    },
  });

/** The sizes of a shape along its spatial axes, as `overSpatialAxes` shows them. */
function spatial(shape: readonly (number | null)[], format: DataFormat): readonly (number | null)[] {
  const sizes = format === 'channels_first' ? shape.slice(2) : shape.slice(1, -1);
  return sizes.length === 1 ? [1, ...sizes] : sizes;
}

/** What of the output padding gives the stated size along an axis; TensorFlow, too, takes that size from what it convolves. */
function outputPadding(
  layer: Lowering,
  size: number | null,
  x: Value,
  axis: number,
  { span, stride, padding }: { readonly span: number; readonly stride: number; readonly padding: 'valid' | 'same' },
): number {
  const given = x.type.shape[axis + 1] as Dim;
  if (size === null || !isKnown(given))
    return layer.unsupported(
      'the size of what this layer gives is stated, and that of what it is given is unknown',
      'give the sizes in the shapes of the model inputs',
    );
  const more = size - (given - 1) * stride - (padding === 'valid' ? span : span % 2);
  const least = padding === 'valid' ? 0 : 1 - (span % 2);
  const fits = more >= least && more < least + stride;
  return fits ? more : layer.mismatch(`output_shape fits an input of size ${given}`, `size ${size}`);
}

/**
 * Which of all results, (n - 1) stride + span of them, Keras keeps: n * stride + `extra`, from the one at `before` on.
 * `same` without output_padding gives n * stride, with it (n - 1) stride + span % 2 + output_padding.
 */
function placement(span: number, stride: number, padding: 'valid' | 'same', outputPadding: number | null) {
  if (padding === 'valid') return { before: 0, extra: span - stride + (outputPadding ?? Math.max(stride - span, 0)) };
  const extra = outputPadding === null ? 0 : (span % 2) + outputPadding - stride;
  return { before: Math.max(Math.floor((span - stride - extra) / 2), 0), extra };
}

/** The convolution that gives all phases as channels, a step at a time. */
function convolvePhases(layer: Lowering, x: Value, kernel: Value, phases: readonly Phases[]): Value {
  const ones = phases.map(() => 1);
  const around = phases.map((axis) => axis.around);
  const same = phases.every(
    ({ taps, around: [before, after] }) => before === Math.floor((taps - 1) / 2) && after === Math.ceil((taps - 1) / 2),
  );
  return same
    ? convolve(layer, x, kernel, { strides: ones, dilations: ones, padding: 'same' })
    : convolve(layer, pad(layer, x, around), kernel, { strides: ones, dilations: ones, padding: 'valid' });
}

/** Leaves out what the blocks of phases hold beyond the result. */
function cut(layer: Lowering, y: Value, phases: readonly Phases[], x: Value): Value {
  if (phases.every(({ cut: [first, last] }) => first === 0 && last === 0)) return y;
  const begin = [0, ...phases.map((axis) => axis.cut[0]), 0];
  const size = phases.map((axis, i) => {
    const whole = y.type.shape[i + 1] as Dim;
    return isKnown(x.type.shape[i + 1] as Dim) && isKnown(whole) ? whole - axis.cut[0] - axis.cut[1] : null;
  });
  return layer.op('slice', [y], { begin, size: [null, ...size, null] });
}

export const conv1dTranspose = transposed('Conv1DTranspose', ['Convolution1DTranspose'], 1, 'transposed convolution over a sequence');
export const conv2dTranspose = transposed(
  'Conv2DTranspose',
  ['Convolution2DTranspose', 'Deconvolution2D', 'Deconv2D'],
  2,
  'transposed convolution over height and width',
);
export const conv3dTranspose = transposed(
  'Conv3DTranspose',
  ['Convolution3DTranspose', 'Deconvolution3D', 'Deconv3D'],
  3,
  'transposed convolution over depth, height and width',
);
