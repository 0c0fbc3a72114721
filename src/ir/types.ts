import { quoted } from '../diagnostics/text.ts';

/** The types of tensors in a program. */

export type DType = 'f32' | 'i32' | 'bool' | 'str';

/**
 * A dimension: its size, or the symbol of one that is unknown until the program runs. `?` is the batch; any other symbol
 * is `?` and the tensor and axis that brought it in, such as `?image.1`. Equal symbols are equal sizes. A symbol may carry a
 * factor, `?*4`: the rows that a batch of matrices of four rows has.
 */
export type Dim = number | string;
export type Shape = readonly Dim[];

export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

export const BATCH = '?';

export const isKnown = (dim: Dim): dim is number => typeof dim === 'number';

/** True unless both dimensions are known and differ. */
export const mayEqual = (a: Dim, b: Dim): boolean => typeof a === 'string' || typeof b === 'string' || a === b;

export const mayEqualShapes = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((dim, i) => mayEqual(dim, b[i] as Dim));

export const sameType = (a: TensorType, b: TensorType): boolean =>
  a.dtype === b.dtype && a.shape.length === b.shape.length && a.shape.every((dim, i) => dim === b.shape[i]);

const FACTOR = /\*(\d+)$/;

/** The symbol that stands for a multiple of another; names of tensors and axes never end in a factor. */
export const times = (symbol: string, factor: number): string => {
  const total = factor * factorOf(symbol);
  return total === 1 ? symbol.replace(FACTOR, '') : `${symbol.replace(FACTOR, '')}*${total}`;
};

/** The symbol without its factor. */
export const baseOf = (symbol: string): string => symbol.replace(FACTOR, '');

export const factorOf = (symbol: string): number => Number(FACTOR.exec(symbol)?.[1] ?? 1);

/** Number of elements, an unknown dimension counting as one: for a batch of unknown size, elements per sample. */
export const elements = (shape: Shape): number => shape.reduce<number>((product, dim) => product * (isKnown(dim) ? dim : factorOf(dim)), 1);

const BYTES: Readonly<Record<DType, number>> = { f32: 4, i32: 4, bool: 1, str: 0 };

/** Bytes of a tensor, an unknown dimension counting as one. */
export const bytes = (type: TensorType): number => elements(type.shape) * BYTES[type.dtype];

export const showType = (type: TensorType): string => `${type.dtype}[${type.shape.map(showDim).join(',')}]`;
export const showShape = (shape: Shape): string => `[${shape.map(showDim).join(',')}]`;

const PLAIN = /^[A-Za-z0-9_./@~+-]*$/;

/** A symbol whose name is not plain is quoted behind its question mark. */
function showDim(dim: Dim): string {
  if (isKnown(dim)) return String(dim);
  const name = dim.slice(1).replace(FACTOR, '');
  return PLAIN.test(name) ? dim : `?${quoted(name)}${FACTOR.exec(dim)?.[0] ?? ''}`;
}
