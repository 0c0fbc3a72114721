import { createHash } from 'node:crypto';
import { fail } from '../diagnostics/error.ts';
import type { LabelColumn } from './classes.ts';
import type { Batch, DataSet, Labels, Wanted } from './dataset.ts';
import type { Found } from './found.ts';
import { labelSource, weightSource } from './labels.ts';

/**
 * A data set out of what was found for a program; its labels and weights are checked here.
 * @param areListed whether somebody says which classes there are; else they are those that the data has
 * @throws SkipcError `data-samples`, and what labels throw
 */
export function dataSet({ inputs, labels, weights, notes, files }: Found, wanted: Wanted, areListed: boolean): DataSet {
  const ys = wanted.outputs.map((output) => [output.key, labelSource(output, labels.get(output.key) as LabelColumn, areListed)] as const);
  const common = weights !== null && 'kind' in weights ? weightSource(weights) : null;
  const own = weights === null || 'kind' in weights ? [] : [...weights].map(([key, column]) => [key, weightSource(column)] as const);
  const sources = [...inputs.values(), ...[...ys, ...own].map(([, source]) => source), ...(common === null ? [] : [common])];
  const [first] = sources;
  if (first === undefined) return fail('data-empty', { what: 'what the program takes' });
  const { size, what: one } = first;
  const other = sources.find((source) => source.size !== size);
  if (other !== undefined) fail('data-samples', { one, count: size, other: other.what, otherCount: other.size });

  let identity: string | undefined;
  const check = (from: number, to: number): void => {
    if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to <= size)) {
      throw new RangeError(`the samples ${from} to ${to} of ${size}`);
    }
  };
  const readLabels = (from: number, to: number): Labels => {
    check(from, to);
    const read = (all: typeof own): Labels['ys'] => Object.fromEntries(all.map(([key, source]) => [key, source.read(from, to)]));
    const sampleWeight = common?.read(from, to) ?? (own.length > 0 ? read(own) : undefined);
    return sampleWeight === undefined ? { ys: read(ys) } : { ys: read(ys), sampleWeight };
  };
  const readInputs = async (from: number, to: number): Promise<Batch['xs']> => {
    check(from, to);
    const read = [...inputs].map(async ([key, source]) => [key, await source.read(from, to)] as const);
    return Object.fromEntries(await Promise.all(read));
  };
  return {
    size,
    get identity() {
      if (identity === undefined) {
        const hash = createHash('sha256').update(`skipc-data 1, ${size} samples`);
        for (const [key, source] of inputs) {
          hash.update(JSON.stringify(key));
          source.hash(hash);
        }
        identity = hash.digest('hex');
      }
      return identity;
    },
    classes: [...labels.values()].map(({ classes }) => classes).find((classes) => classes !== null) ?? null,
    notes,
    nameOf: (sample) => files?.[sample] ?? null,
    labels: readLabels,
    inputs: readInputs,
    batch: async (from, to) => ({ xs: await readInputs(from, to), ...readLabels(from, to) }),
  };
}
