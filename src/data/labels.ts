import { fail } from '../diagnostics/error.ts';
import type { NDArray } from '../runtime/evaluate/ndarray.ts';
import type { LabelColumn } from './classes.ts';
import { type NumberColumn, rowSize } from './column.ts';
import type { WantedOutput } from './dataset.ts';
import { fits } from './shape.ts';

/** The labels of one output, in the form that its loss and metrics take. */
export interface LabelSource {
  readonly what: string;
  readonly size: number;
  /** @throws SkipcError `data-value`, `data-class` */
  read(from: number, to: number): NDArray;
}

/** About how many values are looked at in one go when all labels are checked. */
const CHECKED = 2 ** 20;
const MOST_VALUES = 2 ** 28;

/**
 * Labels for an output:
 * - `sparse`: class indices, int32, the output's shape without its last axis; one-hot rows become indices.
 * - `categorical`: a number a class, float32, the output's shape; indices become one-hot rows.
 * - `binary`, `values`: float32, the output's shape; an axis of length 1 at its end may be missing.
 * All of them are looked at once, so that a fault is found before anything is computed.
 * @param areListed true where the classes are in the model's order; else they are those that the data has, which must be all of them
 * @throws SkipcError `data-shape`, `data-classes`, `data-classes-unlisted`, `data-value`, `data-class`
 */
export function labelSource(output: WantedOutput, { column, classes }: LabelColumn, areListed: boolean): LabelSource {
  const units = output.shape.slice(1).at(-1);
  if (classes !== null) checkClasses(output, column, classes, typeof units === 'number' ? units : null, areListed);
  return checked(column, reader(output, column, classes), typeof units === 'number' ? units : 1);
}

function reader(output: WantedOutput, column: NumberColumn, classes: readonly string[] | null): LabelSource['read'] {
  const sample = column.shape.slice(1);
  const wanted = output.shape.slice(1);
  const last = wanted.at(-1);
  const units = typeof last === 'number' ? last : (classes?.length ?? null);
  const places = wanted.slice(0, -1);
  // Labels of one class a place may have an axis of length 1 for it.
  const perPlace = fits(sample, places) ? sample : fits(sample, [...places, 1]) ? sample.slice(0, -1) : null;
  const isOneHot = output.labels !== 'binary' && (units ?? 1) > 1 && fits(sample, wanted);
  const asClasses = output.labels === 'sparse' || output.labels === 'categorical' || (classes !== null && (units ?? 1) > 1);
  if (wanted.length > 0 && asClasses) {
    if (output.labels === 'sparse') {
      if (isOneHot) return hotIndices(output, column, units as number);
      if (perPlace !== null) return indices(output, column, perPlace, units);
    } else {
      if (fits(sample, wanted) && (units !== 1 || output.labels === 'values' || classes === null)) return values(output, column, sample);
      if (perPlace !== null && units !== null) return oneHot(indices(output, column, perPlace, units), units);
    }
  } else if (output.labels !== 'sparse' && output.labels !== 'categorical') {
    if (fits(sample, wanted)) return values(output, column, sample);
    if (last === 1 && fits(sample, places)) return values(output, column, [...sample, 1]);
    if (sample.at(-1) === 1 && fits(sample.slice(0, -1), wanted)) return values(output, column, sample.slice(0, -1));
  }
  const expected = output.labels === 'sparse' ? ['?', ...places] : output.shape;
  return fail('data-shape', { what: column.what, found: column.shape, expected, of: `the output ${JSON.stringify(output.name)}` });
}

/** A single unit tells two classes apart. Of classes that the data happens to have, nobody knows which units those of a part of them are. */
function checkClasses(
  output: WantedOutput,
  column: NumberColumn,
  classes: readonly string[],
  units: number | null,
  areListed: boolean,
): void {
  if (output.labels === 'values' && units === 1) {
    // Yes and no may be learnt as numbers; other texts are no numbers.
    if (areListed || classes.length === 2) return;
    const first = new Int32Array(1);
    column.read(0, 1, first);
    const found = JSON.stringify(classes[first[0] as number]?.slice(0, 60));
    fail('data-value', {
      what: column.what,
      at: column.at(0),
      found,
      expected: `a number, as the output ${JSON.stringify(output.name)} gives`,
    });
  }
  const most = units === 1 && output.labels !== 'sparse' ? 2 : units;
  if (most === null) return;
  if (classes.length > most) fail('data-classes', { classes, output: output.name, units: most });
  if (classes.length < most && !areListed) fail('data-classes-unlisted', { classes, output: output.name, units: most });
}

/** Numbers as they are: finite, and between -1 and 1 where they say yes or no (hinge losses take -1 for no). */
function values(output: WantedOutput, column: NumberColumn, sample: readonly number[]): LabelSource['read'] {
  return (from, to) => {
    const { data } = read(column, from, to, new Float32Array(countOf(column, from, to)), output);
    if (output.labels === 'binary') {
      const wrong = data.findIndex((value) => value < -1 || value > 1);
      const at = (): string => place(column, from, wrong);
      if (wrong >= 0) fail('data-class', { what: column.what, at: at(), label: String(data[wrong]), output: output.name, most: 1 });
    }
    return { dtype: 'float32', shape: [to - from, ...sample], data };
  };
}

/** Class indices, each one that there is a unit for, or the one that is ignored. */
function indices(
  output: WantedOutput,
  column: NumberColumn,
  sample: readonly number[],
  units: number | null,
): (from: number, to: number) => NDArray {
  return (from, to) => {
    const { data } = read(column, from, to, new Float64Array(countOf(column, from, to)), output);
    const most = units ?? 2 ** 31;
    const wrong = data.findIndex((label) => label !== output.ignoredClass && !(Number.isInteger(label) && label >= 0 && label < most));
    if (wrong >= 0) {
      const at = place(column, from, wrong);
      fail('data-class', { what: column.what, at, label: String(data[wrong]), output: output.name, most: most - 1 });
    }
    return { dtype: 'int32', shape: [to - from, ...sample], data: Int32Array.from(data) };
  };
}

function oneHot(indices: LabelSource['read'], units: number): LabelSource['read'] {
  return (from, to) => {
    const { data, shape } = indices(from, to);
    if (data.length * units > MOST_VALUES) {
      fail('data-too-large', {
        what: 'the labels of a batch, a number for each class',
        bytes: data.length * units * 4,
        most: MOST_VALUES * 4,
      });
    }
    const hot = new Float32Array(data.length * units);
    // A label that is ignored has no unit: its row is zero, and weighs nothing.
    data.forEach((label, i) => {
      if (label >= 0 && label < units) hot[i * units + label] = 1;
    });
    return { dtype: 'float32', shape: [...shape, units], data: hot };
  };
}

/** The class of each row in which one number is 1 and all others are 0. */
function hotIndices(output: WantedOutput, column: NumberColumn, units: number): LabelSource['read'] {
  return (from, to) => {
    const { data } = read(column, from, to, new Float32Array(countOf(column, from, to)), output);
    const labels = new Int32Array(data.length / units);
    labels.forEach((_, i) => {
      const row = data.subarray(i * units, (i + 1) * units);
      const label = row.indexOf(1);
      const isHot = row.every((value, unit) => value === (unit === label ? 1 : 0));
      if (label < 0 || !isHot) {
        const found = `[${[...row.subarray(0, 8)].join(', ')}${units > 8 ? ', ...' : ''}]`;
        const expected = 'the index of a class, or a row of zeros with a single 1';
        fail('data-value', { what: column.what, at: place(column, from, i * units), found, expected });
      }
      labels[i] = label;
    });
    return { dtype: 'int32', shape: [to - from, ...column.shape.slice(1, -1)], data: labels };
  };
}

const countOf = (column: NumberColumn, from: number, to: number): number => {
  const count = (to - from) * rowSize(column);
  if (count > MOST_VALUES) fail('data-too-large', { what: `a batch of ${column.what}`, bytes: count * 8, most: MOST_VALUES * 8 });
  return count;
};

const place = (column: NumberColumn, from: number, value: number): string => column.at(from + Math.floor(value / rowSize(column)));

function read<T extends Float32Array | Float64Array>(
  column: NumberColumn,
  from: number,
  to: number,
  into: T,
  output: WantedOutput,
): { readonly data: T } {
  column.read(from, to, into);
  const wrong = into.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    const expected = `a number, as a label of the output ${JSON.stringify(output.name)}`;
    fail('data-value', { what: column.what, at: place(column, from, wrong), found: String(into[wrong]), expected });
  }
  return { data: into };
}

/**
 * Weights of the samples, [N], or of each position of them, [N, ...]: finite numbers.
 * @throws SkipcError `data-value`
 */
export function weightSource(column: NumberColumn): LabelSource {
  const sample = column.shape.length === 2 && column.shape[1] === 1 ? [] : column.shape.slice(1);
  const readWeights = (from: number, to: number): NDArray => {
    const data = new Float32Array(countOf(column, from, to));
    column.read(from, to, data);
    const wrong = data.findIndex((weight) => !Number.isFinite(weight));
    if (wrong >= 0)
      fail('data-value', { what: column.what, at: place(column, from, wrong), found: String(data[wrong]), expected: 'a weight' });
    return { dtype: 'float32', shape: [to - from, ...sample], data };
  };
  return checked(column, readWeights, 1);
}

/** Reads all once, so that what is wrong is found before anything is computed. */
function checked(column: NumberColumn, read: LabelSource['read'], factor: number): LabelSource {
  const size = column.shape[0] as number;
  const step = Math.max(1, Math.floor(CHECKED / (rowSize(column) * factor)));
  for (let from = 0; from < size; from += step) read(from, Math.min(from + step, size));
  return { what: column.what, size, read };
}
