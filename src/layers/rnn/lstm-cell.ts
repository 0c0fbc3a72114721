import type { Value } from '../../ir/program.ts';
import { object, type Static } from '../../schema/build.ts';
import type { Lowering } from '../row.ts';
import type { Cell } from './cell.ts';
import { activated, affineOf, cellConfig, gateActivation, gatesOf, recurrentActivation, SUMS_OF_LSTM } from './gates.ts';

export const lstmCellProperties = { ...cellConfig, recurrent_activation: recurrentActivation };
export const lstmCellConfig = object(lstmCellProperties);

export function lstmCell(layer: Lowering<Static<typeof lstmCellConfig>>, channels: number): Cell {
  const { units, use_bias, activation } = layer.config;
  const kernel = layer.weight('kernel', [channels, 4 * units]);
  const recurrent = layer.weight('recurrent_kernel', [units, 4 * units]);
  const bias = use_bias ? layer.weight('bias', [4 * units]) : null;
  return lstmCellOf(layer, { units, kernel, recurrent, bias, gate: gateActivation(layer), activation });
}

export interface LSTMWeights {
  readonly units: number;
  /** [inputs, 4 units], the gates i, f, c and o side by side, as in the recurrent kernel, [units, 4 units], and the bias. */
  readonly kernel: Value;
  readonly recurrent: Value;
  readonly bias: Value | null;
  /** Activations: of the gates, and of candidate and carry. */
  readonly gate: unknown;
  readonly activation: unknown;
}

/** i, f, c and o are gates of x kernel + bias + h recurrent_kernel; c = f c + i act(c), h = o act(c). Hochreiter and Schmidhuber 1997. */
export function lstmCellOf(layer: Lowering, { units, kernel, recurrent, bias, gate, activation }: LSTMWeights): Cell {
  return {
    states: [
      { role: 'h', shape: [units] },
      { role: 'c', shape: [units] },
    ],
    output: 0,
    project: (x) => [affineOf(layer, x, kernel, bias)],
    step([x], [before, carry]) {
      if (x === undefined || before === undefined || carry === undefined) throw new RangeError('a step takes one input and two states');
      const sum = layer.op('add', [x, layer.op('matMul', [before, recurrent], {}, 'recurrent')], {}, 'gates');
      const { h, c } = lstmStep(layer, gatesOf(layer, sum, units, SUMS_OF_LSTM), carry, { gate, state: activation });
      return [h, c];
    },
  };
}

interface Activations {
  /** Of the gates. */
  readonly gate: unknown;
  /** Of the candidate and of the carry. */
  readonly state: unknown;
  apply?(layer: Lowering, value: Value, activation: unknown, role: string): Value;
}

/** From the sums of the four gates and the carry to the new state; the gates of a convolutional cell are images. */
export function lstmStep(
  layer: Lowering,
  gates: readonly Value[],
  carry: Value,
  { gate, state, apply = activated }: Activations,
): { readonly h: Value; readonly c: Value } {
  const [i, f, c, o] = gates as [Value, Value, Value, Value];
  const kept = layer.op('mul', [apply(layer, f, gate, 'f'), carry], {}, 'kept');
  const added = layer.op('mul', [apply(layer, i, gate, 'i'), apply(layer, c, state, 'g')], {}, 'added');
  const next = layer.op('add', [kept, added], {}, 'c_next');
  return { h: layer.op('mul', [apply(layer, o, gate, 'o'), apply(layer, next, state, 'c_active')], {}, 'h_next'), c: next };
}
