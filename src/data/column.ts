import type { Hash } from 'node:crypto';

export type Numbers = Float32Array | Float64Array | Int32Array;

interface AnyColumn {
  /** What a message calls it: `the array "x" of data.npz`. */
  readonly what: string;
  /** The first axis counts the samples. */
  readonly shape: readonly number[];
  /** Where a sample is, for a message: `sample 3`, `line 5`. */
  at(sample: number): string;
}

/** One number or more for each sample. */
export interface NumberColumn extends AnyColumn {
  readonly kind: 'float' | 'int' | 'bool';
  /** The numbers of the samples `from` to `to - 1`, row by row; integers that `into` cannot hold are not asked for. */
  read(from: number, to: number, into: Numbers): void;
  /** Feeds all of it to a hash. */
  hash(hash: Hash): void;
}

export interface TextColumn extends AnyColumn {
  readonly kind: 'text';
  texts(from: number, to: number): readonly string[];
  hash(hash: Hash): void;
}

export type Column = NumberColumn | TextColumn;

export const sampleAt = (sample: number): string => `sample ${sample}`;

/** How many values a sample has. */
export const rowSize = ({ shape }: Pick<AnyColumn, 'shape'>): number => shape.slice(1).reduce((product, size) => product * size, 1);

/** Numbers in memory. */
export function numberColumn(
  what: string,
  kind: NumberColumn['kind'],
  shape: readonly number[],
  numbers: Numbers,
  at: (sample: number) => string = sampleAt,
): NumberColumn {
  const row = rowSize({ shape });
  return {
    what,
    kind,
    shape,
    at,
    read: (from, to, into) => into.set(numbers.subarray(from * row, to * row)),
    hash: (hash) => void hash.update(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)),
  };
}

/** Texts in memory, one a sample. */
export function textColumn(what: string, texts: readonly string[], at: (sample: number) => string = sampleAt): TextColumn {
  return {
    what,
    kind: 'text',
    shape: [texts.length],
    at,
    texts: (from, to) => texts.slice(from, to),
    hash: (hash) => hashTexts(hash, texts),
  };
}

/** Each with its length before it, so that no two lists are alike. */
export function hashTexts(hash: Hash, texts: readonly string[]): void {
  for (const text of texts) hash.update(`${text.length}:`).update(text);
}
