import { fail } from '../diagnostics/error.ts';
import type { TensorInfo } from '../runtime/info.ts';
import { type LabelColumn, labelTexts } from './classes.ts';
import type { Column, NumberColumn, TextColumn } from './column.ts';
import type { DataOptions, Wanted, WantedOutput } from './dataset.ts';
import { type Found, LABEL_COLUMNS, USUAL_WEIGHTS } from './found.ts';
import { columnInput, rescaledInputs } from './input.ts';
import { labelFile, weightFile, weightTexts } from './label-file.ts';
import type { Rescaling } from './rescale.ts';
import { type ColumnRequest, openTable, type Table } from './table.ts';

type Named = Pick<TensorInfo, 'key' | 'name'>;

/**
 * A CSV file: a column for the labels, columns called as inputs and outputs (`name`, or `name.0`, `name_1`, `name[2]`), or all that are
 * left where there is a single input. A column without a name is an index, and is not read.
 * @throws SkipcError `data-missing`, `data-columns`, `data-value` and what labels throw
 */
export async function tableData(
  path: string,
  wanted: Wanted,
  options: DataOptions,
  listed: readonly string[] | null,
  rescaling: Rescaling | null,
): Promise<Found> {
  const table = await openTable(path);
  const { header } = table;
  const labelsAt = labelColumns(table, wanted, options);
  const weightAt = weightColumn(header, options);
  const used = new Set([...[...labelsAt.values()].flat(), ...(weightAt === undefined ? [] : [weightAt])]);
  const left = header.flatMap((name, index) => (name === '' || used.has(index) ? [] : [index]));
  const inputsAt = wanted.inputs.map((info) => inputRequest(info, wanted.inputs.length === 1, left, table));

  const requests: ColumnRequest[] = [...inputsAt];
  const labelled = wanted.outputs.filter(({ key }) => labelsAt.has(key));
  for (const { key } of labelled) requests.push(labelRequest(labelsAt.get(key) ?? []));
  if (weightAt !== undefined) requests.push({ columns: [weightAt], as: 'texts' });
  const columns = await table.read(requests);

  const rescaled = rescaledInputs(wanted.inputs, rescaling);
  const inputs = new Map(
    wanted.inputs.map((info, i) => [info.key, columnInput(info, columns[i] as Column, rescaled.has(info.key) ? rescaling : null)]),
  );
  const labels = new Map<string, LabelColumn>();
  labelled.forEach(({ key }, i) => {
    const column = columns[inputsAt.length + i] as Column;
    labels.set(key, column.kind === 'text' ? labelTexts(column, listed) : { column, classes: null });
  });
  if (labelled.length === 0 && options.labels !== undefined) {
    const given = await labelFile(options.labels, listed, { has: header, path });
    for (const { key } of wanted.outputs) labels.set(key, given);
  }
  const weights = await weightsOf(weightAt === undefined ? undefined : (columns.at(-1) as TextColumn), options, table);
  return { inputs, labels, weights, notes: [] };
}

/** The columns of each output's labels; none where they come from a file. */
function labelColumns({ header, path }: Table, { outputs }: Wanted, { labels }: DataOptions): ReadonlyMap<string, readonly number[]> {
  if (labels !== undefined) {
    const column = only(header, labels, path);
    return new Map(column === undefined ? [] : outputs.map(({ key }) => [key, [column]]));
  }
  const missing = ({ name }: WantedOutput): never =>
    fail(
      'data-missing',
      { what: `the label of the output ${JSON.stringify(name)}`, has: header, option: 'give --labels COLUMN or FILE' },
      { file: path },
    );
  const usual = header.flatMap((name, index) => (LABEL_COLUMNS.includes(name.toLowerCase()) ? [index] : []));
  return new Map(
    outputs.map((output) => {
      const own = columnsOf(header, output, path);
      return [output.key, own.length > 0 ? own : usual.length === 1 ? usual : missing(output)];
    }),
  );
}

const labelRequest = (columns: readonly number[]): ColumnRequest =>
  columns.length === 1 ? { columns, as: 'texts' } : { columns, as: 'numbers', precise: true };

function weightColumn(header: readonly string[], { sampleWeights }: DataOptions): number | undefined {
  if (sampleWeights !== undefined) return header.includes(sampleWeights) ? header.indexOf(sampleWeights) : undefined;
  const usual = header.findIndex((name) => USUAL_WEIGHTS.includes(name.toLowerCase()));
  return usual < 0 ? undefined : usual;
}

async function weightsOf(
  column: TextColumn | undefined,
  { sampleWeights }: DataOptions,
  { header, path }: Table,
): Promise<NumberColumn | null> {
  if (column !== undefined) return weightTexts(column);
  return sampleWeights === undefined ? null : weightFile(sampleWeights, { has: header, path });
}

function inputRequest(info: TensorInfo, isAlone: boolean, left: readonly number[], { header, path }: Table): ColumnRequest {
  const sizes = info.shape.slice(1);
  const open = sizes.filter((size) => typeof size === 'string').length;
  const known = sizes.reduce<number>((product, size) => (typeof size === 'number' ? product * size : product), 1);
  const fits = (count: number): boolean => (open === 0 ? count === known : open === 1 && known > 0 && count > 0 && count % known === 0);
  const own = columnsOf(header, info, path);
  const columns = isAlone && fits(left.length) ? left : own;
  if (!fits(columns.length)) {
    const needed = open === 0 ? `${known} ${known === 1 ? 'column' : 'columns'}` : `columns in multiples of ${known}`;
    if (!isAlone && own.length === 0) {
      const option = `${info.name}.0, ${info.name}.1 and so on`;
      fail('data-missing', { what: `the input ${JSON.stringify(info.name)}`, has: header, option }, { file: path });
    }
    const remaining = (own.length > 0 ? own : left).map((index) => header[index] as string);
    fail('data-columns', { input: info.name, needed, columns: remaining }, { file: path });
  }
  if (info.dtype === 'string') {
    if (columns.length > 1)
      fail('data-columns', { input: info.name, needed: '1 column of texts', columns: columns.map((index) => header[index] as string) });
    return { columns, as: 'texts' };
  }
  const filled = sizes.map((size) => (typeof size === 'number' ? size : columns.length / known));
  return { columns, as: 'numbers', sizes: filled, precise: info.dtype !== 'float32' };
}

/** The columns of a tensor: one called as it is, or several with an index behind its name, from zero. */
function columnsOf(header: readonly string[], { key, name }: Named, path: string): readonly number[] {
  for (const candidate of [key, name]) {
    const exact = only(header, candidate, path);
    if (exact !== undefined) return [exact];
    const indices = new Map(header.map((column, index) => [column, index]));
    for (const [before, behind] of [
      ['.', ''],
      ['_', ''],
      ['[', ']'],
    ]) {
      const found: number[] = [];
      for (let at = indices.get(`${candidate}${before}0${behind}`); at !== undefined; ) {
        found.push(at);
        at = indices.get(`${candidate}${before}${found.length}${behind}`);
      }
      if (found.length > 0) return found;
    }
  }
  return [];
}

/** The column of a name. @throws SkipcError `data-table` where two are called so */
function only(header: readonly string[], name: string, path: string): number | undefined {
  const index = header.indexOf(name);
  if (index < 0) return undefined;
  if (header.lastIndexOf(name) !== index)
    fail('data-table', { why: `two of its columns are called ${JSON.stringify(name)}` }, { file: path });
  return index;
}
