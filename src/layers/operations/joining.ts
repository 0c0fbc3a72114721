import type { Value } from '../../ir/program.ts';
import { isKnown } from '../../ir/types.ts';
import { axisOf } from '../axes.ts';
import { axisOfCall, expanded, flattened, sizeOfAxis } from './axes.ts';
import type { Call } from './call.ts';
import { type Operation, operation } from './operation.ts';

/** Several tensors into one, and one into several. */

const concatenate = operation({
  keras: 'numpy.Concatenate',
  call: 'xs',
  tf: { concat: 'values:xs axis' },
  doc: 'its tensors one after the other along an axis',
  lower(call) {
    const tensors = call.tensors('xs');
    if (!call.has('axis') && call.form === 'keras')
      return joined(
        call,
        tensors.map((x) => flattened(call, x)),
        0,
      );
    return joined(call, tensors, axisOfCall(call, tensors[0] as Value, 0));
  },
});

const joined = (call: Call, tensors: readonly Value[], axis: number): Value =>
  tensors.length === 1 ? (tensors[0] as Value) : call.layer.op('concat', tensors, { axis });

/** The axis stands behind the tensors. */
const concatenateOp = operation({
  keras: '',
  call: '',
  node: { ConcatV2: '*xs' },
  doc: 'its tensors one after the other along an axis',
  lower(call) {
    const tensors = call.tensors('xs', 'bool', 1);
    const axis = (call.raw('xs') as readonly unknown[]).at(-1);
    if (typeof axis !== 'number') return call.mismatch('an axis behind its tensors', axis);
    return joined(call, tensors, axisOf(call.layer, axis, tensors[0] as Value));
  },
});

const stack = operation({
  keras: 'numpy.Stack',
  call: 'x:xs',
  tf: { stack: 'values:xs axis' },
  node: { Pack: '*xs ; axis' },
  doc: 'its tensors one after the other along a new axis',
  lower(call) {
    const tensors = call.tensors('xs');
    const axis = newAxis(call, tensors[0] as Value);
    return joined(
      call,
      tensors.map((x, i) => expanded(call, x, axis, `expanded_${i}`)),
      axis,
    );
  },
});

function newAxis(call: Call, x: Value): number {
  const [axis, places] = [call.integer('axis', 0), x.type.shape.length + 1];
  if (axis < -places || axis >= places) return call.mismatch('a place among the axes', axis);
  return axis < 0 ? axis + places : axis;
}

/** Joins along an axis, tensors of fewer axes getting further ones first, where `rank` asks for them. */
function stacking(keras: string, doc: string, rank: number, axis: number): Operation {
  return operation({
    keras,
    call: 'xs',
    doc,
    lower(call) {
      const tensors = call.tensors('xs').map((x, i) => {
        const { shape } = x.type;
        if (shape.length >= rank) return x;
        // A row becomes [1, n] or [1, n, 1], a number as many ones.
        const wide = shape.length === 0 ? Array.from({ length: rank }, () => 1) : [1, ...shape, 1].slice(shape.length === 2 ? 1 : 0);
        return call.layer.op('reshape', [x], { shape: wide.slice(0, rank) }, `expanded_${i}`);
      });
      return joined(call, tensors, (tensors[0] as Value).type.shape.length === 1 ? 0 : axis);
    },
  });
}

const append = operation({
  keras: 'numpy.Append',
  call: 'x1 x2',
  doc: 'x2 behind x1 along an axis, or all their elements in one row',
  lower(call) {
    const both = call.together(['x1', 'x2']);
    if (!call.has('axis'))
      return joined(
        call,
        both.map((x) => flattened(call, x)),
        0,
      );
    return joined(call, both, axisOfCall(call, both[0] as Value, 0));
  },
});

/** The sizes of the parts: a number of equal parts, or the places where the next begins. */
function partSizes(call: Call, x: Value, axis: number, mayDiffer: boolean): readonly number[] {
  const given = call.literal('indices_or_sections');
  const size = sizeOfAxis(call, x, axis);
  const [count = 1] = given.values;
  if (given.shape.length > 0) {
    const within = (place: number): number => Math.min(Math.max(place < 0 ? place + size : place, 0), size);
    const places = [0, ...given.values.map(within), size];
    return places.slice(1).map((place, i) => Math.max(place - (places[i] as number), 0));
  }
  if (count < 1 || (size % count !== 0 && !mayDiffer)) return call.mismatch(`parts into which ${size} divides`, count);
  const rest = size % count;
  return Array.from({ length: call.bounded(count) }, (_, i) => Math.floor(size / count) + Number(i < rest));
}

function parted(call: Call, x: Value, axis: number, mayDiffer = false): readonly Value[] {
  const sizes = partSizes(call, x, axis, mayDiffer);
  return sizes.length === 1 ? [x] : call.layer.ops('split', [x], { sizes, axis });
}

function splitting(keras: string, doc: string, fixed: (x: Value) => number): Operation {
  return operation({
    keras,
    call: 'x',
    doc,
    lower(call) {
      const x = call.tensor('x');
      return parted(call, x, axisOf(call.layer, fixed(x), x));
    },
  });
}

const split = operation({
  keras: 'numpy.Split',
  call: 'x',
  doc: 'parts along an axis',
  lower(call) {
    const x = call.tensor('x');
    return parted(call, x, axisOfCall(call, x, 0));
  },
});

/** TensorFlow's split takes the sizes of the parts, not the places between them. */
const splitBySizes = operation({
  keras: '',
  call: '',
  tf: { split: 'value:x num_or_size_splits axis num' },
  node: { Split: 'axis x ; num_split:num_or_size_splits', SplitV: 'x num_or_size_splits axis' },
  doc: 'parts along an axis',
  lower(call) {
    const x = call.tensor('x');
    const axis = axisOfCall(call, x, 0);
    const size = sizeOfAxis(call, x, axis);
    const given = call.literal('num_or_size_splits');
    const [count = 1] = given.values;
    if (given.shape.length === 0 && (count < 1 || size % count !== 0)) return call.mismatch(`parts into which ${size} divides`, count);
    const named = given.shape.length === 0 ? Array.from({ length: call.bounded(count) }, () => size / count) : given.values;
    // One size may be left open.
    const rest = size - named.filter((part) => part >= 0).reduce((sum, part) => sum + part, 0);
    const sizes = named.map((part) => (part < 0 ? rest : part));
    return sizes.length === 1 ? [x] : call.layer.ops('split', [x], { sizes, axis });
  },
});

const arraySplit = operation({
  keras: 'numpy.ArraySplit',
  call: 'x',
  doc: 'parts along an axis, the first ones longer by one where the size does not divide',
  lower(call) {
    const x = call.tensor('x');
    return parted(call, x, axisOfCall(call, x, 0), true);
  },
});

const unstack = operation({
  keras: 'core.Unstack',
  call: 'x',
  tf: { unstack: 'value:x num axis' },
  node: { Unpack: 'x ; num axis' },
  doc: 'the slices along an axis, without it',
  lower(call) {
    const x = call.tensor('x');
    const axis = axisOfCall(call, x, 0);
    const [size, named] = [x.type.shape[axis] ?? 1, call.has('num') ? call.integer('num') : null];
    if (!isKnown(size)) return call.unsupported('an axis of unknown size', "give the size in the shape of the model's input");
    if (named !== null && named !== size) return call.mismatch(`${size} slices`, named);
    const sizes = Array.from({ length: call.bounded(size) }, () => 1);
    const slices = size === 1 ? [x] : call.layer.ops('split', [x], { sizes, axis }, 'slice');
    return slices.map((slice) => call.layer.op('reshape', [slice], { shape: x.type.shape.toSpliced(axis, 1) }));
  },
});

const addAll = operation({
  keras: '',
  call: 'xs',
  tf: { 'math.add_n add_n': 'inputs:xs' },
  node: { AddN: '*xs' },
  doc: 'the sum of its tensors',
  lower: (call) => call.tensors('xs', 'i32').reduce((left, right) => call.layer.op('add', [left, right], {})),
});

export const joining: readonly Operation[] = [
  concatenate,
  concatenateOp,
  stack,
  stacking('numpy.Hstack', 'its tensors side by side', 1, 1),
  stacking('numpy.Vstack', 'its tensors one below the other', 2, 0),
  stacking('numpy.Dstack', 'its tensors one behind the other', 3, 2),
  append,
  split,
  splitBySizes,
  arraySplit,
  splitting('numpy.Hsplit', 'parts side by side', (x) => (x.type.shape.length > 1 ? 1 : 0)),
  splitting('numpy.Vsplit', 'parts one below the other', () => 0),
  splitting('numpy.Dsplit', 'parts one behind the other', () => 2),
  unstack,
  addAll,
];
