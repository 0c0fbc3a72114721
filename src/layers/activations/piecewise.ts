import type { Value } from '../../ir/program.ts';
import type { Lowering } from '../row.ts';
import { affine } from './affine.ts';

/** Activations made of straight lines and parabolas. */

/** Slope of `leaky_relu` given by name; the layer LeakyReLU has another default. */
const LEAKY_RELU_SLOPE = 0.2;
const SHRINK_THRESHOLD = 0.5;

export const leakyRelu = (layer: Lowering, x: Value): Value => layer.op('leakyRelu', [x], { alpha: LEAKY_RELU_SLOPE });

const clip = (layer: Lowering, x: Value, min: number, max: number): Value => layer.op('clipByValue', [x], { min, max });

/** x / 6 + 1/2 between 0 and 1: since Keras 3. */
const hardSigmoid3 = (layer: Lowering, x: Value): Value => clip(layer, affine(layer, x, 1 / 6, 0.5, 'line'), 0, 1);

/** As the model's writer has it: up to Keras 2 and in tfjs-layers, the slope is 1/5. */
export const hardSigmoid = (layer: Lowering, x: Value): Value =>
  layer.origin.keras === 3 ? hardSigmoid3(layer, x) : clip(layer, affine(layer, x, 0.2, 0.5, 'line'), 0, 1);

export const hardSilu = (layer: Lowering, x: Value): Value => layer.op('mul', [x, hardSigmoid3(layer, x)], {});

export const hardTanh = (layer: Lowering, x: Value): Value => clip(layer, x, -1, 1);

/** x where |x| > 1/2, else 0. */
export function hardShrink(layer: Lowering, x: Value): Value {
  const size = layer.op('abs', [x], {}, 'magnitude');
  const far = layer.op('greater', [size, layer.scalar(SHRINK_THRESHOLD, 'threshold')], {}, 'kept');
  return layer.op('where', [far, x, layer.scalar(0, 'zero')], {});
}

/** x moved 1/2 towards 0, which it does not cross. */
export const softShrink = (layer: Lowering, x: Value): Value =>
  layer.op('sub', [x, clip(layer, x, -SHRINK_THRESHOLD, SHRINK_THRESHOLD)], {});

/** 0 up to -1, x from 1 on, and (x + 1)^2 / 4 between, which is nowhere below x. */
export function sparsePlus(layer: Lowering, x: Value): Value {
  const bend = layer.op('square', [affine(layer, clip(layer, x, -1, 1), 0.5, 0.5, 'line')], {}, 'bend');
  return layer.op('maximum', [x, bend], {});
}

/** (x + 1) / 2 between 0 and 1. */
export const sparseSigmoid = (layer: Lowering, x: Value): Value => clip(layer, affine(layer, x, 0.5, 0.5, 'line'), 0, 1);
