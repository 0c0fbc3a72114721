import { BATCH, baseOf, type Dim, factorOf, isKnown, type Shape, type TensorType } from '../../ir/types.ts';

/** Symbols are called after tensors and layers, which may have other names: what counts is whether one is the batch, and its factor. */
export const sameDim = (a: Dim, b: Dim): boolean =>
  isKnown(a) || isKnown(b) ? a === b : (baseOf(a) === BATCH) === (baseOf(b) === BATCH) && factorOf(a) === factorOf(b);

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((dim, axis) => sameDim(dim, b[axis] as Dim));

/** True also where one is not known. */
export const sameType = (a: TensorType | null, b: TensorType | null): boolean =>
  a === null || b === null || (a.dtype === b.dtype && sameShape(a.shape, b.shape));
