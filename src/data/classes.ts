import { readFileSync } from 'node:fs';
import { fail } from '../diagnostics/error.ts';
import { type NumberColumn, numberColumn, type TextColumn } from './column.ts';
import { linesOf, statOf } from './files.ts';
import { byCodePoint } from './order.ts';
import { parseNumber } from './rescale.ts';

/** Labels of one output, or of all. */
export interface LabelColumn {
  readonly column: NumberColumn;
  /** The names of the classes that the numbers are indices of; null where they are whatever the data says. */
  readonly classes: readonly string[] | null;
}

const MOST_BYTES = 2 ** 26;

/**
 * The classes that `--classes` lists.
 * @throws SkipcError `data-option` where one is empty or listed twice
 */
export function listedClasses(given: string | undefined): readonly string[] | null {
  if (given === undefined) return null;
  const file = statOf(given);
  const isList = file?.isFile() === true && file.size <= MOST_BYTES;
  const parts = isList ? linesOf(readFileSync(given, 'utf8')) : given.split(',');
  const classes = parts.map((name) => name.trim());
  const expected = 'the names of the classes, cat,dog, each once, or a file with one a line';
  if (classes.includes('') || new Set(classes).size < classes.length) fail('data-option', { option: '--classes', given, expected });
  return classes;
}

/**
 * Labels that are texts: the names of classes, in the order listed, else in Python's; or numbers, where all are.
 * @throws SkipcError `data-class-unlisted`, `data-value` where some are numbers and some are not
 */
export function labelTexts(column: TextColumn, listed: readonly string[] | null): LabelColumn {
  const { what, at, shape } = column;
  const texts = column.texts(0, shape[0] as number).map((text) => text.trim());
  const empty = texts.indexOf('');
  if (empty >= 0) fail('data-value', { what, at: at(empty), found: 'nothing', expected: 'a label' });
  const numbers = texts.map(parseNumber);
  const areNames = listed !== null && (listed.every((name) => !Number.isNaN(parseNumber(name))) || numbers.some(Number.isNaN));
  if (!areNames) {
    const text = numbers.findIndex(Number.isNaN);
    if (text < 0) return { column: numberColumn(what, 'float', shape, Float64Array.from(numbers), at), classes: listed };
    const number = numbers.findIndex((value) => !Number.isNaN(value));
    const found = JSON.stringify(texts[text]?.slice(0, 60));
    const expected = number < 0 ? 'a label' : `a number, as ${at(number)} has, or names of classes alone`;
    if (number >= 0 || /^[+-]?(nan|inf|infinity)$/i.test(texts[text] ?? '')) fail('data-value', { what, at: at(text), found, expected });
  }
  const classes = listed ?? [...new Set(texts)].sort(byCodePoint);
  return { column: numberColumn(what, 'int', shape, indicesOf(texts, classes, what), at), classes };
}

function indicesOf(names: readonly string[], classes: readonly string[], what: string): Int32Array {
  const indices = new Map(classes.map((name, index) => [name, index]));
  return Int32Array.from(names, (name) => indices.get(name) ?? fail('data-class-unlisted', { name: name.slice(0, 100), what, classes }));
}
