import type { Value } from '../../ir/program.ts';
import { isKnown, type Shape } from '../../ir/types.ts';
import { boolean, integer, withDefault } from '../../schema/build.ts';
import { activationConfig } from '../activations/activate.ts';
import { multiply } from '../core/dense.ts';
import type { Lowering } from '../row.ts';

/** What the configs of all cells have in common. */
export const cellConfig = {
  units: integer({ minimum: 1 }),
  activation: activationConfig,
  use_bias: withDefault(boolean, true),
};

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

/** Equal parts along the last axis, one for each role. */
export function gatesOf(layer: Lowering, all: Value, units: number, roles: readonly string[]): readonly Value[] {
  return layer.ops('split', [all], { sizes: roles.map(() => units), axis: all.type.shape.length - 1 }, roles);
}
