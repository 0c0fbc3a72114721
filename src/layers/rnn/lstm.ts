import { object } from '../../schema/build.ts';
import { layer } from '../row.ts';
import { channelsOf } from './gates.ts';
import { lstmCell, lstmCellProperties } from './lstm-cell.ts';
import { recurrent, recurrentConfig } from './recurrent.ts';

export const lstm = layer({
  className: 'LSTM',
  doc: 'long short-term memory over the steps of a sequence',
  takesList: true,
  keywords: ['initial_state'],
  config: object({ ...recurrentConfig, ...lstmCellProperties }),
  lower: (layer) => recurrent(layer, (step) => lstmCell(layer, channelsOf(layer, step))),
});
