import type { Value } from '../../ir/program.ts';
import { activate } from '../activations/activate.ts';
import type { Lowering } from '../row.ts';

/** Activations that map each element by itself, so that it does not matter along which axis the channels stand. */
const ELEMENTWISE: ReadonlySet<unknown> = new Set([
  ...['linear', 'relu', 'relu6', 'leaky_relu', 'elu', 'celu', 'selu', 'gelu', 'silu', 'swish', 'mish'],
  ...['sigmoid', 'hard_sigmoid', 'log_sigmoid', 'sparse_sigmoid', 'hard_silu', 'hard_swish', 'tanh', 'hard_tanh'],
  ...['softplus', 'softsign', 'exponential', 'squareplus', 'sparse_plus', 'threshold'],
  ...['tanh_shrink', 'soft_shrink', 'hard_shrink'],
]);
/** Layers of which the same is true. */
const ELEMENTWISE_LAYERS: ReadonlySet<unknown> = new Set(['ReLU', 'LeakyReLU', 'ELU', 'ThresholdedReLU']);

/** True where an `activation` entry is known to be elementwise; others go where the channels are the axis Keras takes. */
export function isElementwise(activation: unknown): boolean {
  if (activation === null || activation === undefined || typeof activation === 'string') return ELEMENTWISE.has(activation ?? 'linear');
  const { class_name: className, config } = activation as { class_name?: unknown; config?: unknown };
  return className === 'function' ? ELEMENTWISE.has(config) : ELEMENTWISE_LAYERS.has(className);
}

/**
 * Computes with `compute`, which places the bias and calls `early` on the tensor on which an elementwise activation costs least
 * (and where it can be fused with what is before it); any other activation is applied to the layer's own result.
 */
export function withActivation(layer: Lowering, activation: unknown, compute: (early: (y: Value) => Value) => Value): Value {
  if (isElementwise(activation)) return compute((y) => activate(layer, y, activation));
  return activate(
    layer,
    compute((y) => y),
    activation,
  );
}

/** y + bias over the last axis, which may hold the channels several times over. */
export function addBias(layer: Lowering, y: Value, bias: Value | null, copies = 1): Value {
  if (bias === null) return y;
  return layer.op('add', [y, copies === 1 ? bias : layer.op('tile', [bias], { reps: [copies] }, 'biases')], {}, 'sum');
}
