import { object, type Static } from '../../schema/build.ts';
import type { Lowering } from '../row.ts';
import type { Cell } from './cell.ts';
import { activated, affineOf, cellConfig } from './gates.ts';

export const simpleRNNCellProperties = cellConfig;
export const simpleRNNCellConfig = object(simpleRNNCellProperties);

/** h = activation(x kernel + bias + h recurrent_kernel). */
export function simpleRNNCell(layer: Lowering<Static<typeof simpleRNNCellConfig>>, channels: number): Cell {
  const { units, use_bias, activation } = layer.config;
  const kernel = layer.weight('kernel', [channels, units]);
  const recurrent = layer.weight('recurrent_kernel', [units, units]);
  const bias = use_bias ? layer.weight('bias', [units]) : null;
  return {
    states: [{ role: 'h', shape: [units] }],
    output: 0,
    project: (x) => [affineOf(layer, x, kernel, bias)],
    step([x], [before]) {
      if (x === undefined || before === undefined) throw new RangeError('a step takes one input and one state');
      const sum = layer.op('add', [x, layer.op('matMul', [before, recurrent], {}, 'recurrent')], {}, 'sum');
      return [activated(layer, sum, activation, 'h_next')];
    },
  };
}
