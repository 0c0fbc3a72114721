import type { Value } from '../../ir/program.ts';
import { object, type Static } from '../../schema/build.ts';
import { activate, activationConfig } from '../activations/activate.ts';
import type { Lowering } from '../row.ts';
import type { Cell } from './cell.ts';
import { affineOf, cellConfig, gatesOf } from './gates.ts';

export const lstmCellProperties = { ...cellConfig, recurrent_activation: activationConfig };
export const lstmCellConfig = object(lstmCellProperties);

/** i, f, c and o are gates of x kernel + bias + h recurrent_kernel; c = f c + i act(c), h = o act(c). Hochreiter and Schmidhuber 1997. */
export function lstmCell(layer: Lowering<Static<typeof lstmCellConfig>>, channels: number): Cell {
  const { units, use_bias } = layer.config;
  const kernel = layer.weight('kernel', [channels, 4 * units]);
  const recurrent = layer.weight('recurrent_kernel', [units, 4 * units]);
  const bias = use_bias ? layer.weight('bias', [4 * units]) : null;
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
      const { h, c } = lstmStep(layer, gatesOf(layer, sum, units, ['i', 'f', 'g', 'o']), carry);
      return [h, c];
    },
  };
}

/** From the sums of the four gates and the carry to the new state; the gates of a convolutional cell are images. */
export function lstmStep(
  layer: Lowering<{ activation: unknown; recurrent_activation: unknown }>,
  gates: readonly Value[],
  carry: Value,
): { readonly h: Value; readonly c: Value } {
  const { activation, recurrent_activation } = layer.config;
  const [i, f, c, o] = gates as [Value, Value, Value, Value];
  const gate = (value: Value): Value => activate(layer, value, recurrent_activation);
  const kept = layer.op('mul', [gate(f), carry], {}, 'kept');
  const added = layer.op('mul', [gate(i), activate(layer, c, activation)], {}, 'added');
  const next = layer.op('add', [kept, added], {}, 'c_next');
  return { h: layer.op('mul', [gate(o), activate(layer, next, activation)], {}, 'h_next'), c: next };
}
