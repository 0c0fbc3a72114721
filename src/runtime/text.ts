import { type Tensor, tensor } from '@tensorflow/tfjs-core';

const textsOf = (x: Tensor): string[] => x.dataSync<'string'>() as unknown as string[];

/** The 32 characters of punctuation in ASCII. */
const PUNCTUATION = /[!-/:-@[-`{-~]/g;

/** Texts with the letters A to Z as small ones, and without punctuation, as asked. Other alphabets are left as they are. */
export function standardizeTexts(x: Tensor, lower: boolean, strip: boolean): Tensor {
  const texts = textsOf(x).map((text) => {
    const lowered = lower ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
    return strip ? lowered.replace(PUNCTUATION, '') : lowered;
  });
  return tensor(texts, x.shape, 'string');
}

/** Words between white space of ASCII, or single characters (code points). */
const partsOf = (text: string, by: 'whitespace' | 'character'): string[] =>
  by === 'character' ? [...text] : text.split(/[\t-\r ]+/).filter((word) => word !== '');

/** For each width in turn, so many neighbours at a time with spaces between. */
const neighbours = (words: readonly string[], widths: readonly number[]): string[] =>
  widths.flatMap((width) => Array.from({ length: Math.max(words.length - width + 1, 0) }, (_, i) => words.slice(i, i + width).join(' ')));

/** Rows of texts as a tensor: shorter ones end in empty texts; all are as long as the longest, or of the length given. */
function paddedTexts(rows: readonly (readonly string[])[], outer: readonly number[], length: number | null): Tensor {
  const size = length ?? rows.reduce((longest, row) => Math.max(longest, row.length), 0);
  const texts = rows.flatMap((row) => Array.from({ length: size }, (_, i) => row[i] ?? ''));
  return tensor(texts, [...outer, size], 'string');
}

/**
 * The parts of each text along a new last axis, or instead of one of one element, as n-grams if asked for.
 * @param widths how many parts make an n-gram; null for the parts themselves
 * @param length of the new axis; null for that of the longest row
 */
export function splitTexts(x: Tensor, by: 'whitespace' | 'character', widths: readonly number[] | null, length: number | null): Tensor {
  const rows = textsOf(x).map((text) => (widths === null ? partsOf(text, by) : neighbours(partsOf(text, by), widths)));
  return paddedTexts(rows, x.shape.length > 1 ? x.shape.slice(0, -1) : x.shape, length);
}

/** The n-grams of texts along the last axis. */
export function nGrams(x: Tensor, widths: readonly number[]): Tensor {
  const size = x.shape.at(-1) ?? 1;
  const texts = textsOf(x);
  const count = x.shape.slice(0, -1).reduce((product, dim) => product * dim, 1);
  const rows = Array.from({ length: count }, (_, i) => neighbours(texts.slice(i * size, (i + 1) * size), widths));
  return paddedTexts(rows, x.shape.slice(0, -1), null);
}
