import type { Value } from '../../ir/program.ts';
import { isKnown } from '../../ir/types.ts';
import type { Call } from './call.ts';
import { type Operation, operation } from './operation.ts';
import { broadcastTo } from './shape.ts';
import { isSizes, sizesIn } from './sizes.ts';

/** Tensors of given numbers, and the same numbers as another dtype. */

const IDENTITIES = 'numpy.Copy numpy.Conj numpy.Conjugate numpy.Real core.StopGradient numpy.Array';

const identity = operation({
  keras: IDENTITIES,
  call: 'x variable:x',
  tf: { 'identity stop_gradient compat.v1.identity': 'input:x' },
  node: { 'Identity StopGradient': 'x' },
  doc: 'x itself',
  lower(call) {
    const x = call.tensor('x');
    return call.layer.cast(x, call.dtype() ?? x.type.dtype);
  },
});

const cast = operation({
  keras: 'core.Cast core.SaturateCast',
  call: 'x',
  tf: { 'cast saturate_cast': 'x dtype' },
  node: { Cast: 'x ; DstT:dtype' },
  doc: 'the same numbers as another dtype',
  lower(call) {
    const x = call.tensor('x');
    const dtype = call.dtype();
    if (dtype === null) return call.mismatch('a dtype', dtype);
    return call.layer.cast(x, dtype);
  },
});

const convert = operation({
  keras: 'core.ConvertToTensor',
  call: 'x',
  tf: { convert_to_tensor: 'value:x dtype dtype_hint' },
  doc: 'x as a tensor',
  lower(call) {
    call.only('sparse', false);
    call.only('ragged', false);
    const x = call.tensor('x');
    return call.layer.cast(x, call.dtype() ?? x.type.dtype);
  },
});

/** One number in the shape of a tensor. */
function like(keras: string, tf: string, node: string, doc: string, value: number): Operation {
  return operation({
    keras,
    call: 'x',
    tf: { [tf]: 'input:x dtype layout' },
    node: { [node]: 'x' },
    doc,
    lower(call) {
      const x = call.tensor('x');
      return filled(call, x, value);
    },
  });
}

function filled(call: Call, x: Value, value: number): Value {
  const dtype = call.dtype() ?? x.type.dtype;
  if (dtype === 'str') return call.mismatch('numbers', 'strings');
  return call.layer.op('fill', [x], { shape: x.type.shape, value, dtype });
}

const fullLike = operation({
  keras: 'numpy.FullLike',
  call: 'x fill_value',
  doc: 'one number everywhere, in the shape of x',
  lower(call) {
    const x = call.tensor('x');
    const dtype = call.dtype() ?? x.type.dtype;
    const value = call.layer.cast(call.tensor('fill_value'), dtype);
    const zeros = filled(call, x, 0);
    if (dtype === 'bool') return call.layer.op('logicalOr', [zeros, value], {});
    return call.layer.op('add', [zeros, value], {});
  },
});

const full = operation({
  keras: 'numpy.Full',
  call: 'fill_value',
  doc: 'one number everywhere, in a given shape',
  lower(call) {
    const value = call.tensor('fill_value');
    return broadcastTo(call, call.layer.cast(value, call.dtype() ?? 'f32'), sizesIn(call, 'shape'));
  },
});

/** TensorFlow's shapes are tensors; what is known of them is known to what takes a shape. */
const shapeOf = operation({
  keras: '',
  call: '',
  tf: { 'shape compat.v1.shape shape_v2': 'input:x out_type' },
  node: { Shape: 'x' },
  doc: 'the sizes of the axes of x',
  lower(call) {
    const { layer } = call;
    const x = call.tensor('x');
    const { shape } = x.type;
    const sizes = shape.every(isKnown) ? layer.constant(shape, [shape.length], 'sizes', 'i32') : layer.op('shapeOf', [x], {});
    return isSizes(sizes, shape);
  },
});

export const creation: readonly Operation[] = [
  identity,
  cast,
  convert,
  like('numpy.ZerosLike numpy.EmptyLike', 'zeros_like', 'ZerosLike', 'zeros in the shape of x', 0),
  like('numpy.OnesLike', 'ones_like', 'OnesLike', 'ones in the shape of x', 1),
  fullLike,
  full,
  shapeOf,
];
