import { readFileSync } from 'node:fs';
import { fail } from '../diagnostics/error.ts';
import { fileBytes } from '../read/bytes.ts';
import { type LabelColumn, labelTexts } from './classes.ts';
import { type Column, type NumberColumn, numberColumn, type TextColumn, textColumn } from './column.ts';
import { headOf, linesOf, statOf } from './files.ts';
import { LABEL_COLUMNS, USUAL_WEIGHTS } from './found.ts';
import { npyColumn } from './npy-column.ts';
import { parseNumber } from './rescale.ts';
import { openTable } from './table.ts';

const MOST_BYTES = 2 ** 30;

/** Where the name of a file was looked for before: in the data itself. */
export interface Beside {
  readonly has: readonly string[];
  readonly path: string;
}

/**
 * Labels in a file of their own: `.npy`, a CSV, or a text of one label a line.
 * @param paths the images that a CSV names, where labels belong to images; else labels stand in the order of the samples
 * @throws SkipcError `data-missing` where there is no such file, nor such an array or column
 */
export async function labelFile(
  path: string,
  listed: readonly string[] | null,
  beside?: Beside,
  paths?: readonly string[],
): Promise<LabelColumn> {
  const column = await columnOf(path, '--labels', LABEL_COLUMNS, beside, paths);
  return column.kind === 'text' ? labelTexts(column, listed) : { column, classes: listed };
}

/** Weights in a file of their own, as labels are. */
export async function weightFile(path: string, beside?: Beside, paths?: readonly string[]): Promise<NumberColumn> {
  const column = await columnOf(path, '--sample-weights', USUAL_WEIGHTS, beside, paths);
  return column.kind === 'text' ? weightTexts(column) : column;
}

/** Texts that are numbers. @throws SkipcError `data-value` */
export function weightTexts({ what, at, shape, texts }: TextColumn): NumberColumn {
  const all = texts(0, shape[0] as number);
  const numbers = Float64Array.from(all, parseNumber);
  const wrong = numbers.findIndex(Number.isNaN);
  if (wrong >= 0) fail('data-value', { what, at: at(wrong), found: JSON.stringify(all[wrong]?.slice(0, 60)), expected: 'a number' });
  return numberColumn(what, 'float', shape, numbers, at);
}

async function columnOf(
  path: string,
  option: string,
  usual: readonly string[],
  beside: Beside | undefined,
  paths: readonly string[] | undefined,
): Promise<Column> {
  const file = statOf(path);
  if (file === undefined || !file.isFile()) {
    if (beside === undefined) fail('data-not-found', { path });
    const { has } = beside;
    return fail(
      'data-missing',
      { what: JSON.stringify(path), has, option: `give ${option} one of these, or a file` },
      { file: beside.path },
    );
  }
  if (file.size === 0) fail('data-empty', { what: `the file ${JSON.stringify(path)}` });
  if (headOf(path, 8).toString('latin1').startsWith('\x93NUMPY'))
    return npyColumn(fileBytes(path), `the array of ${JSON.stringify(path)}`, path);
  if (/\.[ct]sv$/i.test(path)) return csvColumn(path, usual, paths);
  if (file.size > MOST_BYTES) fail('data-too-large', { what: `the file ${JSON.stringify(path)}`, bytes: file.size, most: MOST_BYTES });
  const lines = linesOf(readFileSync(path, 'utf8'));
  return textColumn(JSON.stringify(path), lines, (sample) => `line ${sample + 1}`);
}

/** Columns that name the image of a line. */
const FILE_COLUMNS = ['file', 'filename', 'file_name', 'path', 'image', 'image_path', 'id'];

/** The only column, or that of a usual name; of images the line that names each, where a column does. */
async function csvColumn(path: string, usual: readonly string[], paths: readonly string[] | undefined): Promise<Column> {
  const table = await openTable(path);
  const columnsCalled = (names: readonly string[]): number[] =>
    table.header.flatMap((name, index) => (names.includes(name.toLowerCase()) ? [index] : []));
  const [file] = paths === undefined ? [] : columnsCalled(FILE_COLUMNS);
  const others = table.header.flatMap((name, index) => (index === file || name === '' ? [] : [index]));
  const candidates = others.length === 1 ? others : columnsCalled(usual);
  const [column] = candidates;
  if (column === undefined || candidates.length > 1) {
    const option = `call it ${usual[0]}, and leave the others out`;
    return fail('data-missing', { what: 'the column that counts', has: table.header, option }, { file: path });
  }
  const [values, names] = await table.read(
    [column, ...(file === undefined ? [] : [file])].map((index) => ({ columns: [index], as: 'texts' })),
  );
  if (paths === undefined || names === undefined) return values as Column;
  return matched(values as TextColumn, names as TextColumn, paths);
}

/** A line for each image: by its path in the folder, else by its bare name, with or without its extension. */
function matched(values: TextColumn, names: TextColumn, paths: readonly string[]): TextColumn {
  const all = values.texts(0, values.shape[0] as number);
  const lines = new Map<string, number>();
  names.texts(0, names.shape[0] as number).forEach((name, line) => {
    const before = lines.get(name.trim());
    if (before !== undefined && all[before] !== all[line]) {
      fail('data-value', { what: names.what, at: names.at(line), found: `${JSON.stringify(name)} again`, expected: 'each image once' });
    }
    lines.set(name.trim(), line);
  });
  const found = paths.map((path) => {
    const bare = path.slice(path.lastIndexOf('/') + 1);
    const line = [path, bare, bare.replace(/\.[^.]*$/, '')].map((name) => lines.get(name)).find((index) => index !== undefined);
    return (
      line ??
      fail('data-missing', { what: `the label of ${JSON.stringify(path)}`, has: [...lines.keys()], option: 'add its line to the CSV' })
    );
  });
  return textColumn(
    values.what,
    found.map((line) => all[line] as string),
    (sample) => values.at(found[sample] as number),
  );
}
