import type { Value } from '../../ir/program.ts';
import { type Dim, elements, isKnown, times } from '../../ir/types.ts';
import { axisOf } from '../axes.ts';
import { alongAxis, axesOfCall, axisOfCall, flattened, sizeOfAxis } from './axes.ts';
import type { Call } from './call.ts';
import { type Operation, operation } from './operation.ts';
import { sizesIn } from './sizes.ts';

/** The same elements under another shape, in another order, or several times. */

const reshape = operation({
  keras: 'numpy.Reshape',
  call: 'x',
  tf: { reshape: 'tensor:x shape:newshape' },
  node: { Reshape: 'x newshape' },
  doc: 'the same elements under another shape',
  lower(call) {
    const x = call.tensor('x');
    const wanted = sizesIn(call, 'newshape').map((size, i) => openSize(size, x.type.shape[i]));
    const open = wanted.filter((size) => size === null);
    if (open.length > 1) return call.unsupported('several sizes left open', 'name all sizes but one');
    // Sizes that are all known name one of the operand's unknown sizes, too.
    return call.layer.op('reshape', [x], { shape: wanted });
  },
});

/** -1 is what remains. None stands for a size that was not known when the model was built: that of the same axis, if that is not. */
function openSize(size: Dim | null, before: Dim | undefined): Dim | null {
  if (size === -1) return null;
  return size === null && before !== undefined && !isKnown(before) ? before : size;
}

const transpose = operation({
  keras: 'numpy.Transpose',
  call: 'x',
  tf: { transpose: 'a:x perm:axes conjugate', 'linalg.matrix_transpose': 'a:x conjugate' },
  node: { Transpose: 'x axes' },
  doc: 'the axes in another order, or in reverse order',
  lower(call) {
    const x = call.tensor('x');
    const perm = call.has('axes') ? axesOfCall(call, x, 'axes') : x.type.shape.map((_, i) => x.type.shape.length - 1 - i);
    return call.layer.op('transpose', [x], { perm });
  },
});

const swapAxes = operation({
  keras: 'numpy.Swapaxes',
  call: 'x',
  doc: "two axes in each other's place",
  lower(call) {
    const x = call.tensor('x');
    const [a, b] = [axisOfCall(call, x, 0, 'axis1'), axisOfCall(call, x, 0, 'axis2')];
    return call.layer.op('transpose', [x], { perm: x.type.shape.map((_, i) => (i === a ? b : i === b ? a : i)) });
  },
});

const moveAxis = operation({
  keras: 'numpy.Moveaxis',
  call: 'x',
  doc: 'some axes at other places, the others in their order',
  lower(call) {
    const x = call.tensor('x');
    const [from, to] = [axesOfCall(call, x, 'source'), axesOfCall(call, x, 'destination')];
    if (from.length !== to.length) return call.mismatch('a destination for each source', to.length);
    const others = x.type.shape.map((_, i) => i).filter((axis) => !from.includes(axis));
    const perm = x.type.shape.map((_, i) => (to.includes(i) ? (from[to.indexOf(i)] as number) : (others.shift() as number)));
    return call.layer.op('transpose', [x], { perm });
  },
});

const squeeze = operation({
  keras: 'numpy.Squeeze',
  call: 'x',
  tf: { squeeze: 'input:x axis' },
  node: { Squeeze: 'x ; squeeze_dims:axis' },
  doc: 'without axes of size 1',
  lower(call) {
    const x = call.tensor('x');
    const { shape } = x.type;
    // In TensorFlow's graphs no axes means all of them.
    const given = call.has('axis') && call.integers('axis').length > 0;
    const axes = given ? axesOfCall(call, x) : shape.flatMap((dim, i) => (dim === 1 ? [i] : []));
    const wrong = axes.find((axis) => shape[axis] !== 1);
    if (wrong !== undefined) return call.mismatch('axes of size 1', shape[wrong]);
    return call.layer.op('reshape', [x], { shape: shape.filter((_, i) => !axes.includes(i)) });
  },
});

const expandDims = operation({
  keras: 'numpy.ExpandDims',
  call: 'x',
  tf: { expand_dims: 'input:x axis' },
  node: { ExpandDims: 'x axis' },
  doc: 'with axes of size 1 more',
  lower(call) {
    const x = call.tensor('x');
    const given = call.integers('axis');
    const rank = x.type.shape.length + given.length;
    const axes = given.map((axis) => (axis < 0 ? axis + rank : axis));
    if (new Set(axes).size < axes.length || axes.some((axis) => axis < 0 || axis >= rank))
      return call.mismatch('places among the axes', given);
    const rest = [...x.type.shape];
    const shape = Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : (rest.shift() as Dim)));
    return call.layer.op('reshape', [x], { shape });
  },
});

/** The tensor in a shape against which it broadcasts; null and unknown sizes stay as they are. */
export function broadcastTo(call: Call, x: Value, wanted: readonly (Dim | null)[]): Value {
  const { layer } = call;
  const missing = wanted.length - x.type.shape.length;
  if (missing < 0) return call.mismatch('a shape of no fewer axes', wanted);
  const shape = [...Array.from({ length: missing }, () => 1 as Dim), ...x.type.shape];
  const sizes = wanted.map((size, i) => (size === null || size === -1 ? (shape[i] as Dim) : size));
  const wide = missing === 0 ? x : layer.op('reshape', [x], { shape }, 'expanded');
  const fits = shape.every((dim, i) => dim === 1 || dim === sizes[i] || (!isKnown(dim) && isKnown(sizes[i] as Dim)));
  if (!fits) return call.mismatch('a shape to which the tensor broadcasts', wanted);
  const reps = sizes.map((size, i) => (shape[i] === size ? 1 : size));
  if (reps.every(isKnown) && shape.every((dim, i) => isKnown(dim) || dim === sizes[i])) return layer.op('tile', [wide], { reps });
  if (!sizes.every(isKnown))
    return call.unsupported('a shape whose unknown sizes come from another tensor', 'multiply by ones_like() of that tensor instead');
  // A size that is not known may be 1: the sum with zeros stretches it, and refuses all but what fits.
  const { dtype } = x.type;
  const zero = layer.constant(
    [0],
    sizes.map(() => 1),
    'zero',
    dtype,
  );
  const zeros = layer.op('tile', [zero], { reps: sizes }, 'zeros');
  return layer.op(dtype === 'bool' ? 'logicalOr' : 'add', [wide, zeros], {});
}

const broadcast = operation({
  keras: 'numpy.BroadcastTo',
  call: 'x',
  tf: { broadcast_to: 'input:x shape' },
  node: { BroadcastTo: 'x shape' },
  doc: 'repeated along axes of size 1 up to a shape',
  lower: (call) => broadcastTo(call, call.tensor('x'), sizesIn(call, 'shape')),
});

function flip(keras: string, doc: string, axesOf: (call: Call, x: Value) => readonly number[]): Operation {
  return operation({
    keras,
    call: 'x',
    ...(keras === 'numpy.Flip' ? { tf: { reverse: 'tensor:x axis' }, node: { ReverseV2: 'x axis' } } : {}),
    doc,
    lower(call) {
      const x = call.tensor('x');
      return call.layer.op('reverse', [x], { axes: axesOf(call, x) });
    },
  });
}

const roll = operation({
  keras: 'numpy.Roll',
  call: 'x',
  tf: { roll: 'input:x shift axis' },
  node: { Roll: 'x shift axis' },
  doc: 'moved along axes, what leaves at one end entering at the other',
  lower(call) {
    const given = call.tensor('x');
    const { layer } = call;
    const shifts = call.integers('shift');
    const isFlat = !call.has('axis');
    const axes = isFlat ? [0] : call.integers('axis').map((axis) => axisOf(layer, axis, given));
    if (shifts.length !== axes.length && shifts.length !== 1) return call.mismatch('a shift for each axis', shifts);
    const rolled = axes.reduce<Value>(
      (x, axis, i) => {
        const size = sizeOfAxis(call, x, axis);
        const shift = size === 0 ? 0 : (((shifts[i] ?? (shifts[0] as number)) % size) + size) % size;
        if (shift === 0) return x;
        const parts = layer.ops('split', [x], { sizes: [size - shift, shift], axis }, 'part');
        return layer.op('concat', parts.toReversed(), { axis }, 'rolled');
      },
      isFlat ? flattened(call, given) : given,
    );
    return isFlat ? layer.op('reshape', [rolled], { shape: given.type.shape }) : rolled;
  },
});

const tile = operation({
  keras: 'numpy.Tile',
  call: 'x',
  tf: { tile: 'input:x multiples:repeats' },
  node: { Tile: 'x repeats' },
  doc: 'the whole several times along each axis',
  lower(call) {
    const x = call.tensor('x');
    const given = call.integers('repeats');
    const rank = Math.max(given.length, x.type.shape.length);
    const ones = (count: number): number[] => Array.from({ length: count }, () => 1);
    const reps = [...ones(rank - given.length), ...given];
    if (reps.some((count) => count < 1)) return call.unsupported('no repetition at all', 'repeat once or more');
    const shape = [...ones(rank - x.type.shape.length), ...x.type.shape];
    const wide = rank === x.type.shape.length ? x : call.layer.op('reshape', [x], { shape }, 'expanded');
    return call.layer.op('tile', [wide], { reps });
  },
});

const repeat = operation({
  keras: 'numpy.Repeat',
  call: 'x',
  tf: { repeat: 'input:x repeats axis' },
  doc: 'each element several times along an axis',
  lower(call) {
    const { layer } = call;
    const { x, axis } = alongAxis(call, call.tensor('x'));
    const [count = 1, ...more] = call.integers('repeats');
    if (more.length > 0) {
      const counts = [count, ...more];
      if (counts.length !== sizeOfAxis(call, x, axis)) return call.mismatch('a count for each element', counts);
      call.bounded(counts.reduce((total, times) => total + Math.max(times, 0), 0));
      const from = counts.flatMap((times, i) => Array.from({ length: times }, () => i));
      return layer.op('gather', [x, layer.constant(from, [from.length], 'from', 'i32')], { axis });
    }
    if (count < 1) return call.unsupported('no repetition at all', 'repeat once or more');
    const { shape } = x.type;
    const apart = layer.op('reshape', [x], { shape: shape.toSpliced(axis + 1, 0, 1) }, 'apart');
    const reps = apart.type.shape.map((_, i) => (i === axis + 1 ? count : 1));
    const repeated = layer.op('tile', [apart], { reps }, 'repeated');
    const size = shape[axis] as Dim;
    return layer.op('reshape', [repeated], { shape: shape.with(axis, isKnown(size) ? size * count : times(size, count)) });
  },
});

const rot90 = operation({
  keras: 'numpy.Rot90',
  call: 'array:x',
  doc: 'turned by quarters in the plane of two axes',
  lower(call) {
    const { layer } = call;
    const x = call.tensor('x');
    const [a = 0, b = 1] = (call.has('axes') ? call.integers('axes') : [0, 1]).map((axis) => axisOf(layer, axis, x));
    const quarters = ((call.integer('k', 1) % 4) + 4) % 4;
    const perm = x.type.shape.map((_, i) => (i === a ? b : i === b ? a : i));
    const flipped = (y: Value, axes: readonly number[]): Value => layer.op('reverse', [y], { axes }, 'flipped');
    if (quarters === 0) return x;
    if (quarters === 2) return flipped(x, [a, b]);
    const turned = layer.op('transpose', [quarters === 1 ? flipped(x, [b]) : x], { perm }, 'turned');
    return quarters === 1 ? turned : flipped(turned, [b]);
  },
});

const ravel = operation({
  keras: 'numpy.Ravel',
  call: 'x',
  doc: 'all elements in one row',
  lower: (call) => flattened(call, call.tensor('x')),
});

/** A whole number that follows from the shape. */
function ofShape(keras: string, tf: string, doc: string, count: (call: Call, shape: readonly Dim[]) => number): Operation {
  return operation({
    keras,
    call: 'x',
    tf: { [tf]: 'input:x out_type' },
    doc,
    lower: (call) => call.layer.scalar(count(call, call.tensor('x').type.shape), 'count', 'i32'),
  });
}

export const shaping: readonly Operation[] = [
  reshape,
  ravel,
  transpose,
  swapAxes,
  moveAxis,
  squeeze,
  expandDims,
  broadcast,
  flip('numpy.Flip', 'some axes, or all, in reverse order', axesOfCall),
  flip('numpy.Fliplr', 'the second axis in reverse order', () => [1]),
  flip('numpy.Flipud', 'the first axis in reverse order', () => [0]),
  roll,
  tile,
  repeat,
  rot90,
  ofShape('numpy.Ndim', 'rank', 'the number of axes', (_, shape) => shape.length),
  ofShape('numpy.Size', 'size', 'the number of elements', (call, shape) =>
    shape.every(isKnown)
      ? elements(shape)
      : call.unsupported('a tensor of unknown size', "give the sizes in the shape of the model's input"),
  ),
];
