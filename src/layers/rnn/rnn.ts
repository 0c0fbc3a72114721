import type { Shape } from '../../ir/types.ts';
import { anything, array, either, object, optional, type Schema, string } from '../../schema/build.ts';
import { brief, validate } from '../../schema/validate.ts';
import { type Lowering, layer } from '../row.ts';
import type { Cell } from './cell.ts';
import { channelsOf } from './gates.ts';
import { gruCell, gruCellConfig } from './gru-cell.ts';
import { lstmCell, lstmCellConfig } from './lstm-cell.ts';
import { recurrent, recurrentConfig } from './recurrent.ts';
import { simpleRNNCell, simpleRNNCellConfig } from './simple-rnn-cell.ts';
import { stackedCells } from './stacked-cells.ts';

const envelope = object({ class_name: string, config: object({ name: optional(string), cells: optional(array(anything)) }) });

interface CellRow<C> {
  readonly config: Schema<C>;
  readonly make: (layer: Lowering<C>, channels: number) => Cell;
}

const cellRow = <C>(config: Schema<C>, make: CellRow<C>['make']): CellRow<unknown> => ({ config, make }) as unknown as CellRow<unknown>;

/** The cells that a layer may be given, by class name. */
const cellRows: ReadonlyMap<string, CellRow<unknown>> = new Map([
  ['SimpleRNNCell', cellRow(simpleRNNCellConfig, simpleRNNCell)],
  ['GRUCell', cellRow(gruCellConfig, gruCell)],
  ['LSTMCell', cellRow(lstmCellConfig, lstmCell)],
]);

export const rnn = layer({
  className: 'RNN',
  doc: 'a cell, or several stacked, over the steps of a sequence',
  takesList: true,
  keywords: ['initial_state'],
  config: object({ ...recurrentConfig, cell: either(envelope, array(envelope)) }),
  lower: (layer) => recurrent(layer, (step) => cellOf(layer, layer.config.cell, channelsOf(layer, step), new Set())),
});

/** @param taken names of cells beside this one; null where the cell's own name is not that of its variables */
function cellOf(layer: Lowering, spec: unknown, channels: number, taken: Set<string> | null): Cell {
  const cells = Array.isArray(spec)
    ? { class_name: 'StackedRNNCells', config: { cells: spec as unknown[] } }
    : validate(envelope, spec, {});
  const { class_name: className, config } = cells;
  const isTfjs = layer.origin.writer === 'tfjs-layers';
  if (className === 'StackedRNNCells') {
    const part = isTfjs ? layer : layer.within(nameOf(config, className, taken));
    const inside = new Set<string>();
    let below = channels;
    const stack = (config.cells ?? []).map((inner, i) => {
      // tfjs-layers numbers the cells of a stack, whatever their names, and has no name for the stack.
      const cell = isTfjs ? cellOf(part.within(`RNNCell_${i}`), inner, below, null) : cellOf(part, inner, below, inside);
      below = outputChannels(cell);
      return cell;
    });
    const [first, ...others] = stack;
    return first === undefined ? layer.mismatch('StackedRNNCells stacks cells', 'none') : stackedCells([first, ...others], isTfjs);
  }
  const row = cellRows.get(className);
  if (row === undefined) {
    return layer.unsupported(
      `skipc does not know the cell ${brief(className)}`,
      `use one of ${[...cellRows.keys()].join(', ')}, or a plug-in for the layer`,
    );
  }
  const part = layer.within(nameOf(config, className, taken));
  return row.make(part.within('', validate(row.config, structuredClone(config), {})), channels);
}

function outputChannels(cell: Cell): number {
  const [channels] = (cell.states[cell.output]?.shape ?? []) as Shape;
  return typeof channels === 'number' ? channels : 0;
}

/** Cells of one name would share their variables. */
function nameOf(config: { readonly name?: unknown }, className: string, taken: Set<string> | null): string {
  if (taken === null) return '';
  const name = typeof config.name === 'string' && config.name !== '' ? config.name : className;
  let unique = name;
  for (let n = 1; taken.has(unique); n++) unique = `${name}_${n}`;
  taken.add(unique);
  return unique;
}
