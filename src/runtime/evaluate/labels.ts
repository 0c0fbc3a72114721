import type { NDArray } from './ndarray.ts';
import { axesIn, checkLabels, misfit, sampleOf } from './shapes.ts';

/**
 * Class labels, one for each line of an output along its classes; an axis of size 1 in place of the classes is left out.
 * @throws Error where shapes do not fit, or a label is not a number
 */
export function labelsFor(yTrue: NDArray, yPred: NDArray, axis: number): NDArray {
  const [along = 0] = axesIn(axis, yPred.shape.length);
  const shape = yPred.shape.filter((_, i) => i !== along);
  const isColumn = yTrue.shape.length === yPred.shape.length && yTrue.shape[along] === 1;
  const given = isColumn ? yTrue.shape.filter((_, i) => i !== along) : yTrue.shape;
  if (given.length !== shape.length || given.some((size, i) => size !== shape[i])) misfit(yTrue, yPred);
  checkLabels(yTrue);
  return { ...yTrue, shape };
}

/**
 * The i-th label as an index of a class; what comes after the point is left out, as Keras leaves it out.
 * @throws Error where the output has no such class
 */
export function classAt({ shape, data }: NDArray, i: number, classes: number): number {
  const label = Math.trunc(data[i] as number);
  if (!(label >= 0 && label < classes)) throw new Error(unknownClass(data[i] as number, sampleOf(i, shape), classes));
  return label;
}

const unknownClass = (label: number, sample: number, classes: number): string =>
  `label ${label} of sample ${sample}: the output has ${classes} ${classes === 1 ? 'class' : 'classes'}`;
