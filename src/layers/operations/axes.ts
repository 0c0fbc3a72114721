import type { Value } from '../../ir/program.ts';
import { elements, isKnown } from '../../ir/types.ts';
import { axesOf, axisOf } from '../axes.ts';
import type { Call } from './call.ts';

/** `axis` of a call, counted from the front; all axes where it is None. */
export function axesOfCall(call: Call, x: Value, name = 'axis'): readonly number[] {
  if (!call.has(name)) return x.type.shape.map((_, i) => i);
  const given = call.integers(name);
  return given.length === 0 ? [] : axesOf(call.layer, given, x);
}

/** One `axis`, counted from the front. */
export const axisOfCall = (call: Call, x: Value, fallback: number, name = 'axis'): number =>
  axisOf(call.layer, call.integer(name, fallback), x);

/** The tensor, or all its elements in one row where the call names no axis; and the axis to work along. */
export function alongAxis(call: Call, x: Value, name = 'axis'): { readonly x: Value; readonly axis: number } {
  if (call.has(name)) return { x, axis: axisOfCall(call, x, 0, name) };
  return { x: flattened(call, x), axis: 0 };
}

export function flattened(call: Call, x: Value): Value {
  const { shape } = x.type;
  if (shape.length === 1) return x;
  return call.layer.op('reshape', [x], { shape: [shape.every(isKnown) ? elements(shape) : null] }, 'flat');
}

/** The size of an axis, which has to be known. */
export function sizeOfAxis(call: Call, x: Value, axis: number): number {
  const size = x.type.shape[axis] ?? 1;
  return isKnown(size) ? size : call.unsupported(`an axis ${axis} of unknown size`, "give the size in the shape of the model's input");
}

/** The tensor with two axes in each other's place. */
export function swapped(call: Call, x: Value, a: number, b: number, role: string): Value {
  if (a === b) return x;
  const perm = x.type.shape.map((_, i) => (i === a ? b : i === b ? a : i));
  return call.layer.op('transpose', [x], { perm }, role);
}

/** Runs work along an axis as if it were the last. */
export function onLastAxis(call: Call, x: Value, axis: number, work: (x: Value) => readonly Value[]): readonly Value[] {
  const last = x.type.shape.length - 1;
  if (axis === last) return work(x);
  return work(swapped(call, x, axis, last, 'axis_last')).map((result) => swapped(call, result, axis, last, 'axis_back'));
}

/** The tensor with an axis of size 1 more. */
export function expanded(call: Call, x: Value, axis: number, role = 'expanded'): Value {
  return call.layer.op('reshape', [x], { shape: x.type.shape.toSpliced(axis, 0, 1) }, role);
}
