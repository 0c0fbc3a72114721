import type { Value } from '../../ir/program.ts';
import { isKnown, type Shape } from '../../ir/types.ts';
import { span, windowed } from '../../ops/linear/window.ts';
import { boolean, integer, object, type Static, withDefault } from '../../schema/build.ts';
import { activate } from '../activations/activate.ts';
import { movementOf, paddingConfig } from '../convolutional/conv.ts';
import { convolve } from '../convolutional/convolve.ts';
import { addBias, isElementwise } from '../convolutional/finish.ts';
import { imageKernel } from '../convolutional/kernel.ts';
import { channelsBack, channelsLast, dataFormat, withHeight } from '../convolutional/layout.ts';
import { perAxis, sizesConfig } from '../convolutional/sizes.ts';
import type { Lowering } from '../row.ts';
import type { Cell, StateLayout } from './cell.ts';
import { activated, gateActivation, gatesOf, recurrentActivation, SUMS_OF_LSTM, stateActivation } from './gates.ts';
import { lstmStep } from './lstm-cell.ts';
import { fold, unfold } from './steps.ts';

/** `unit_forget_bias` and the initialisers say what the weights were before training. */
export const convLSTMProperties = (rank: number) => ({
  filters: integer({ minimum: 1 }),
  kernel_size: sizesConfig(rank),
  strides: withDefault(sizesConfig(rank), 1),
  padding: paddingConfig(2),
  data_format: dataFormat,
  dilation_rate: withDefault(sizesConfig(rank), 1),
  activation: stateActivation,
  recurrent_activation: recurrentActivation,
  use_bias: withDefault(boolean, true),
});

const properties = object(convLSTMProperties(2));
export type ConvLSTMConfig = Static<typeof properties>;

/**
 * An LSTM whose products are convolutions: of the input as the layer says, of the state with stride 1 and zeros around it, so that it
 * keeps its size (Shi et al. 2015, without peepholes). All input convolutions are one, of the steps as so many images.
 * @param step shape of one step of the sequence, without the batch
 * @throws SkipcError `shape-mismatch` where a size of the step is unknown, as in Keras
 */
export function convLSTMCell<C extends ConvLSTMConfig>(layer: Lowering<C>, rank: number, step: Shape): Cell {
  const { filters, kernel_size, data_format, use_bias, activation } = layer.config;
  const sizes = step.filter(isKnown);
  if (sizes.length !== rank + 1)
    return layer.mismatch(`ConvLSTM${rank}D takes a sequence of steps of ${rank + 1} axes of known size`, layer.x.type.shape);
  const isFirst = data_format === 'channels_first';
  const channels = (isFirst ? sizes[0] : sizes[rank]) as number;
  const taps = perAxis(kernel_size, rank);
  const input = movementOf(layer, layer.config, rank);
  const pad = input.padding === 'same' ? 'same' : 'valid';
  const spatial = withHeight(isFirst ? sizes.slice(1) : sizes.slice(0, rank)).map((size, i) => {
    const window = span(withHeight(taps)[i] as number, input.dilations[i] as number);
    return windowed(size, window, input.strides[i] as number, pad, [layer.x.type]) as number;
  });
  const kernel = imageKernel(layer, layer.weight('kernel', [...taps, channels, 4 * filters]), rank);
  const recurrent = imageKernel(layer, layer.weight('recurrent_kernel', [...taps, filters, 4 * filters]), rank);
  const bias = use_bias ? layer.weight('bias', [4 * filters]) : null;
  const unit = spatial.map(() => 1);
  const gate = gateActivation(layer, true);
  const layout = layoutOf(layer, rank, isFirst, [...spatial, filters]);

  /** Along the axis that Keras has last, where that makes a difference. */
  const apply = (_: Lowering, value: Value, spec: unknown, role: string): Value => {
    if (!isFirst || isElementwise(spec) || layout === undefined) return activated(layer, value, spec, role);
    return layout.enter(activate(layer, layout.leave(value, 1), spec));
  };

  return {
    states: [
      { role: 'h', shape: [...spatial, filters] },
      { role: 'c', shape: [...spatial, filters] },
    ],
    output: 0,
    project(x) {
      const images = channelsLast(layer, fold(layer, x, 'steps'), data_format);
      const [count = 1, ...rest] = images.type.shape;
      const image = rank === 1 ? layer.op('reshape', [images], { shape: [isKnown(count) ? count : null, 1, ...rest] }, 'image') : images;
      const y = addBias(layer, convolve(layer, image, kernel, input), bias);
      return [unfold(layer, y, x, 'projected')];
    },
    step([x], [before, carry]) {
      if (x === undefined || before === undefined || carry === undefined) throw new RangeError('a step takes one input and two states');
      const own = convolve(layer, before, recurrent, { strides: unit, dilations: unit, padding: 'same' });
      const sum = layer.op('add', [x, own], {}, 'gates');
      const { h, c } = lstmStep(layer, gatesOf(layer, sum, filters, SUMS_OF_LSTM), carry, { gate, state: activation, apply });
      return [h, c];
    },
    ...(layout === undefined ? {} : { layout }),
  };
}

/** The loop works on images with the channels last, and takes a sequence as an image of one row. */
function layoutOf(layer: Lowering, rank: number, isFirst: boolean, inside: readonly number[]): StateLayout | undefined {
  const last = inside.slice(-rank - 1);
  const outside = isFirst ? [last.at(-1) as number, ...last.slice(0, -1)] : last;
  if (!isFirst && rank > 1) return undefined;
  const format = isFirst ? 'channels_first' : 'channels_last';
  return {
    outside,
    enter(state) {
      const moved = channelsLast(layer, state, format);
      const [count = 1, ...sizes] = moved.type.shape;
      return rank > 1 ? moved : layer.op('reshape', [moved], { shape: [isKnown(count) ? count : null, 1, ...sizes] }, 'image');
    },
    leave(value, leading) {
      const all = leading === 1 ? value : fold(layer, value, 'outputs');
      const [count = 1] = all.type.shape;
      const own = rank > 1 ? all : layer.op('reshape', [all], { shape: [isKnown(count) ? count : null, ...last] }, 'rows');
      const moved = channelsBack(layer, own, format);
      return leading === 1 ? moved : unfold(layer, moved, value);
    },
  };
}
