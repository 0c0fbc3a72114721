import type { NDArray } from './ndarray.ts';

/** Numbers in row-major order. */
export interface Grid {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** One axis, several, or null for all; negative ones count from the last. */
export type Axis = number | readonly number[] | null;

/** Numbers line by line, each along the axes that are summed over. */
export interface Lines {
  readonly data: NDArray['data'];
  readonly count: number;
  readonly length: number;
  /** Of what is left where a line becomes one number. */
  readonly shape: readonly number[];
}

export const gridOf = ({ shape, data }: NDArray): Grid => ({ shape, values: data });

export const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

export const countIn = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

interface Shaped {
  readonly shape: readonly number[];
}

/**
 * Two of the same rank, where they differ by a last axis of size 1: `squeeze_or_expand_to_same_rank` of Keras. A list is expanded, others
 * are squeezed.
 * @param expands false where a list is to stay one
 */
export function sameRank<A extends Shaped, B extends Shaped>(a: A, b: B, expands = true): readonly [A, B] {
  const longer = a.shape.length - b.shape.length;
  if (longer === 1 && a.shape.at(-1) === 1) return b.shape.length === 1 && expands ? [a, expanded(b)] : [squeezed(a), b];
  if (longer === -1 && b.shape.at(-1) === 1) return a.shape.length === 1 && expands ? [expanded(a), b] : [a, squeezed(b)];
  return [a, b];
}

const expanded = <T extends Shaped>(given: T): T => ({ ...given, shape: [...given.shape, 1] });
const squeezed = <T extends Shaped>(given: T): T => ({ ...given, shape: given.shape.slice(0, -1) });

/**
 * What should be and what is, in the same shape.
 * @throws Error where they have not one shape, or a label is not a number
 */
export function fitted(yTrue: NDArray, yPred: NDArray): readonly [NDArray, NDArray] {
  const [trues, preds] = sameRank(yTrue, yPred);
  if (trues.shape.length !== preds.shape.length || trues.shape.some((size, axis) => size !== preds.shape[axis])) misfit(yTrue, yPred);
  checkLabels(trues);
  return [trues, preds];
}

/** @throws Error always, with both shapes */
export function misfit(yTrue: NDArray, yPred: NDArray): never {
  throw new Error(`labels of shape ${shapeText(yTrue.shape)} do not fit an output of shape ${shapeText(yPred.shape)}`);
}

/** @throws Error where a label is not a number */
export function checkLabels({ dtype, shape, data }: NDArray): void {
  if (dtype !== 'float32') return;
  for (let i = 0; i < data.length; i++) {
    if (Number.isNaN(data[i])) throw new Error(`a label of sample ${sampleOf(i, shape)} is not a number (NaN)`);
  }
}

/** The sample that the i-th number belongs to. */
export const sampleOf = (i: number, shape: readonly number[]): number => Math.floor(i / countIn(shape.slice(1)));

/** @throws Error where there is no such axis */
export function axesIn(axis: Axis, rank: number): number[] {
  if (axis === null) return Array.from({ length: rank }, (_, i) => i);
  const axes = (typeof axis === 'number' ? [axis] : axis).map((given) => {
    const place = given < 0 ? given + rank : given;
    if (place < 0 || place >= rank) throw new Error(`axis ${given}: the output has ${rank} axes`);
    return place;
  });
  return [...new Set(axes)].sort((a, b) => a - b);
}

/** The lines along an axis; they are copied where it is not the last. */
export function linesAlong({ shape, data }: NDArray, axis: Axis): Lines {
  const along = axesIn(axis, shape.length);
  const across = shape.map((_, i) => i).filter((i) => !along.includes(i));
  const sizes = (axes: readonly number[]): number[] => axes.map((i) => shape[i] as number);
  const isLast = along.every((i, k) => i === across.length + k);
  return {
    data: isLast ? data : reordered(data, shape, [...across, ...along]),
    count: countIn(sizes(across)),
    length: countIn(sizes(along)),
    shape: sizes(across),
  };
}

function reordered<T extends NDArray['data']>(data: T, shape: readonly number[], order: readonly number[]): T {
  const result = data.slice() as T;
  const steps = order.map((axis) => countIn(shape.slice(axis + 1)));
  const sizes = order.map((axis) => shape[axis] as number);
  const place = order.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = data[from] as number;
    for (let k = order.length - 1; k >= 0; k--) {
      from += steps[k] as number;
      place[k] = (place[k] as number) + 1;
      if ((place[k] as number) < (sizes[k] as number)) break;
      from -= (steps[k] as number) * (sizes[k] as number);
      place[k] = 0;
    }
  }
  return result;
}

/**
 * Something of each pair of numbers; sizes of 1 and missing first axes are repeated, as numpy does it.
 * @param what b is, for the message
 * @throws Error where the shapes do not fit
 */
export function broadcast(a: Grid, b: Grid, each: (a: number, b: number) => number, what: string): Grid & { values: Float64Array } {
  const rank = Math.max(a.shape.length, b.shape.length);
  const shape = Array.from({ length: rank }, (_, axis) => {
    const [m, n] = [sizeAt(a, axis, rank), sizeAt(b, axis, rank)];
    if (m !== n && m !== 1 && n !== 1) throw new Error(`${what} of shape ${shapeText(b.shape)} do not fit ${shapeText(a.shape)}`);
    return m === 1 ? n : m;
  });
  const values = new Float64Array(countIn(shape));
  const places = placesIn(a, shape);
  const others = placesIn(b, shape);
  for (let i = 0; i < values.length; i++) {
    const [j, k] = [places === null ? i : (places[i] as number), others === null ? i : (others[i] as number)];
    values[i] = each(a.values[j] as number, b.values[k] as number);
  }
  return { shape, values };
}

/**
 * Numbers repeated to a shape.
 * @throws Error where they do not fit it
 */
export function repeatedTo(given: Grid, shape: readonly number[], what: string): ArrayLike<number> {
  const rank = shape.length;
  const isFit = given.shape.length <= rank && shape.every((size, axis) => [1, size].includes(sizeAt(given, axis, rank)));
  if (!isFit) throw new Error(`${what} of shape ${shapeText(given.shape)} do not fit ${shapeText(shape)}`);
  const places = placesIn(given, shape);
  return places === null ? given.values : Float64Array.from(places, (place) => given.values[place] as number);
}

const sizeAt = ({ shape }: Grid, axis: number, rank: number): number => shape[axis - rank + shape.length] ?? 1;

/** Where each number of a shape is found; null where they stand as they are. */
function placesIn(given: Grid, shape: readonly number[]): Int32Array | null {
  const rank = shape.length;
  if (shape.every((size, axis) => sizeAt(given, axis, rank) === size)) return null;
  let places = new Int32Array(1);
  let step = 1;
  // From the last axis on: what was found so far is repeated for each place on the axis before it.
  for (let axis = rank - 1; axis >= 0; axis--) {
    const [size, own, before] = [shape[axis] as number, sizeAt(given, axis, rank), places];
    places = new Int32Array(size * before.length);
    for (let i = 0; i < places.length; i++) {
      const at = Math.floor(i / before.length);
      places[i] = (before[i % before.length] as number) + (own === 1 ? 0 : at * step);
    }
    step *= own;
  }
  return places;
}
