import type { Value } from '../../ir/program.ts';
import type { Lowering } from '../row.ts';

/** Refuses integers where Keras 3 rounds what it computes from them back to integers, each backend in its own way. */
export function refuseIntegers(layer: Lowering): void {
  const [given] = layer.inputs;
  if (layer.origin.keras === 3 && given !== undefined && given.type.dtype !== 'f32') {
    layer.unsupported('the layer normalises integers, and Keras 3 rounds the result to integers', 'put a Rescaling before it, or skip it');
  }
}

/** Mean of the squared distances from the mean, over some axes; two passes, so that a large mean costs no digits. */
export function varianceOf(layer: Lowering, distance: Value, axes: readonly number[]): Value {
  return layer.op('mean', [layer.op('square', [distance], {}, 'squared')], { axes, keepDims: true }, 'variance');
}

/** 1 / sqrt(x + epsilon). */
export function inverseRoot(layer: Lowering, x: Value, epsilon: number): Value {
  const stabilised = layer.op('add', [x, layer.scalar(epsilon, 'epsilon')], {}, 'stabilised');
  return layer.op('rsqrt', [stabilised], {}, 'inverse_deviation');
}

/** x over its Euclidean norm along some axes; sums of squares below the floor count as the floor. */
export function unitLength(layer: Lowering, x: Value, axes: readonly number[], floor: number): Value {
  const squares = layer.op('sum', [layer.op('square', [x], {}, 'squared')], { axes, keepDims: true }, 'sum_of_squares');
  const bounded = layer.op('maximum', [squares, layer.scalar(floor, 'floor')], {}, 'bounded');
  return layer.op('mul', [x, layer.op('rsqrt', [bounded], {}, 'inverse_norm')], {}, 'unit');
}
