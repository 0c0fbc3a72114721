import type { Value } from '../../ir/program.ts';
import { boolean, object, optional, type Static } from '../../schema/build.ts';
import { isElementwise } from '../convolutional/finish.ts';
import type { Lowering } from '../row.ts';
import type { Cell } from './cell.ts';
import { activated, affineOf, cellConfig, gateActivation, gatesOf, recurrentActivation } from './gates.ts';

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
 *
 * The kernels are parted once, into what the gates take and what the candidate takes: a product more in a step costs less than to part
 * what one product gives, and the recurrent bias of the gates joins that of the input.
 */
export function gruCellOf(layer: Lowering, weights: GRUWeights): Cell {
  const { units, resetAfter, activation } = weights;
  const ofInput = parted(layer, weights.kernel, units, 'kernel');
  const ofState = parted(layer, weights.recurrent, units, 'recurrent_kernel');
  const bias = biasesOf(layer, weights);

  /** Both gates at once, where the activation works on each element by itself. */
  const gatesFrom = (sum: Value): readonly Value[] => {
    if (isElementwise(weights.gate)) return gatesOf(layer, activated(layer, sum, weights.gate, 'gates'), units, ['z', 'r']);
    const [z, r] = gatesOf(layer, sum, units, ['sum_z', 'sum_r']) as [Value, Value];
    return [activated(layer, z, weights.gate, 'z'), activated(layer, r, weights.gate, 'r')];
  };
  const ofReset = (before: Value, r: Value): Value => {
    if (resetAfter) return layer.op('mul', [r, affineOf(layer, before, ofState.candidate, bias?.reset ?? null)], {}, 'reset');
    return layer.op('matMul', [layer.op('mul', [r, before], {}, 'reset'), ofState.candidate], {}, 'recurrent');
  };

  return {
    states: [{ role: 'h', shape: [units] }],
    output: 0,
    project: (x) => [
      affineOf(layer, x, ofInput.gates, bias?.gates ?? null),
      affineOf(layer, x, ofInput.candidate, bias?.candidate ?? null),
    ],
    step([gates, input], [before]) {
      if (gates === undefined || input === undefined || before === undefined) throw new RangeError('a step takes two inputs and one state');
      const sum = layer.op('add', [gates, layer.op('matMul', [before, ofState.gates], {}, 'recurrent')], {}, 'sum');
      const [z, r] = gatesFrom(sum) as [Value, Value];
      const candidate = activated(layer, layer.op('add', [input, ofReset(before, r)], {}, 'candidate_sum'), activation, 'candidate');
      // z h + (1 - z) candidate, as candidate + z (h - candidate).
      const difference = layer.op('sub', [before, candidate], {}, 'difference');
      return [layer.op('add', [candidate, layer.op('mul', [z, difference], {}, 'kept')], {}, 'h_next')];
    },
  };
}

/** Weights whose last axis is [z, r, candidate]: those of both gates, and those of the candidate. */
function parted(layer: Lowering, value: Value, units: number, role: string): { readonly gates: Value; readonly candidate: Value } {
  const roles = [`${role}_gates`, `${role}_candidate`];
  const axis = value.type.shape.length - 1;
  const [gates, candidate] = layer.ops('split', [value], { sizes: [2 * units, units], axis }, roles) as [Value, Value];
  return { gates, candidate };
}

interface GRUBiases {
  readonly gates: Value;
  readonly candidate: Value;
  /** Of the product that the reset gate is applied to: it cannot join the candidate's. */
  readonly reset: Value | null;
}

function biasesOf(layer: Lowering, { units, bias, resetAfter }: GRUWeights): GRUBiases | null {
  if (bias === null) return null;
  if (!resetAfter) return { ...parted(layer, bias, units, 'bias'), reset: null };
  const rowOf = (row: number, role: string): Value => {
    const part = layer.op('slice', [bias], { begin: [row, 0], size: [1, 3 * units] }, `${role}_row`);
    return layer.op('reshape', [part], { shape: [3 * units] }, role);
  };
  const [ofInput, ofState] = [rowOf(0, 'input_bias'), rowOf(1, 'recurrent_bias')];
  const [input, state] = [parted(layer, ofInput, units, 'input_bias'), parted(layer, ofState, units, 'recurrent_bias')];
  return { gates: layer.op('add', [input.gates, state.gates], {}, 'bias_gates'), candidate: input.candidate, reset: state.candidate };
}

/** A config says it since Keras 2.1.3; before, and in tfjs-layers, the gate came before the product. */
function resetsAfterByDefault({ origin }: Lowering): boolean {
  if (origin.writer === 'tfjs-layers' || origin.keras === 1) return false;
  const [major = 3, minor = 0] = (origin.version ?? '').split('.').map(Number);
  return origin.version === null || major > 2 || minor > 3;
}
