import type { Value } from '../../ir/program.ts';
import { isKnown } from '../../ir/types.ts';
import type { Lowering } from '../row.ts';

/** Activations over one axis or several at once. */

const lastAxis = (x: Value): number => x.type.shape.length - 1;

/** Softmax over one axis: tfjs has a kernel for the last, and other axes are moved there and back. */
export function softmax(layer: Lowering, x: Value, axis = lastAxis(x)): Value {
  if (axis === lastAxis(x)) return layer.op('softmax', [x], {});
  const perm = x.type.shape.map((_, i) => (i === axis ? lastAxis(x) : i === lastAxis(x) ? axis : i));
  const moved = layer.op('transpose', [x], { perm }, 'axis_last');
  return layer.op('transpose', [layer.op('softmax', [moved], {})], { perm });
}

/** Softmax over several axes together: e^(x - max x) and its share in the sum. */
export function softmaxOver(layer: Lowering, x: Value, axes: readonly number[]): Value {
  const powers = layer.op('exp', [centred(layer, x, axes)], {});
  return layer.op('div', [powers, layer.op('sum', [powers], { axes, keepDims: true })], {});
}

/** x - max x - ln(sum e^(x - max x)) over the last axis. */
export function logSoftmax(layer: Lowering, x: Value): Value {
  const axes = [lastAxis(x)];
  const difference = centred(layer, x, axes);
  const total = layer.op('sum', [layer.op('exp', [difference], {})], { axes, keepDims: true });
  return layer.op('sub', [difference, layer.op('log', [total], {})], {}, 'log_softmax');
}

const centred = (layer: Lowering, x: Value, axes: readonly number[]): Value =>
  layer.op('sub', [x, layer.op('max', [x], { axes, keepDims: true })], {}, 'centred');

/**
 * Sparsemax over the last axis, as Keras 3 computes it: with the elements in descending order, c their running sums, and the
 * support those k whose element is above (c - 1) / rank, it is max(x - (sum of c over the support - 1) / k, 0). Ranks and
 * running sums come from comparing all pairs, for tfjs has no sort on every backend.
 */
export function sparsemax(layer: Lowering, x: Value): Value {
  const { shape } = x.type;
  const size = shape.at(-1);
  if (size === undefined || !isKnown(size)) return layer.mismatch('sparsemax takes a last axis of known size', shape);
  const places = Array.from({ length: size }, (_, i) => i);
  const rows = layer.op('reshape', [x], { shape: [...shape, 1] }, 'rows');
  const columns = layer.op('reshape', [x], { shape: [...shape.slice(0, -1), 1, size] }, 'columns');
  // Of equal elements, the one that stands first comes first.
  const [place, other] = [layer.constant(places, [size, 1], 'place', 'i32'), layer.constant(places, [1, size], 'other_place', 'i32')];
  const earlier = layer.op('lessEqual', [other, place], {}, 'earlier');
  const tied = layer.op('logicalAnd', [layer.op('equal', [columns, rows], {}, 'equal'), earlier], {}, 'tied');
  const before = layer.cast(layer.op('logicalOr', [layer.op('greater', [columns, rows], {}, 'above'), tied], {}, 'before'), 'f32');
  const rank = layer.op('sum', [before], { axes: [shape.length] }, 'rank');
  const running = layer.op('sum', [layer.op('mul', [before, columns], {}, 'larger')], { axes: [shape.length] }, 'running');
  const one = layer.scalar(1, 'one');
  const limit = layer.op('div', [layer.op('sub', [running, one], {}, 'excess'), rank], {}, 'limit');
  const support = layer.cast(layer.op('greater', [x, limit], {}, 'in_support'), 'f32');
  const axes = [lastAxis(x)];
  const total = layer.op('sum', [layer.op('mul', [support, running], {}, 'supported')], { axes, keepDims: true }, 'total');
  const count = layer.op('sum', [support], { axes, keepDims: true }, 'count');
  const threshold = layer.op('div', [layer.op('sub', [total, one], {}, 'total_excess'), count], {}, 'threshold');
  return layer.op('relu', [layer.op('sub', [x, threshold], {}, 'above_threshold')], {});
}
