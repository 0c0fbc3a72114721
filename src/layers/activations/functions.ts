import type { Value } from '../../ir/program.ts';
import type { Lowering } from '../row.ts';

type Activation = (layer: Lowering, x: Value) => Value;

const scaled = (layer: Lowering, x: Value, factor: number, role: string): Value =>
  factor === 1 ? x : layer.op('mul', [x, layer.scalar(factor, `${role}_factor`)], {}, role);

const shifted = (layer: Lowering, x: Value, offset: number, role: string): Value =>
  offset === 0 ? x : layer.op('add', [x, layer.scalar(offset, `${role}_offset`)], {}, role);

const lastAxis = (x: Value): number => x.type.shape.length - 1;

/**
 * The activation functions of Keras by the name under which they are saved (keras/src/activations/activations.py). Each
 * maps a tensor to one of the same shape, but for `glu`, which halves the last axis.
 */
export const activations = new Map<string, Activation>([
  ['linear', (_, x) => x],
  ['relu', (layer, x) => layer.op('relu', [x], {})],
  ['relu6', (layer, x) => layer.op('relu6', [x], {})],
  ['elu', (layer, x) => layer.op('elu', [x], {})],
  ['selu', (layer, x) => layer.op('selu', [x], {})],
  ['sigmoid', (layer, x) => layer.op('sigmoid', [x], {})],
  ['tanh', (layer, x) => layer.op('tanh', [x], {})],
  ['softplus', (layer, x) => layer.op('softplus', [x], {})],
  ['exponential', (layer, x) => layer.op('exp', [x], {})],
  ['softmax', softmax],
  ['log_softmax', logSoftmax],
]);

/** Softmax over the last axis. */
export function softmax(layer: Lowering, x: Value): Value {
  return layer.op('softmax', [x], {});
}

/** x - max x - ln(sum e^(x - max x)) over the last axis. */
export function logSoftmax(layer: Lowering, x: Value): Value {
  const axes = [lastAxis(x)];
  const centred = layer.op('sub', [x, layer.op('max', [x], { axes, keepDims: true })], {});
  const total = layer.op('sum', [layer.op('exp', [centred], {})], { axes, keepDims: true });
  return layer.op('sub', [centred, layer.op('log', [total], {})], {}, 'log_softmax');
}

export const parts = { scaled, shifted };
