import type { Value } from '../../ir/program.ts';
import { isKnown, type Shape } from '../../ir/types.ts';
import { anything, boolean, integer, optional, type Schema, withDefault } from '../../schema/build.ts';
import { activate, activationConfig } from '../activations/activate.ts';
import { multiply } from '../core/dense.ts';
import type { Lowering } from '../row.ts';

/** Of what becomes the state: Keras's default is tanh, and null is none. */
export const stateActivation: Schema<unknown> = withDefault(activationConfig, 'tanh');

/** Of the gates; `gateActivation` knows what it is where a config leaves it out. */
export const recurrentActivation = optional(anything);

/** What the configs of all cells have in common. */
export const cellConfig = {
  units: integer({ minimum: 1 }),
  activation: stateActivation,
  use_bias: withDefault(boolean, true),
};

/**
 * The activation of the gates. Keras's default was hard_sigmoid before 2.3, and for convolutional layers up to Keras 3; that of tfjs-layers
 * still is.
 */
export function gateActivation(
  { config, origin }: Lowering<{ readonly recurrent_activation?: unknown }>,
  isConvolutional = false,
): unknown {
  if (config.recurrent_activation !== undefined) return config.recurrent_activation;
  const [major = 3, minor = 0] = (origin.version ?? '').split('.').map(Number);
  const isOld = origin.keras === 1 || origin.writer === 'tfjs-layers' || (origin.version !== null && major === 2 && minor < 3);
  return isOld || (isConvolutional && origin.keras === 2) ? 'hard_sigmoid' : 'sigmoid';
}

/** x kernel + bias for all gates in one product, whatever axes are before the last. */
export function affineOf(layer: Lowering, x: Value, kernel: Value, bias: Value | null): Value {
  const product = multiply(layer, x, kernel);
  return bias === null ? product : layer.op('add', [product, bias], {}, 'projected');
}

/** Features of one step, the sequence being [batch, steps, features]. */
export function channelsOf(layer: Lowering, step: Shape): number {
  const [channels] = step;
  if (step.length !== 1 || channels === undefined || !isKnown(channels)) {
    return layer.mismatch('a recurrent layer takes steps of one axis of known size', layer.x.type.shape);
  }
  return channels;
}

/** What the gates and the candidate of an LSTM are made of, in Keras's order. */
export const SUMS_OF_LSTM = ['sum_i', 'sum_f', 'sum_g', 'sum_o'] as const;

/** Equal parts along the last axis, one for each role. */
export function gatesOf(layer: Lowering, all: Value, units: number, roles: readonly string[]): readonly Value[] {
  return layer.ops('split', [all], { sizes: roles.map(() => units), axis: all.type.shape.length - 1 }, roles);
}

/** Applies an activation; what it gives is called after its role, where it is not the sum itself. */
export function activated(layer: Lowering, sum: Value, activation: unknown, role: string): Value {
  const value = activate(layer, sum, activation);
  return value === sum ? sum : layer.named(value, role);
}
