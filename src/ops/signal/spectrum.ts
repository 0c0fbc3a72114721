import { integer, number, object, oneOf } from '../../schema/build.ts';
import { code, runtime, tensorType } from '../code.ts';
import { free, mismatch, op } from '../row.ts';

/** 128 MiB of f32: nothing larger is made while weights are loaded. */
const LARGEST = 2 ** 25;

/** True for tables that are small enough to be made. */
export const isTable = (rows: number, columns: number): boolean => rows * columns <= LARGEST;

export const waves = op({
  doc: 'the matrix cos or sin of 2 pi row column / period: a product with it is a discrete Fourier transform',
  attrs: object({
    part: oneOf('cos', 'sin'),
    rows: integer({ minimum: 1 }),
    columns: integer({ minimum: 1 }),
    period: integer({ minimum: 1 }),
  }),
  arity: 0,
  infer(_, { rows, columns, period }) {
    if (!isTable(rows, columns) || period > LARGEST) mismatch('waves: the table is too large', [{ dtype: 'f32', shape: [rows, columns] }]);
    return { dtype: 'f32', shape: [rows, columns] };
  },
  cost: free,
  kernels: [],
  emit: ({ attrs: { part, rows, columns, period } }) =>
    code`${runtime('waveTable')}(${part}, ${rows}, ${columns}, ${period}) as ${tensorType(2)}`,
});

export const melBands = op({
  doc: 'the matrix that sums the bins of a spectrum up to bands of the mel scale, between two frequencies',
  attrs: object({
    bins: integer({ minimum: 1 }),
    bands: integer({ minimum: 1 }),
    rate: number({ exclusiveMinimum: 0 }),
    low: number({ minimum: 0 }),
    high: number({ exclusiveMinimum: 0 }),
  }),
  arity: 0,
  infer(_, { bins, bands }) {
    if (!isTable(bins, bands)) mismatch('melBands: the table is too large', [{ dtype: 'f32', shape: [bins, bands] }]);
    return { dtype: 'f32', shape: [bins, bands] };
  },
  cost: free,
  kernels: [],
  emit: ({ attrs: { bins, bands, rate, low, high } }) =>
    code`${runtime('melBands')}(${bins}, ${bands}, ${rate}, ${low}, ${high}) as ${tensorType(2)}`,
});
