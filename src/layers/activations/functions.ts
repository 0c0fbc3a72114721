import type { Value } from '../../ir/program.ts';
import type { OpName } from '../../ops/index.ts';
import type { Lowering } from '../row.ts';
import { logSoftmax, softmax, sparsemax } from './distributions.ts';
import { hardShrink, hardSigmoid, hardSilu, hardTanh, leakyRelu, softShrink, sparsePlus, sparseSigmoid } from './piecewise.ts';
import { gelu, geluTanh, glu, logSigmoid, mish, silu, softsign, squareplus, tanhShrink } from './smooth.ts';

type Activation = (layer: Lowering, x: Value) => Value;

/** An activation that is one op. */
const one =
  (name: OpName & ('elu' | 'exp' | 'relu' | 'relu6' | 'selu' | 'sigmoid' | 'softplus' | 'tanh')): Activation =>
  (layer, x) =>
    layer.op(name, [x], {});

/**
 * The activation functions of Keras and tfjs-layers by the names under which they are saved. Each maps a tensor to one of
 * the same shape, but for `glu`, which halves the last axis.
 */
export const activations: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ['linear', (_, x) => x],
  ['relu', one('relu')],
  ['relu6', one('relu6')],
  ['leaky_relu', leakyRelu],
  ['elu', one('elu')],
  // With its default alpha of 1, celu is elu.
  ['celu', one('elu')],
  ['selu', one('selu')],
  ['gelu', gelu],
  ['gelu_new', geluTanh],
  ['silu', silu],
  ['swish', silu],
  ['mish', mish],
  ['glu', glu],
  ['sigmoid', one('sigmoid')],
  ['log_sigmoid', logSigmoid],
  ['hard_sigmoid', hardSigmoid],
  ['hardSigmoid', hardSigmoid],
  ['sparse_sigmoid', sparseSigmoid],
  ['hard_silu', hardSilu],
  ['hard_swish', hardSilu],
  ['tanh', one('tanh')],
  ['hard_tanh', hardTanh],
  ['tanh_shrink', tanhShrink],
  ['hard_shrink', hardShrink],
  ['soft_shrink', softShrink],
  ['softplus', one('softplus')],
  ['squareplus', squareplus],
  ['sparse_plus', sparsePlus],
  ['softsign', softsign],
  ['exponential', one('exp')],
  ['softmax', (layer, x) => softmax(layer, x)],
  ['log_softmax', logSoftmax],
  ['logSoftmax', logSoftmax],
  ['sparsemax', sparsemax],
]);
