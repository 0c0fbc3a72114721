import type { Value } from '../../ir/program.ts';
import { type Dim, isKnown } from '../../ir/types.ts';
import { type Arg, isTensorArg } from '../../model/graph.ts';
import type { Call } from './call.ts';
import { isSizes, sizesOf } from './sizes.ts';

interface Slice {
  readonly start: number | null;
  readonly stop: number | null;
  readonly step: number;
}

type Item = number | null | 'ellipsis' | Slice;

/**
 * x[key] as numpy slices: an integer takes one slice and drops its axis, None puts in a new axis, an ellipsis stands for the axes that
 * no other item names.
 * @throws SkipcError `shape-mismatch` for places that are not there
 */
export function sliced(call: Call, x: Value, key: readonly unknown[]): Value {
  const items = key.map((item) => itemOf(call, item));
  const sizes = sizesOf(x);
  const [only] = items;
  if (sizes !== undefined && items.length === 1) {
    if (typeof only === 'number') return isSizes(ranges(call, x, items), [sizes.at(only) ?? 1]);
    if (typeof only === 'object' && only !== null && only.step === 1)
      return isSizes(ranges(call, x, items), sizes.slice(only.start ?? 0, only.stop ?? sizes.length));
  }
  return ranges(call, x, items);
}

function ranges(call: Call, x: Value, items: readonly Item[]): Value {
  const { shape } = x.type;
  const named = items.filter((item) => item !== null && item !== 'ellipsis').length;
  if (named > shape.length || items.filter((item) => item === 'ellipsis').length > 1) return call.mismatch('a key for its axes', items);
  const whole: Slice = { start: null, stop: null, step: 1 };
  const rest = Array.from({ length: shape.length - named }, () => whole);
  const open = items.includes('ellipsis') ? items : [...items, 'ellipsis' as const];
  const full = open.flatMap((item) => (item === 'ellipsis' ? rest : [item]));

  let result = x;
  let axis = 0;
  const places = full.map((item) => (item === null ? null : axis++));
  for (const [i, item] of full.entries()) {
    const along = places[i];
    if (item === null || along === null || along === undefined) continue;
    result = typeof item === 'number' ? one(call, result, along, item) : range(call, result, along, item);
  }
  const sizes = result.type.shape;
  const kept = full.flatMap((item, i): Dim[] =>
    item === null ? [1] : typeof item === 'number' ? [] : [sizes[places[i] as number] as Dim],
  );
  const isSame = kept.length === sizes.length && full.every((item) => item !== null && typeof item !== 'number');
  return isSame ? result : call.layer.op('reshape', [result], { shape: kept });
}

function itemOf(call: Call, item: unknown): Item {
  if (item === null || item === undefined) return null;
  if (typeof item === 'number' && Number.isInteger(item)) return item;
  if (typeof item === 'string' && item === 'Ellipsis') return 'ellipsis';
  if (typeof item !== 'object' || Array.isArray(item)) return byTensor(call);
  const { class_name: className, config } = item as { class_name?: unknown; config?: unknown };
  if (className === '__ellipsis__') return 'ellipsis';
  if (isTensorArg(item as Arg)) return byTensor(call);
  const { start, stop, step } = (className === '__slice__' ? (config ?? {}) : item) as Record<string, unknown>;
  return { start: boundOf(call, start), stop: boundOf(call, stop), step: boundOf(call, step) ?? 1 };
}

const byTensor = (call: Call): never =>
  call.unsupported('a key that holds tensors, lists or truth values', 'use take(), take_along_axis() or where()');

/** Behind every axis that there can be, and within tfjs's integers; negative, two of these still are. */
const FURTHEST = 2 ** 30;

function boundOf(call: Call, bound: unknown): number | null {
  if (bound === null || bound === undefined) return null;
  if (typeof bound === 'number' && Number.isInteger(bound)) return Math.max(Math.min(bound, FURTHEST), -FURTHEST);
  if (isTensorArg(bound as Arg)) {
    const sizes = sizesOf(call.layer.value((bound as { tensor: string }).tensor));
    const [size] = sizes ?? [];
    if (sizes?.length === 1 && size !== undefined && isKnown(size)) return size;
  }
  return call.unsupported('a slice between places that are computed', 'use numbers that are known when the model is built');
}

/** One slice of an axis, which keeps size 1. */
function one(call: Call, x: Value, axis: number, place: number): Value {
  const size = x.type.shape[axis] as Dim;
  if (isKnown(size) && (place < -size || place >= size)) return call.mismatch(`a place within ${size}`, place);
  if (!isKnown(size) && place < 0) return part(call, reversed(call, x, axis), axis, -1 - place, 1);
  return part(call, x, axis, place < 0 ? place + (size as number) : place, 1);
}

function part(call: Call, x: Value, axis: number, from: number, count: number | null): Value {
  const begin = x.type.shape.map((_, i) => (i === axis ? from : 0));
  return call.layer.op('slice', [x], { begin, size: x.type.shape.map((_, i) => (i === axis ? count : null)) }, 'part');
}

const reversed = (call: Call, x: Value, axis: number): Value => call.layer.op('reverse', [x], { axes: [axis] }, 'reversed');

function range(call: Call, x: Value, axis: number, { start, stop, step }: Slice): Value {
  const size = x.type.shape[axis] as Dim;
  if (step === 0) return call.mismatch('steps other than 0', step);
  if (isKnown(size)) return knownRange(call, x, axis, size, { start, stop, step });
  if (step < 0) {
    // From the end, places count the other way round: -1 is the first, and 0 the last.
    const turned = (place: number | null): number | null => (place === null ? null : -1 - place);
    return range(call, reversed(call, x, axis), axis, { start: turned(start), stop: turned(stop), step: -step });
  }
  const from = start ?? 0;
  if (from >= 0 && stop === null) return every(call, from === 0 ? x : part(call, x, axis, from, null), axis, step);
  // What is counted from the end is cut off there.
  const tail = stop !== null && stop < 0 ? -stop : 0;
  if (from >= 0 && tail > 0) {
    const front = reversed(call, part(call, reversed(call, x, axis), axis, tail, null), axis);
    return every(call, from === 0 ? front : part(call, front, axis, from, null), axis, step);
  }
  if (from < 0 && (stop === null || (stop < 0 && from < stop))) {
    const last = part(call, reversed(call, x, axis), axis, tail, -from - tail);
    return every(call, reversed(call, last, axis), axis, step);
  }
  if (from >= 0 && stop !== null && stop > from) return every(call, part(call, x, axis, from, stop - from), axis, step);
  return call.unsupported(
    'a slice from one end to the other of an axis of unknown size',
    "give the size in the shape of the model's input",
  );
}

/** Every `step`-th element along an axis. */
function every(call: Call, x: Value, axis: number, step: number): Value {
  if (step === 1) return x;
  const size = x.type.shape[axis] as Dim;
  if (isKnown(size)) return knownRange(call, x, axis, size, { start: null, stop: null, step });
  const { shape, dtype } = x.type;
  if (dtype !== 'f32') return call.unsupported('a step through integers along an axis of unknown size', 'cast to float32 first');
  const attrs = { begin: shape.map(() => 0), end: shape.map(() => null), strides: shape.map((_, i) => (i === axis ? step : 1)) };
  return call.layer.op('stridedSlice', [x], attrs, 'steps');
}

/** By the places that Python's `slice.indices` gives. */
function knownRange(call: Call, x: Value, axis: number, size: number, { start, stop, step }: Slice): Value {
  const clamp = (place: number): number => {
    const front = place < 0 ? place + size : place;
    return step > 0 ? Math.min(Math.max(front, 0), size) : Math.min(Math.max(front, -1), size - 1);
  };
  const from = start === null ? (step > 0 ? 0 : size - 1) : clamp(start);
  const to = stop === null ? (step > 0 ? size : -1) : clamp(stop);
  const count = Math.max(Math.ceil((to - from) / step), 0);
  if (count === size && step === 1) return x;
  if (count === size && step === -1) return reversed(call, x, axis);
  if (count === 0) return part(call, x, axis, 0, 0);
  if (Math.abs(step) === 1 || count === 1) {
    const low = step > 0 ? from : from - (count - 1);
    const kept = part(call, x, axis, count === 1 ? from : low, count);
    return step === -1 && count > 1 ? reversed(call, kept, axis) : kept;
  }
  if (step > 0 && x.type.dtype === 'f32') {
    const { shape } = x.type;
    const along = <T, U>(value: T, other: U): (T | U)[] => shape.map((_, i) => (i === axis ? value : other));
    return call.layer.op('stridedSlice', [x], { begin: along(from, 0), end: along(to, null), strides: along(step, 1) }, 'steps');
  }
  const places = Array.from({ length: call.bounded(count) }, (_, i) => from + i * step);
  return call.layer.op('gather', [x, call.layer.constant(places, [count], 'places', 'i32')], { axis }, 'steps');
}
