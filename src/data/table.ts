import { createReadStream } from 'node:fs';
import type { Options } from 'csv-parse';
import { fail } from '../diagnostics/error.ts';
import { type Column, numberColumn, textColumn } from './column.ts';
import { headOf } from './files.ts';
import { parseNumber } from './rescale.ts';

/** A CSV file with a header; its columns are read when somebody says which. */
export interface Table {
  readonly path: string;
  /** The names of the columns, without white space around them. */
  readonly header: readonly string[];
  /**
   * Reads columns, in one pass over the file.
   * @throws SkipcError `data-value` naming line and column, `data-table`, `data-empty`
   */
  read(requests: readonly ColumnRequest[]): Promise<readonly Column[]>;
}

/** Columns that become one: numbers beside each other, or texts of a single one. */
export interface ColumnRequest {
  readonly columns: readonly number[];
  readonly as: 'numbers' | 'texts';
  /** `[N]` where there is a single column, else `[N, columns]`; with `sizes`, `[N, ...sizes]`. */
  readonly sizes?: readonly number[] | undefined;
  /** Numbers as float64, for integers that float32 does not hold. */
  readonly precise?: boolean | undefined;
}

const HEAD = 1 << 16;
/** A quote that is never closed must not take all memory. */
const LONGEST_LINE = 2 ** 26;

/** Opens a CSV: cells are parted by commas, or by semicolons or tabs where its first line has more of those. */
export async function openTable(path: string): Promise<Table> {
  const options: Options = { bom: true, delimiter: delimiterOf(path), skip_empty_lines: true, info: true, max_record_size: LONGEST_LINE };
  let header: readonly string[] | undefined;
  await records(path, options, (record) => {
    header = record.map((name) => name.trim());
    return 'enough';
  });
  if (header === undefined) return fail('data-empty', { what: `the file ${JSON.stringify(path)}` });
  const names = header;
  return {
    path,
    header: names,
    async read(requests) {
      const lines = new Growing(Float64Array);
      const at = (sample: number): string => `line ${lines.at(sample)}`;
      const stores = requests.map((request) => storeFor(request, path, names));
      await records(path, { ...options, from: 2 }, (record, line) => {
        lines.push(line);
        for (const store of stores) store.add(record, line);
        return undefined;
      });
      if (lines.length === 0) fail('data-empty', { what: `the file ${JSON.stringify(path)}` });
      return stores.map((store) => store.column(lines.length, at));
    },
  };
}

interface Store {
  add(record: readonly string[], line: number): void;
  column(samples: number, at: (sample: number) => string): Column;
}

function storeFor({ columns, as, sizes, precise }: ColumnRequest, path: string, header: readonly string[]): Store {
  const names = columns.length === 1 ? `the column ${JSON.stringify(header[columns[0] as number])}` : `${columns.length} columns`;
  const what = `${names} of ${JSON.stringify(path)}`;
  if (as === 'texts') {
    const texts: string[] = [];
    const [column = 0] = columns;
    return { add: (record) => void texts.push(record[column] ?? ''), column: (_, at) => textColumn(what, texts, at) };
  }
  const numbers: Growing<Float32Array> | Growing<Float64Array> = precise === true ? new Growing(Float64Array) : new Growing(Float32Array);
  return {
    add(record, line) {
      for (const column of columns) {
        const cell = record[column] ?? '';
        const value = parseNumber(cell);
        if (Number.isNaN(value)) {
          const found = cell.trim() === '' ? 'nothing' : JSON.stringify(cell.slice(0, 60));
          const of = `the column ${JSON.stringify(header[column])} of ${JSON.stringify(path)}`;
          fail('data-value', { what: of, at: `line ${line}`, found, expected: 'a number' }, { file: path });
        }
        numbers.push(value);
      }
    },
    column: (samples, at) => {
      const rest = sizes ?? (columns.length === 1 ? [] : [columns.length]);
      return numberColumn(what, 'float', [samples, ...rest], numbers.values(), at);
    },
  };
}

/** Goes over the records, each with the number of its last line, as long as `take` does not say that it has enough. */
async function records(
  path: string,
  options: Options,
  take: (record: readonly string[], line: number) => 'enough' | undefined,
): Promise<void> {
  const { CsvError, parse } = await import('csv-parse');
  const source = createReadStream(path);
  const parser = source.pipe(parse(options));
  source.on('error', (error) => parser.destroy(error));
  try {
    for await (const item of parser) {
      const { record, info } = item as { readonly record: readonly string[]; readonly info: { readonly lines: number } };
      if (take(record, info.lines) === 'enough') break;
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof CsvError) fail('data-table', { why: message.replaceAll(/\s+/g, ' ') }, { file: path });
    return code?.startsWith('E') ? fail('data-unreadable', { path, why: message }) : Promise.reject(error);
  } finally {
    source.destroy();
  }
}

function delimiterOf(path: string): string {
  const line =
    headOf(path, HEAD)
      .toString('utf8')
      .trimStart()
      .split(/[\r\n]/)[0] ?? '';
  const bare = line.replaceAll(/"[^"]*"/g, '');
  const count = (delimiter: string): number => bare.split(delimiter).length;
  return [',', ';', '\t'].reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}

/** Numbers whose count is not known before. */
class Growing<T extends Float32Array | Float64Array> {
  length = 0;
  private store: T;
  private readonly kind: new (
    length: number,
  ) => T;
  constructor(kind: new (length: number) => T) {
    this.kind = kind;
    this.store = new kind(1024);
  }
  push(value: number): void {
    if (this.length === this.store.length) {
      const larger = new this.kind(this.length * 2);
      larger.set(this.store);
      this.store = larger;
    }
    this.store[this.length++] = value;
  }
  at(index: number): number {
    return this.store[index] as number;
  }
  values(): T {
    return this.store.slice(0, this.length) as T;
  }
}
