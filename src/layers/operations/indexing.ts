import type { Value } from '../../ir/program.ts';
import { type Dim, isKnown } from '../../ir/types.ts';
import { axisOf } from '../axes.ts';
import { alongAxis, axisOfCall, expanded, flattened, sizeOfAxis, swapped } from './axes.ts';
import type { Call } from './call.ts';
import { literalOf } from './literals.ts';
import { type Operation, operation } from './operation.ts';
import { sliced } from './slices.ts';

/** Parts of tensors: by slices, by lists of places, by places that are computed. */

const getItem = operation({
  keras: 'numpy.GetItem',
  call: 'x key',
  tf: { '__operators__.getitem': 'tensor:x slice_spec:key var' },
  doc: 'x[key]: integers, slices with steps, an ellipsis, new axes',
  lower(call) {
    const given = call.raw('key');
    return sliced(call, call.tensor('x'), Array.isArray(given) ? (given as readonly unknown[]) : [given ?? null]);
  },
});

/** Elements at places along an axis; negative places count from the end. */
function taken(call: Call, x: Value, axis: number, indices: Value): Value {
  return call.layer.op('gather', [x, indices], { axis });
}

/** Integer places, those that count from the end counted from the front. */
function placesFrom(call: Call, x: Value, axis: number): Value {
  const { layer } = call;
  const size = x.type.shape[axis] ?? 1;
  const written = literalOf(call.raw('indices'));
  if (written !== null) {
    const places = written.values.map((place) => (place < 0 && isKnown(size) ? place + size : place));
    if (places.some((place) => place < 0)) return call.unsupported('places from the end of an axis of unknown size', 'use a slice');
    if (places.some((place) => isKnown(size) && place >= size)) return call.mismatch(`places below ${size}`, written.values);
    return layer.constant(places, written.shape, 'places', 'i32');
  }
  const given = call.tensor('indices', 'i32');
  if (call.form === 'tf' || !isKnown(size)) return given;
  const isBack = layer.op('less', [given, layer.scalar(0, 'zero', 'i32')], {}, 'is_back');
  const back = layer.op('add', [given, layer.scalar(size, 'size', 'i32')], {}, 'back');
  return layer.op('where', [isBack, back, given], {}, 'places');
}

const take = operation({
  keras: 'numpy.Take',
  call: 'x indices',
  tf: { gather: 'params:x indices validate_indices axis batch_dims' },
  node: { GatherV2: 'x indices axis ; batch_dims' },
  doc: 'the slices along an axis that a tensor of places names',
  lower(call) {
    if (call.integer('batch_dims', 0) !== 0) return call.unsupported('batch_dims', 'use take_along_axis');
    const given = call.tensor('x');
    const { x, axis } = call.form === 'tf' ? { x: given, axis: axisOfCall(call, given, 0) } : alongAxis(call, given);
    return taken(call, x, axis, placesFrom(call, x, axis));
  },
});

/**
 * Rows of both tensors are laid one behind the other, and the places in a row counted from where it begins; a running sum of ones
 * tells how many rows stand before.
 */
const takeAlongAxis = operation({
  keras: 'numpy.TakeAlongAxis',
  call: 'x indices',
  doc: 'from each row along an axis, the elements at the places that the same row of the second tensor names',
  lower(call) {
    const { layer } = call;
    const given = call.tensor('x');
    const { x, axis } = alongAxis(call, given);
    const places = call.has('axis') ? placesFrom(call, x, axis) : flattened(call, placesFrom(call, x, axis));
    if (places.type.shape.length !== x.type.shape.length) return call.mismatch('places of as many axes as x', places.type.shape);
    const size = sizeOfAxis(call, x, axis);
    const rowsOf = (of: Value): readonly Dim[] => of.type.shape.filter((_, i) => i !== axis);
    if (rowsOf(x).some((dim, i) => dim !== rowsOf(places)[i])) return call.unsupported('places that broadcast', 'repeat them first');
    const leading = rowsOf(x);
    if (leading.filter((dim) => !isKnown(dim)).length > 1)
      return call.unsupported('several axes of unknown size', "give all sizes but one in the shapes of the model's inputs");
    const last = x.type.shape.length - 1;
    const [rows, wanted] = [swapped(call, x, axis, last, 'rows'), swapped(call, places, axis, last, 'wanted')];
    const flat = flattened(call, rows);
    if (last === 0) return taken(call, flat, 0, wanted);
    const inRows = layer.op('reshape', [wanted], { shape: [null, wanted.type.shape[last] as Dim] }, 'in_rows');
    const first = layer.op('slice', [inRows], { begin: [0, 0], size: [null, 1] }, 'first');
    const one = layer.op(
      'add',
      [layer.op('mul', [first, layer.scalar(0, 'none', 'i32')], {}, 'zeros'), layer.scalar(size, 'size', 'i32')],
      {},
      'sizes',
    );
    const begins = layer.op('cumsum', [one], { axis: 0, exclusive: true }, 'begins');
    const found = taken(call, flat, 0, layer.op('add', [inRows, begins], {}, 'places'));
    return swapped(call, layer.op('reshape', [found], { shape: wanted.type.shape }, 'found'), axis, last, 'along_axis');
  },
});

const slice = operation({
  keras: 'core.Slice',
  call: 'inputs:x start_indices:begin',
  tf: { slice: 'input_:x begin size:shape' },
  node: { Slice: 'x begin shape' },
  doc: 'the part of a shape that begins at a place',
  lower(call) {
    const x = call.tensor('x');
    const [begin, size] = [call.integers('begin'), call.integers('shape')];
    if (begin.length !== x.type.shape.length || size.length !== begin.length)
      return call.mismatch('a place and a size for each axis', begin);
    // Keras moves a part that reaches past the end back into the tensor.
    const from = begin.map((place, i) => {
      const [dim, count] = [x.type.shape[i] as Dim, size[i] as number];
      const front = place < 0 && isKnown(dim) ? place + dim : place;
      return call.form === 'keras' && isKnown(dim) && count >= 0 ? Math.max(Math.min(front, dim - count), 0) : front;
    });
    return call.layer.op('slice', [x], { begin: from, size: size.map((count) => (count === -1 ? null : count)) });
  },
});

/** Elements on or beside the diagonal of the plane of two axes: where column - row compares so with an offset. */
function triangle(keras: string, doc: string, side: 'lessEqual' | 'greaterEqual'): Operation {
  return operation({
    keras,
    call: 'x',
    doc,
    lower(call) {
      const { layer } = call;
      const x = call.tensor('x');
      const rank = x.type.shape.length;
      if (rank < 2) return call.mismatch('two axes or more', x.type.shape);
      const [rows, columns] = [sizeOfAxis(call, x, rank - 2), sizeOfAxis(call, x, rank - 1)];
      const k = call.integer('k', 0);
      const kept = Array.from({ length: call.bounded(rows * columns) }, (_, i) => {
        const offset = (i % columns) - Math.floor(i / columns);
        return Number(side === 'lessEqual' ? offset <= k : offset >= k);
      });
      const mask = layer.constant(kept, [rows, columns], 'triangle', 'bool');
      return layer.op('where', [mask, x, layer.scalar(0, 'zero', x.type.dtype)], {});
    },
  });
}

/** The diagonal of two axes, as the last axis: both are laid in one, in which its elements stand evenly. */
function diagonalOf(call: Call, x: Value, role: string): Value {
  const { layer } = call;
  const rank = x.type.shape.length;
  const [a, b] = [axisOf(layer, call.integer('axis1', 0), x), axisOf(layer, call.integer('axis2', 1), x)];
  if (a === b) return call.mismatch('two different axes', a);
  const [rows, columns, offset] = [sizeOfAxis(call, x, a), sizeOfAxis(call, x, b), call.integer('offset', 0)];
  const others = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== a && i !== b);
  const moved = layer.op('transpose', [x], { perm: [...others, a, b] }, 'planes');
  const leading = others.map((i) => x.type.shape[i] as Dim);
  const flat = layer.op('reshape', [moved], { shape: [...leading, rows * columns] }, 'flat');
  const [row, column] = [Math.max(-offset, 0), Math.max(offset, 0)];
  const count = call.bounded(Math.max(Math.min(rows - row, columns - column), 0));
  const places = Array.from({ length: count }, (_, i) => (row + i) * columns + column + i);
  return layer.op('gather', [flat, layer.constant(places, [count], 'on_diagonal', 'i32')], { axis: leading.length }, role);
}

const diagonal = operation({
  keras: 'numpy.Diagonal',
  call: 'x',
  doc: 'the diagonal of two axes',
  lower: (call) => diagonalOf(call, call.tensor('x'), 'diagonal'),
});

const trace = operation({
  keras: 'numpy.Trace',
  call: 'x',
  doc: 'the sum of the diagonal of two axes',
  lower(call) {
    const [x] = call.together(['x'], 'i32') as [Value];
    const elements = diagonalOf(call, x, 'diagonal');
    return call.layer.op('sum', [elements], { axes: [elements.type.shape.length - 1] });
  },
});

const diag = operation({
  keras: 'numpy.Diag',
  call: 'x v:x',
  doc: 'the diagonal of a matrix, or a matrix with this diagonal',
  lower(call) {
    const { layer } = call;
    const x = call.tensor('x');
    const k = call.integer('k', 0);
    if (x.type.shape.length !== 1) {
      const [rows, columns] = [sizeOfAxis(call, x, 0), sizeOfAxis(call, x, 1)];
      const [row, column] = [Math.max(-k, 0), Math.max(k, 0)];
      const places = Array.from(
        { length: call.bounded(Math.max(Math.min(rows - row, columns - column), 0)) },
        (_, i) => (row + i) * columns + column + i,
      );
      return layer.op('gather', [flattened(call, x), layer.constant(places, [places.length], 'on_diagonal', 'i32')], { axis: 0 });
    }
    const [size, margin] = [sizeOfAxis(call, x, 0), Math.abs(k)];
    const whole = size + margin;
    const wide = layer.op('pad', [x], { paddings: [[Math.max(k, 0), Math.max(-k, 0)]], value: 0 }, 'wide');
    const onDiagonal = Array.from({ length: call.bounded(whole * whole) }, (_, i) => Number((i % whole) - Math.floor(i / whole) === k));
    const mask = layer.constant(onDiagonal, [whole, whole], 'on_diagonal', 'bool');
    return layer.op('where', [mask, expanded(call, wide, 0, 'row'), layer.scalar(0, 'zero', x.type.dtype)], {});
  },
});

const crop = operation({
  keras: '',
  call: '',
  node: { StridedSlice: 'x begin end strides ; begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask' },
  doc: 'x[begin:end:strides], as TensorFlow graphs hold it',
  lower(call) {
    const [begin, end, strides] = [call.integers('begin'), call.integers('end'), call.integers('strides')];
    const isSet = (mask: string, i: number): boolean => ((call.integer(mask, 0) >> i) & 1) === 1;
    const key = begin.map((from, i) => {
      if (isSet('ellipsis_mask', i)) return { class_name: '__ellipsis__' };
      if (isSet('new_axis_mask', i)) return null;
      if (isSet('shrink_axis_mask', i)) return from;
      return { start: isSet('begin_mask', i) ? null : from, stop: isSet('end_mask', i) ? null : (end[i] ?? null), step: strides[i] ?? 1 };
    });
    return sliced(call, call.tensor('x'), key);
  },
});

export const indexing: readonly Operation[] = [
  getItem,
  crop,
  take,
  takeAlongAxis,
  slice,
  triangle('numpy.Tril', 'without what stands above the diagonal', 'lessEqual'),
  triangle('numpy.Triu', 'without what stands below the diagonal', 'greaterEqual'),
  diagonal,
  trace,
  diag,
];
