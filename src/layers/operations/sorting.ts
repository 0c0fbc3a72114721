import type { Value } from '../../ir/program.ts';
import { alongAxis, axesOfCall, axisOfCall, expanded, onLastAxis, sizeOfAxis } from './axes.ts';
import type { Call } from './call.ts';
import { type Operation, operation } from './operation.ts';

/** Orders along an axis, all of them by the k largest. */

/** In ascending order the k largest of -x: their places, too, are in Keras's order, of equal ones the first first. */
function ascending(call: Call, x: Value): readonly [values: Value, places: Value] {
  const { layer } = call;
  const k = sizeOfAxis(call, x, x.type.shape.length - 1);
  const [values, places] = layer.ops('topK', [layer.op('neg', [x], {}, 'negated')], { k }, 'sorted') as [Value, Value];
  return [layer.op('neg', [values], {}, 'ascending'), places];
}

const sort = operation({
  keras: 'numpy.Sort',
  call: 'x',
  tf: { sort: 'values:x axis direction' },
  doc: 'in ascending order along an axis',
  lower(call) {
    const [given] = call.together(['x'], 'i32') as [Value];
    const { x, axis } = call.form === 'tf' || call.has('axis') ? { x: given, axis: axisOfCall(call, given, -1) } : alongAxis(call, given);
    const isUp = call.text('direction', 'ASCENDING') === 'ASCENDING';
    const k = sizeOfAxis(call, x, axis);
    const sorted = (y: Value): Value => (isUp ? ascending(call, y)[0] : (call.layer.ops('topK', [y], { k }, 'sorted')[0] as Value));
    return onLastAxis(call, x, axis, (y) => [sorted(y)])[0] as Value;
  },
});

const argsort = operation({
  keras: 'numpy.Argsort',
  call: 'x',
  tf: { argsort: 'values:x axis direction stable' },
  doc: 'where the elements stand in ascending order along an axis',
  lower(call) {
    const [given] = call.together(['x'], 'i32') as [Value];
    const { x, axis } = call.form === 'tf' || call.has('axis') ? { x: given, axis: axisOfCall(call, given, -1) } : alongAxis(call, given);
    const isUp = call.text('direction', 'ASCENDING') === 'ASCENDING';
    const k = sizeOfAxis(call, x, axis);
    const places = (y: Value): Value => (isUp ? ascending(call, y)[1] : (call.layer.ops('topK', [y], { k }, 'sorted')[1] as Value));
    return onLastAxis(call, x, axis, (y) => [places(y)])[0] as Value;
  },
});

const topK = operation({
  keras: 'math.TopK',
  call: 'x',
  tf: { 'math.top_k nn.top_k': 'input:x k sorted' },
  node: { TopKV2: 'x k ; sorted' },
  doc: 'the k largest along the last axis, and where they stand',
  lower(call) {
    const [x] = call.together(['x'], 'i32') as [Value];
    return call.layer.ops('topK', [x], { k: call.integer('k', 1) });
  },
});

/** What stands at a share of the way through the sorted elements, between two of them in a straight line. */
function quantile(call: Call, x: Value, share: number): Value {
  const { layer } = call;
  const last = x.type.shape.length - 1;
  const at = share * (sizeOfAxis(call, x, last) - 1);
  const [sorted] = ascending(call, x);
  const element = (place: number, role: string): Value => {
    const begin = x.type.shape.map((_, i) => (i === last ? place : 0));
    return layer.op('slice', [sorted], { begin, size: x.type.shape.map((_, i) => (i === last ? 1 : null)) }, role);
  };
  const low = element(Math.floor(at), 'low');
  if (Number.isInteger(at)) return low;
  const gap = layer.op('sub', [element(Math.ceil(at), 'high'), low], {}, 'gap');
  return layer.op('add', [low, layer.op('mul', [gap, layer.scalar(at % 1, 'share')], {}, 'way')], {}, 'between');
}

const median = operation({
  keras: 'numpy.Median',
  call: 'x',
  doc: 'the middle of the sorted elements over axes, or the mean of the two in the middle',
  lower(call) {
    const { layer } = call;
    const x = call.float('x');
    const axes = axesOfCall(call, x);
    const others = x.type.shape.map((_, i) => i).filter((i) => !axes.includes(i));
    const moved = layer.op('transpose', [x], { perm: [...others, ...axes] }, 'moved');
    const count = axes.reduce((product, axis) => product * sizeOfAxis(call, x, axis), 1);
    const kept = others.map((i) => x.type.shape[i] ?? 1);
    const rows = layer.op('reshape', [moved], { shape: [...kept, count] }, 'rows');
    const middle = quantile(call, rows, 0.5);
    const keepDims = call.flag('keepdims', false);
    return layer.op('reshape', [middle], { shape: keepDims ? x.type.shape.map((dim, i) => (axes.includes(i) ? 1 : dim)) : kept });
  },
});

const inTopK = operation({
  keras: 'math.InTopK',
  call: 'targets predictions',
  tf: { 'math.in_top_k nn.in_top_k': 'targets predictions k' },
  doc: 'true where fewer than k predictions are above that of the target',
  lower(call) {
    const { layer } = call;
    const [targets, predictions] = [call.tensor('targets', 'i32'), call.float('predictions')];
    const size = sizeOfAxis(call, predictions, 1);
    const classes = layer.constant(
      Array.from({ length: call.bounded(size) }, (_, i) => i),
      [size],
      'classes',
      'i32',
    );
    const chosen = layer.op('equal', [expanded(call, targets, 1, 'target'), classes], {}, 'is_target');
    const own = layer.op(
      'sum',
      [layer.op('where', [chosen, predictions, layer.scalar(0, 'zero')], {}, 'own')],
      { axes: [1], keepDims: true },
      'of_target',
    );
    const above = layer.cast(layer.op('greater', [predictions, own], {}, 'above'), 'i32');
    const rank = layer.op('sum', [above], { axes: [1] }, 'rank');
    return layer.op('less', [rank, layer.scalar(call.integer('k'), 'k', 'i32')], {});
  },
});

/** How many of a row of ascending numbers stand before each value. */
function places(call: Call, x: Value, row: Value, isRight: boolean): Value {
  const { layer } = call;
  if (row.type.shape.length !== 1) return call.mismatch('numbers in one row', row.type.shape);
  const before = layer.op(isRight ? 'greaterEqual' : 'greater', [expanded(call, x, x.type.shape.length, 'column'), row], {}, 'before');
  return layer.op('sum', [layer.cast(before, 'i32')], { axes: [x.type.shape.length] });
}

const digitize = operation({
  keras: 'numpy.Digitize',
  call: 'x bins',
  doc: 'the number of the bin in which each element lies',
  lower(call) {
    const [x, bins] = call.together(['x', 'bins'], 'i32') as [Value, Value];
    return places(call, x, bins, true);
  },
});

const searchSorted = operation({
  keras: 'numpy.SearchSorted',
  call: 'sorted_sequence values',
  tf: { searchsorted: 'sorted_sequence values side out_type' },
  doc: 'where values would stand in a sorted row',
  lower(call) {
    const [row, values] = call.together(['sorted_sequence', 'values'], 'i32') as [Value, Value];
    return places(call, values, row, call.text('side', 'left') === 'right');
  },
});

export const sorting: readonly Operation[] = [sort, argsort, topK, median, inTopK, digitize, searchSorted];
