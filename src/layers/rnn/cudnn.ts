import type { Value } from '../../ir/program.ts';
import { integer, object } from '../../schema/build.ts';
import { type Lowering, layer } from '../row.ts';
import { channelsOf } from './gates.ts';
import { gruCellOf } from './gru-cell.ts';
import { lstmCellOf } from './lstm-cell.ts';
import { recurrent, recurrentConfig } from './recurrent.ts';

const config = object({ ...recurrentConfig, units: integer({ minimum: 1 }) });

/** LSTM and GRU as cuDNN has them: always with biases, of the product with the state too, and with the activations it is built for. */
export const cuDNNLSTM = layer({
  className: 'CuDNNLSTM',
  doc: 'an LSTM saved with the weights of cuDNN',
  only: 2,
  takesList: true,
  keywords: ['initial_state'],
  config,
  lower(layer) {
    refuseMask(layer);
    const { units } = layer.config;
    return recurrent(layer, (step) => {
      const { kernel, recurrent: own, bias } = weightsOf(layer, channelsOf(layer, step), 4);
      // Both biases are added to the same sums.
      const [ofInput, ofState] = layer.ops('split', [bias], { sizes: [4 * units, 4 * units], axis: 0 }, ['input_bias', 'state_bias']);
      const sum = layer.op('add', [ofInput as Value, ofState as Value], {}, 'bias');
      return lstmCellOf(layer, { units, kernel, recurrent: own, bias: sum, gate: 'sigmoid', activation: 'tanh' });
    });
  },
});

export const cuDNNGRU = layer({
  className: 'CuDNNGRU',
  doc: 'a GRU with the reset gate after the product, saved with the weights of cuDNN',
  only: 2,
  takesList: true,
  keywords: ['initial_state'],
  config,
  lower(layer) {
    refuseMask(layer);
    const { units } = layer.config;
    return recurrent(layer, (step) => {
      const { kernel, recurrent: own, bias } = weightsOf(layer, channelsOf(layer, step), 3);
      const rows = layer.op('reshape', [bias], { shape: [2, 3 * units] }, 'biases');
      return gruCellOf(layer, { units, kernel, recurrent: own, bias: rows, resetAfter: true, gate: 'sigmoid', activation: 'tanh' });
    });
  },
});

/**
 * Kernels as other recurrent layers have them. cuDNN has each gate's as [units, inputs]; the layer keeps those numbers in order under the
 * shape [inputs, units], the gates side by side (Keras 2's `_convert_rnn_weights`).
 */
function weightsOf(layer: Lowering<{ units: number }>, channels: number, gates: number): Record<'kernel' | 'recurrent' | 'bias', Value> {
  const { units } = layer.config;
  const ordered = (variable: string, inputs: number): Value => {
    const stored = layer.weight(variable, [inputs, gates * units]);
    const sizes = Array.from({ length: gates }, () => units);
    const turned = layer.ops('split', [stored], { sizes, axis: 1 }, `${variable}_gate`).map((gate) => {
      const matrix = layer.op('reshape', [gate], { shape: [units, inputs] }, `${variable}_gate`);
      return layer.op('transpose', [matrix], { perm: [1, 0] }, `${variable}_gate`);
    });
    return layer.op('concat', turned, { axis: 1 }, variable);
  };
  const kernel = ordered('kernel', channels);
  const recurrent = ordered('recurrent_kernel', units);
  return { kernel, recurrent, bias: layer.weight('bias', [2 * gates * units]) };
}

/** Keras: "Masking is not supported for CuDNN RNNs." */
function refuseMask(layer: Lowering): void {
  if (layer.mask() !== null) layer.mismatch('a CuDNN layer takes no mask', 'a masked sequence');
}
