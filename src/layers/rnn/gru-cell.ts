import type { Value } from '../../ir/program.ts';
import { boolean, object, optional, type Static } from '../../schema/build.ts';
import { activate } from '../activations/activate.ts';
import type { Lowering } from '../row.ts';
import type { Cell } from './cell.ts';
import { affineOf, cellConfig, gateActivation, gatesOf, recurrentActivation } from './gates.ts';

export const gruCellProperties = { ...cellConfig, recurrent_activation: recurrentActivation, reset_after: optional(boolean) };
export const gruCellConfig = object(gruCellProperties);

export function gruCell(layer: Lowering<Static<typeof gruCellConfig>>, channels: number): Cell {
  const { units, use_bias, activation } = layer.config;
  const resetAfter = layer.config.reset_after ?? resetsAfterByDefault(layer);
  const kernel = layer.weight('kernel', [channels, 3 * units]);
  const recurrent = layer.weight('recurrent_kernel', [units, 3 * units]);
  const bias = use_bias ? layer.weight('bias', resetAfter ? [2, 3 * units] : [3 * units]) : null;
  return gruCellOf(layer, { units, kernel, recurrent, bias, resetAfter, gate: gateActivation(layer), activation });
}

export interface GRUWeights {
  readonly units: number;
  /** [inputs, 3 units], the gates z and r and the candidate side by side, as in the recurrent kernel, [units, 3 units], and the bias. */
  readonly kernel: Value;
  readonly recurrent: Value;
  /** [3 units]; with `resetAfter` [2, 3 units], the second row for the product with the state. */
  readonly bias: Value | null;
  readonly resetAfter: boolean;
  /** Activations: of the gates, and of the candidate. */
  readonly gate: unknown;
  readonly activation: unknown;
}

/**
 * z and r are gates of x kernel + h recurrent_kernel; h = z h + (1 - z) act(candidate). The reset gate r is applied to h before
 * its product with the recurrent kernel (Cho et al. 2014), or with `resetAfter` to the product, which then has a bias of its own.
 */
export function gruCellOf(layer: Lowering, weights: GRUWeights): Cell {
  const { units, kernel, recurrent, bias, resetAfter, activation } = weights;
  const rowOf = (row: number, role: string): Value | null =>
    bias === null
      ? null
      : layer.op('reshape', [layer.op('slice', [bias], { begin: [row, 0], size: [1, 3 * units] }, role)], { shape: [3 * units] }, role);
  const inputBias = resetAfter ? rowOf(0, 'input_bias') : bias;
  const recurrentBias = resetAfter ? rowOf(1, 'recurrent_bias') : null;
  const columns = (begin: number, count: number, role: string): Value =>
    layer.op('slice', [recurrent], { begin: [0, begin * units], size: [units, count * units] }, role);
  const gate = (a: Value, b: Value): Value => activate(layer, layer.op('add', [a, b], {}, 'sum'), weights.gate);
  const mixed = (z: Value, before: Value, sum: Value): Value => {
    const candidate = activate(layer, sum, activation);
    // z h + (1 - z) candidate, as candidate + z (h - candidate).
    const difference = layer.op('sub', [before, candidate], {}, 'difference');
    return layer.op('add', [candidate, layer.op('mul', [z, difference], {}, 'kept')], {}, 'h_next');
  };

  const after = (x: Value, before: Value): Value => {
    const [xz, xr, xh] = gatesOf(layer, x, units, ['x_z', 'x_r', 'x_h']) as [Value, Value, Value];
    const [hz, hr, hh] = gatesOf(layer, affineOf(layer, before, recurrent, recurrentBias), units, ['h_z', 'h_r', 'h_h']) as [
      Value,
      Value,
      Value,
    ];
    const reset = layer.op('mul', [gate(xr, hr), hh], {}, 'reset');
    return mixed(gate(xz, hz), before, layer.op('add', [xh, reset], {}, 'candidate'));
  };
  const ofGates = resetAfter ? null : columns(0, 2, 'gates_kernel');
  const ofCandidate = resetAfter ? null : columns(2, 1, 'candidate_kernel');
  const beforeProduct = (x: Value, before: Value): Value => {
    const [xz, xr, xh] = gatesOf(layer, x, units, ['x_z', 'x_r', 'x_h']) as [Value, Value, Value];
    const product = layer.op('matMul', [before, ofGates as Value], {}, 'recurrent');
    const [hz, hr] = gatesOf(layer, product, units, ['h_z', 'h_r']) as [Value, Value];
    const reset = layer.op('mul', [gate(xr, hr), before], {}, 'reset');
    const sum = layer.op('add', [xh, layer.op('matMul', [reset, ofCandidate as Value], {}, 'recurrent')], {}, 'candidate');
    return mixed(gate(xz, hz), before, sum);
  };

  return {
    states: [{ role: 'h', shape: [units] }],
    output: 0,
    project: (x) => [affineOf(layer, x, kernel, inputBias)],
    step([x], [before]) {
      if (x === undefined || before === undefined) throw new RangeError('a step takes one input and one state');
      return [resetAfter ? after(x, before) : beforeProduct(x, before)];
    },
  };
}

/** A config says it since Keras 2.1.3; before, and in tfjs-layers, the gate came before the product. */
function resetsAfterByDefault({ origin }: Lowering): boolean {
  if (origin.writer === 'tfjs-layers' || origin.keras === 1) return false;
  const [major = 3, minor = 0] = (origin.version ?? '').split('.').map(Number);
  return origin.version === null || major > 2 || minor > 3;
}
