import { object } from '../../schema/build.ts';
import { layer } from '../row.ts';
import { channelsOf } from './gates.ts';
import { recurrent, recurrentConfig } from './recurrent.ts';
import { simpleRNNCell, simpleRNNCellProperties } from './simple-rnn-cell.ts';

export const simpleRNN = layer({
  className: 'SimpleRNN',
  doc: 'a fully connected recurrent layer over the steps of a sequence',
  takesList: true,
  keywords: ['initial_state'],
  config: object({ ...recurrentConfig, ...simpleRNNCellProperties }),
  lower: (layer) => recurrent(layer, (step) => simpleRNNCell(layer, channelsOf(layer, step))),
});
