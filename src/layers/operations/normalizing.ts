import type { Value } from '../../ir/program.ts';
import { inverseRoot, unitLength, varianceOf } from '../normalization/moments.ts';
import { axesOfCall, sizeOfAxis } from './axes.ts';
import type { Call } from './call.ts';
import { vectorNorm } from './linear.ts';
import { type Operation, operation } from './operation.ts';

/** Normalisations of `keras.ops.nn`. */

/** Keras 3 bounds the inverse of the norm, TensorFlow the sum of squares. */
const normalize = operation({
  keras: 'nn.Normalize',
  call: 'x',
  tf: { 'math.l2_normalize nn.l2_normalize linalg.l2_normalize': 'x axis epsilon dim:axis' },
  doc: 'x over its norm along axes',
  lower(call) {
    const { layer } = call;
    const x = call.float('x');
    const axes = axesOfCall(call, x);
    if (call.form === 'tf') return unitLength(layer, x, axes, call.number('epsilon', 1e-12));
    const [order, epsilon] = [call.integer('order', 2), call.number('epsilon', 1e-7)];
    const how = { axes, keepDims: true };
    if (order !== 2) {
      const floor = layer.scalar(epsilon, 'epsilon');
      return layer.op('div', [x, layer.op('maximum', [vectorNorm(order, call)(layer, x, how), floor], {}, 'norm')], {});
    }
    const squares = layer.op('sum', [layer.op('square', [x], {}, 'squared')], how, 'sum_of_squares');
    const inverse = layer.op('minimum', [layer.op('rsqrt', [squares], {}), layer.scalar(1 / epsilon, 'largest')], {}, 'inverse_norm');
    return layer.op('mul', [x, inverse], {});
  },
});

/** An operand of a normalisation, laid along its axes. */
export function along(call: Call, name: string, x: Value, axes: readonly number[]): Value {
  const value = call.float(name);
  if (value.type.shape.length === x.type.shape.length || axes.includes(x.type.shape.length - 1)) return value;
  return call.layer.op('reshape', [value], { shape: x.type.shape.map((_, i) => (axes.includes(i) ? sizeOfAxis(call, x, i) : 1)) }, name);
}

const refuseIntegers = (call: Call, name: string): Value =>
  call.tensor(name).type.dtype === 'f32'
    ? call.float(name)
    : call.unsupported('integers, to which the result is rounded', 'cast to float32 first');

const layerNorm = operation({
  keras: 'nn.LayerNorm',
  call: 'x gamma beta',
  doc: 'normalised over axes to mean 0 and variance 1, then scaled and moved',
  lower(call) {
    const { layer } = call;
    const x = refuseIntegers(call, 'x');
    const axes = call.has('axis') ? axesOfCall(call, x) : [x.type.shape.length - 1];
    const centred = layer.op('sub', [x, layer.op('mean', [x], { axes, keepDims: true }, 'mean')], {}, 'centred');
    const inverse = inverseRoot(layer, varianceOf(layer, centred, axes), call.number('epsilon', 1e-7));
    if (call.flag('rms_scaling', false)) {
      const scaled = layer.op('mul', [x, inverse], {}, 'scaled');
      return call.has('gamma') ? layer.op('mul', [scaled, along(call, 'gamma', x, axes)], {}) : scaled;
    }
    const unit = layer.op('mul', [centred, inverse], {}, 'unit');
    const scaled = call.has('gamma') ? layer.op('mul', [unit, along(call, 'gamma', x, axes)], {}, 'scaled') : unit;
    return call.has('beta') ? layer.op('add', [scaled, along(call, 'beta', x, axes)], {}) : scaled;
  },
});

const rmsNorm = operation({
  keras: 'nn.RMSNorm',
  call: 'x scale',
  doc: 'over the root of the mean square along axes, then scaled',
  lower(call) {
    const { layer } = call;
    const x = refuseIntegers(call, 'x');
    const axes = call.has('axis') ? axesOfCall(call, x) : [x.type.shape.length - 1];
    const square = layer.op('mean', [layer.op('square', [x], {}, 'squared')], { axes, keepDims: true }, 'mean_square');
    const unit = layer.op('mul', [x, inverseRoot(layer, square, call.number('epsilon', 1e-7))], {}, 'unit');
    return call.has('scale') ? layer.op('mul', [unit, call.float('scale')], {}) : unit;
  },
});

const batchNorm = operation({
  keras: 'nn.BatchNorm',
  call: 'x mean variance offset scale',
  tf: { 'nn.batch_normalization': 'x mean variance offset scale variance_epsilon:epsilon' },
  doc: '(x - mean) / sqrt(variance + epsilon) scale + offset, the others along an axis of x',
  lower(call) {
    const { layer } = call;
    const x = refuseIntegers(call, 'x');
    const axes = call.form === 'tf' ? [x.type.shape.length - 1] : axesOfCall(call, x);
    const inverse = inverseRoot(layer, along(call, 'variance', x, axes), call.number('epsilon', 1e-3));
    const factor = call.has('scale') ? layer.op('mul', [inverse, along(call, 'scale', x, axes)], {}, 'factor') : inverse;
    const centred = layer.op('sub', [x, along(call, 'mean', x, axes)], {}, 'centred');
    const scaled = layer.op('mul', [centred, factor], {}, 'scaled');
    return call.has('offset') ? layer.op('add', [scaled, along(call, 'offset', x, axes)], {}) : scaled;
  },
});

export const normalizations: readonly Operation[] = [normalize, layerNorm, rmsNorm, batchNorm];
