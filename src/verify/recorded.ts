import type { Analysis } from '../analyse.ts';
import type { Column } from '../data/column.ts';
import { columnInput, type InputSource } from '../data/input.ts';
import { npyColumn } from '../data/npy-column.ts';
import { fits } from '../data/shape.ts';
import { fail, SkipcError } from '../diagnostics/error.ts';
import { fileBytes } from '../read/bytes.ts';
import { openZip } from '../read/zip.ts';
import type { Summary } from '../report/summary.ts';
import { NameIndex } from '../select/names.ts';
import { compare, magnitudeOf } from './compare.ts';
import type { Expectation } from './expectation.ts';
import type { Held } from './held.ts';
import { type Match, Matching } from './match.ts';

/** Values that somebody has recorded, of all samples of a file. */
interface Recorded {
  readonly array: string;
  readonly column: Column;
  /** An output's key, or the name of a value. */
  readonly value: string;
  readonly isOutput: boolean;
}

/** A `.npz` file of inputs, and of what comes of them. */
export interface Recording {
  readonly path: string;
  readonly size: number;
  readonly inputs: ReadonlyMap<string, InputSource>;
  readonly values: readonly Recorded[];
  readonly notes: readonly string[];
}

/**
 * Opens a file of arrays called as the program's inputs and outputs are, by key or name, and as tensors of the model, by the names that
 * `--output` takes: these are compared too.
 * @throws SkipcError `data-missing`, `data-samples`, `data-shape`, `data-dtype`, `verify-nothing-recorded`, `file-damaged`
 */
export async function openRecording(path: string, analysis: Analysis, { inputs, outputs }: Summary): Promise<Recording> {
  const archive = await openZip(fileBytes(path), path);
  const columns = new Map<string, Column>();
  for (const file of archive.names.filter((name) => name.endsWith('.npy'))) {
    const name = file.slice(0, -'.npy'.length);
    columns.set(name, npyColumn(await archive.source(file), `the array ${JSON.stringify(name)} of ${JSON.stringify(path)}`, path));
  }
  const has = [...columns.keys()];
  const taken = new Set<string>();
  const named = (names: readonly string[]): string | undefined => names.find((name) => columns.has(name));
  const fills = new Map(analysis.program.inputs.map(({ key, fill }) => [key, fill]));

  const sources = new Map<string, InputSource>();
  for (const info of inputs) {
    const name = named([info.key, info.name]);
    if (name === undefined && fills.get(info.key) !== undefined) continue;
    if (name === undefined) {
      const what = `the input ${JSON.stringify(info.name)}`;
      return fail('data-missing', { what, has, option: 'save inputs and outputs in one file' }, { file: path });
    }
    taken.add(name);
    sources.set(info.key, columnInput(info, columns.get(name) as Column, null));
  }
  const values: Recorded[] = [];
  for (const { key, name: own, shape } of outputs) {
    const name = named([key, own]);
    if (name === undefined || taken.has(name)) continue;
    taken.add(name);
    const column = columns.get(name) as Column;
    if (!fits(column.shape, shape)) {
      fail(
        'data-shape',
        { what: column.what, found: column.shape, expected: shape, of: `the output ${JSON.stringify(key)}` },
        { file: path },
      );
    }
    values.push({ array: name, column, value: key, isOutput: true });
  }
  if (values.length === 0) fail('verify-nothing-recorded', { has, outputs: outputs.map(({ key }) => key) }, { file: path });
  const notes: string[] = [];
  const index = new NameIndex(analysis.model.graph);
  for (const name of has.filter((each) => !taken.has(each))) {
    const value = valueNamed(index, analysis, name);
    if (value === null) notes.push(`the array ${JSON.stringify(name)} is no tensor of what was chosen`);
    else values.push({ array: name, column: columns.get(name) as Column, value, isOutput: false });
  }
  const all = [...[...sources.values()].map(({ what, size }) => ({ what, size })), ...values.map(({ column }) => sized(column))];
  const [first] = all;
  const other = all.find(({ size }) => size !== first?.size);
  if (first !== undefined && other !== undefined) {
    fail('data-samples', { one: first.what, count: first.size, other: other.what, otherCount: other.size }, { file: path });
  }
  return { path, size: first?.size ?? 0, inputs: sources, values, notes };
}

const sized = ({ what, shape }: Column) => ({ what, size: shape[0] as number });

/** The value that a name of the model's means in the program. */
function valueNamed(index: NameIndex, { values }: Analysis, name: string): string | null {
  try {
    return values.get(index.find(name, 'output').tensor) ?? null;
  } catch (error) {
    if (error instanceof SkipcError) return null;
    throw error;
  }
}

/** Another library computed it, by other kernels. */
const TOLERANCE = 1e-4;

/** Compares what skipc's program gave, unrewritten, with what was recorded of the samples `from` to `to` - 1. */
export function matchRecording(
  { values }: Recording,
  from: number,
  to: number,
  expected: Expectation,
  order: (value: string) => number,
): Match {
  const matching = new Matching();
  const inOrder = values.toSorted((a, b) => Number(a.isOutput) - Number(b.isOutput) || order(a.value) - order(b.value));
  for (const { column, value, isOutput } of inOrder) {
    const of = isOutput ? expected.outputs.get(value) : expected.values.get(value)?.[0];
    if (of === undefined) continue;
    const recorded = heldOf(column, from, to);
    const absolute = Math.max(of.allowance.absolute, TOLERANCE * magnitudeOf(recorded));
    matching.add({ value, isOutput, site: null, step: null }, compare(of.held, recorded, { absolute, unstable: of.allowance.unstable }));
  }
  return matching.finish();
}

function heldOf(column: Column, from: number, to: number): Held {
  const shape = [to - from, ...column.shape.slice(1)];
  if (column.kind === 'text') return { dtype: 'string', shape, data: column.texts(from, to) };
  const count = shape.reduce((product, size) => product * size, 1);
  const data = column.kind === 'float' ? new Float32Array(count) : new Int32Array(count);
  column.read(from, to, data);
  return { dtype: column.kind === 'float' ? 'float32' : 'int32', shape, data };
}
