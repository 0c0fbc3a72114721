import type { Value } from '../../ir/program.ts';
import { affine } from '../activations/affine.ts';
import { logSoftmax, softmax, softmaxOver, sparsemax } from '../activations/distributions.ts';
import { activations } from '../activations/functions.ts';
import { gelu, geluTanh, glu, silu } from '../activations/smooth.ts';
import type { Lowering } from '../row.ts';
import { axesOfCall, axisOfCall, onLastAxis } from './axes.ts';
import type { Call } from './call.ts';
import { type Operation, operation } from './operation.ts';

/** The activation functions of `keras.ops.nn`, with their parameters. */

/** Keras 3's class, the activation's name in a layer's config, TensorFlow's functions and op. */
const NAMED: readonly (readonly [string, string, string, string])[] = [
  ['Sigmoid', 'sigmoid', 'math.sigmoid sigmoid nn.sigmoid', 'Sigmoid'],
  ['Softplus', 'softplus', 'math.softplus nn.softplus', 'Softplus'],
  ['Softsign', 'softsign', 'nn.softsign', 'Softsign'],
  ['LogSigmoid', 'log_sigmoid', 'math.log_sigmoid', ''],
  ['HardSilu', 'hard_silu', '', ''],
  ['HardTanh', 'hard_tanh', '', ''],
  ['Selu', 'selu', 'nn.selu', 'Selu'],
  ['TanhShrink', 'tanh_shrink', '', ''],
  ['SparsePlus', 'sparse_plus', '', ''],
  ['SparseSigmoid', 'sparse_sigmoid', '', ''],
];

const named = ([className, name, tf, node]: (typeof NAMED)[number]): Operation =>
  operation({
    keras: `nn.${className}`,
    call: 'x',
    tf: { [tf]: 'x features:x' },
    node: { [node]: 'x' },
    doc: `the activation ${name}`,
    lower: (call) => (activations.get(name) as (layer: Lowering, x: Value) => Value)(call.layer, call.float('x')),
  });

/** Integers stay integers. */
const rectified = (op: 'relu' | 'relu6', className: string): Operation =>
  operation({
    keras: `nn.${className}`,
    call: 'x',
    tf: { [`nn.${op}`]: 'features:x' },
    node: { [className]: 'x' },
    doc: op === 'relu' ? 'max(x, 0)' : 'min(max(x, 0), 6)',
    lower: (call) => call.layer.op(op, call.together(['x'], 'i32'), {}),
  });

interface Declared {
  readonly keras: string;
  readonly tf?: Readonly<Record<string, string>>;
  readonly node?: Readonly<Record<string, string>>;
  readonly doc: string;
}

const withParameters = (declared: Declared, apply: (call: Call, x: Value) => Value): Operation =>
  operation({ call: 'x', ...declared, lower: (call) => apply(call, call.float('x')) });

/** alpha (e^(x / scale) - 1) below zero. */
function exponentialBelow({ layer }: Call, x: Value, alpha: number, scale: number): Value {
  const zero = layer.scalar(0, 'zero');
  const below = affine(layer, layer.op('minimum', [x, zero], {}, 'below'), 1 / scale, 0, 'exponent');
  const bend = affine(layer, layer.op('expm1', [below], {}, 'bend'), alpha, 0, 'bent');
  return layer.op('where', [layer.op('greater', [x, zero], {}, 'above'), x, bend], {});
}

const slope = (call: Call, x: Value, alpha: number): Value => call.layer.op('leakyRelu', [x], { alpha });

/** x where |x| is above the threshold, else 0. */
function hardShrink({ layer }: Call, x: Value, threshold: number): Value {
  const far = layer.op('greater', [layer.op('abs', [x], {}, 'magnitude'), layer.scalar(threshold, 'threshold')], {}, 'far');
  return layer.op('where', [far, x, layer.scalar(0, 'zero')], {});
}

/** x / 6 + 1/2 between 0 and 1, whatever version wrote the layers around it. */
const hardSigmoid = ({ layer }: Call, x: Value): Value =>
  layer.op('clipByValue', [affine(layer, x, 1 / 6, 0.5, 'line')], { min: 0, max: 1 });

/** (x + sqrt(x^2 + b)) / 2. */
function squareplus(call: Call, x: Value): Value {
  const { layer } = call;
  const root = layer.op('sqrt', [affine(layer, layer.op('square', [x], {}), 1, call.number('b', 4), 'radicand')], {}, 'root');
  return affine(layer, layer.op('add', [x, root], {}, 'sum'), 0.5, 0, 'mean');
}

function softmaxOf(call: Call, x: Value): Value {
  const name = 'axis';
  // Without an axis, TensorFlow takes the last; Keras, when None is given, all of them.
  if (!call.has(name) && call.form === 'tf') return softmax(call.layer, x);
  const axes = axesOfCall(call, x, name);
  const [axis, ...more] = axes;
  return more.length > 0 || axis === undefined ? softmaxOver(call.layer, x, axes) : softmax(call.layer, x, axis);
}

const alongLast = (call: Call, x: Value, apply: (layer: Lowering, x: Value) => Value): Value =>
  onLastAxis(call, x, axisOfCall(call, x, -1), (y) => [apply(call.layer, y)])[0] as Value;

function threshold(call: Call, x: Value): Value {
  const { layer } = call;
  const above = layer.op('greater', [x, layer.scalar(call.number('threshold'), 'threshold')], {}, 'above');
  return layer.op('where', [above, x, layer.scalar(call.number('default_value'), 'default')], {});
}

function softShrink(call: Call, x: Value): Value {
  const limit = call.number('threshold', 0.5);
  return call.layer.op('sub', [x, call.layer.op('clipByValue', [x], { min: -limit, max: limit }, 'inner')], {});
}

export const activationOperations: readonly Operation[] = [
  rectified('relu', 'Relu'),
  rectified('relu6', 'Relu6'),
  ...NAMED.map(named),
  withParameters({ keras: 'nn.HardSigmoid', doc: 'x / 6 + 1/2 between 0 and 1' }, hardSigmoid),
  withParameters({ keras: 'nn.Silu', tf: { 'nn.silu nn.swish': 'features:x beta' }, doc: 'x sigmoid(x)' }, (call, x) => {
    const beta = call.number('beta', 1);
    if (beta === 1) return silu(call.layer, x);
    return call.layer.op('mul', [x, call.layer.op('sigmoid', [affine(call.layer, x, beta, 0, 'steeper')], {})], {});
  }),
  withParameters(
    {
      keras: 'nn.LeakyRelu',
      tf: { 'nn.leaky_relu': 'features:x alpha:negative_slope' },
      node: { LeakyRelu: 'x ; alpha:negative_slope' },
      doc: 'x, or negative_slope x below zero',
    },
    (call, x) => slope(call, x, call.number('negative_slope', 0.2)),
  ),
  withParameters(
    { keras: 'nn.Elu', tf: { 'nn.elu': 'features:x' }, node: { Elu: 'x' }, doc: 'x, or alpha (e^x - 1) below zero' },
    (call, x) => (call.number('alpha', 1) === 1 ? call.layer.op('elu', [x], {}) : exponentialBelow(call, x, call.number('alpha', 1), 1)),
  ),
  withParameters({ keras: 'nn.Celu', doc: 'x, or alpha (e^(x / alpha) - 1) below zero' }, (call, x) =>
    exponentialBelow(call, x, call.number('alpha', 1), call.number('alpha', 1)),
  ),
  withParameters(
    { keras: 'nn.Gelu', tf: { 'nn.gelu': 'features:x approximate' }, doc: 'x Phi(x), or its approximation by tanh' },
    (call, x) => (call.flag('approximate', call.form === 'keras') ? geluTanh(call.layer, x) : gelu(call.layer, x)),
  ),
  withParameters({ keras: 'nn.HardShrink', doc: 'x where |x| is above the threshold, else 0' }, (call, x) =>
    hardShrink(call, x, call.number('threshold', 0.5)),
  ),
  withParameters({ keras: 'nn.SoftShrink', doc: 'x moved by the threshold towards 0, which it does not cross' }, softShrink),
  withParameters({ keras: 'nn.Squareplus', doc: '(x + sqrt(x^2 + b)) / 2' }, squareplus),
  withParameters({ keras: 'nn.Threshold', doc: 'x above the threshold, else another number' }, threshold),
  withParameters(
    { keras: 'nn.Softmax', tf: { 'nn.softmax': 'logits:x axis' }, node: { Softmax: 'x' }, doc: 'softmax over one axis or several' },
    softmaxOf,
  ),
  withParameters(
    {
      keras: 'nn.LogSoftmax',
      tf: { 'nn.log_softmax': 'logits:x axis' },
      node: { LogSoftmax: 'x' },
      doc: 'logarithm of the softmax over an axis',
    },
    (call, x) => alongLast(call, x, logSoftmax),
  ),
  withParameters({ keras: 'nn.Sparsemax', doc: 'sparsemax over an axis' }, (call, x) => alongLast(call, x, sparsemax)),
  withParameters({ keras: 'nn.Glu', doc: 'one half of an axis times the sigmoid of the other' }, (call, x) => alongLast(call, x, glu)),
];
