import { object } from '../../schema/build.ts';
import { layer } from '../row.ts';
import { channelsOf } from './gates.ts';
import { gruCell, gruCellProperties } from './gru-cell.ts';
import { recurrent, recurrentConfig } from './recurrent.ts';

export const gru = layer({
  className: 'GRU',
  doc: 'gated recurrent units over the steps of a sequence, the reset gate before or after the product',
  takesList: true,
  keywords: ['initial_state'],
  config: object({ ...recurrentConfig, ...gruCellProperties }),
  lower: (layer) => recurrent(layer, (step) => gruCell(layer, channelsOf(layer, step))),
});
