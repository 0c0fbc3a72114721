import { object } from '../../schema/build.ts';
import { type Lowering, layer } from '../row.ts';
import { type ConvLSTMConfig, convLSTMCell, convLSTMProperties } from './conv-lstm-cell.ts';
import { type RecurrentConfig, recurrent, recurrentConfig } from './recurrent.ts';

const convLSTM = (rank: number, what: string) =>
  layer({
    className: `ConvLSTM${rank}D`,
    doc: `long short-term memory over a sequence of ${what}, its products convolutions`,
    takesList: true,
    keywords: ['initial_state'],
    config: object({ ...recurrentConfig, ...convLSTMProperties(rank) }),
    lower: (layer) => {
      const ours = withKnownLoop(layer);
      return recurrent(ours, (step) => convLSTMCell(ours, rank, step));
    },
  });

/** Before Keras 3 the loop of convolutional layers was told neither to unroll nor to zero masked steps. */
function withKnownLoop<C extends RecurrentConfig & ConvLSTMConfig>(layer: Lowering<C>): Lowering<C> {
  if (layer.origin.keras === 3) return layer;
  return layer.within('', { ...layer.config, unroll: false, zero_output_for_mask: false });
}

export const convLSTM1d = convLSTM(1, 'sequences');
export const convLSTM2d = convLSTM(2, 'images');
export const convLSTM3d = convLSTM(3, 'volumes');
