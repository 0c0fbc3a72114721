import { fail } from '../diagnostics/error.ts';
import { fileBytes } from '../read/bytes.ts';
import { openZip } from '../read/zip.ts';
import type { TensorInfo } from '../runtime/info.ts';
import { type LabelColumn, labelTexts } from './classes.ts';
import type { Column, NumberColumn } from './column.ts';
import type { DataOptions, Wanted } from './dataset.ts';
import { type Found, PARTNERS, USUAL_INPUTS, USUAL_TARGETS, USUAL_WEIGHTS } from './found.ts';
import { columnInput, type InputSource, rescaledInputs } from './input.ts';
import { labelFile, weightFile } from './label-file.ts';
import { npyColumn } from './npy-column.ts';
import type { Rescaling } from './rescale.ts';

/** The arrays of a `.npz` file, by name; those that nobody asks for are not read. */
interface Arrays {
  readonly names: readonly string[];
  get(name: string): Promise<Column>;
}

/**
 * A `.npz` file, its arrays called as the program's inputs and outputs (key or name), or as is usual.
 * @throws SkipcError `data-missing` and what columns and labels throw
 */
export async function npzData(
  path: string,
  wanted: Wanted,
  options: DataOptions,
  listed: Listed,
  rescaling: Rescaling | null,
): Promise<Found> {
  const arrays = await openNpz(path);
  const rescaled = rescaledInputs(wanted.inputs, rescaling);
  const taken = new Map<string, string>();
  const missing = (what: string, option: string): never => fail('data-missing', { what, has: arrays.names, option }, { file: path });

  const inputs = new Map<string, InputSource>();
  for (const info of wanted.inputs) {
    const usual = wanted.inputs.length === 1 ? firstOf(arrays.names, USUAL_INPUTS) : undefined;
    const name = named(arrays.names, info) ?? usual;
    if (name === undefined) missing(`the input ${JSON.stringify(info.name)}`, 'x where there is a single input');
    else {
      taken.set(name, `input ${info.name}`);
      inputs.set(info.key, columnInput(info, await arrays.get(name), rescaled.has(info.key) ? rescaling : null));
    }
  }

  const [first] = taken.keys();
  const partners = [PARTNERS.get(first?.toLowerCase() ?? '') ?? 'y', ...USUAL_TARGETS];
  const labels = new Map<string, LabelColumn>();
  const given = options.labels === undefined ? null : await labelsNamed(options.labels, arrays, listed, path);
  for (const output of wanted.outputs) {
    const name = given === null ? (named(arrays.names, output) ?? firstOf(arrays.names, partners)) : undefined;
    if (given !== null) labels.set(output.key, given);
    else if (name === undefined || taken.get(name)?.startsWith('input')) {
      missing(`the label of the output ${JSON.stringify(output.name)}`, 'give --labels ARRAY or FILE');
    } else {
      const before = taken.get(name);
      taken.set(name, before === undefined ? `labels of ${output.name}` : `${before}, ${output.name}`);
      labels.set(output.key, asLabels(await arrays.get(name), listed));
    }
  }
  const weights = await weightsOf(arrays, wanted, options, path);
  return { inputs, labels, weights, notes: [...taken].map(([name, role]) => `${role}: the array ${JSON.stringify(name)}`) };
}

/** The classes that the options list. */
export type Listed = readonly string[] | null;

/** A `.npy` file: the values of a single input, the labels in a file of their own. */
export async function npyData(
  path: string,
  wanted: Wanted,
  options: DataOptions,
  listed: Listed,
  rescaling: Rescaling | null,
): Promise<Found> {
  const [info, ...others] = wanted.inputs;
  if (info === undefined || others.length > 0) {
    return fail('data-missing', { what: 'each of the inputs', has: ['one array'], option: 'save the arrays as .npz' }, { file: path });
  }
  const column = npyColumn(fileBytes(path), `the array of ${JSON.stringify(path)}`, path);
  const labels = new Map<string, LabelColumn>();
  if (wanted.outputs.length > 0) {
    if (options.labels === undefined) fail('data-missing', { what: 'the label', has: [], option: 'give --labels FILE' }, { file: path });
    const given = await labelFile(options.labels, listed);
    for (const { key } of wanted.outputs) labels.set(key, given);
  }
  rescaledInputs(wanted.inputs, rescaling);
  const weights = options.sampleWeights === undefined ? null : await weightFile(options.sampleWeights);
  return { inputs: new Map([[info.key, columnInput(info, column, rescaling)]]), labels, weights, notes: [] };
}

async function openNpz(path: string): Promise<Arrays> {
  const archive = await openZip(fileBytes(path), path);
  const entries = new Map(archive.names.filter((name) => name.endsWith('.npy')).map((name) => [name.slice(0, -'.npy'.length), name]));
  const open = async (name: string): Promise<Column> => {
    const bytes = await archive.source(entries.get(name) as string);
    return npyColumn(bytes, `the array ${JSON.stringify(name)} of ${JSON.stringify(path)}`, path);
  };
  // Several outputs may have the same labels: what is compressed is inflated once.
  const opened = new Map<string, Promise<Column>>();
  return {
    names: [...entries.keys()],
    get(name) {
      const column = opened.get(name) ?? open(name);
      opened.set(name, column);
      return column;
    },
  };
}

const named = (names: readonly string[], { key, name }: Pick<TensorInfo, 'key' | 'name'>): string | undefined =>
  [key, name].find((candidate) => names.includes(candidate));

const firstOf = (names: readonly string[], usual: readonly string[]): string | undefined =>
  usual.map((candidate) => names.find((name) => name.toLowerCase() === candidate)).find((name) => name !== undefined);

const asLabels = (column: Column, listed: Listed): LabelColumn =>
  column.kind === 'text' ? labelTexts(column, listed) : { column, classes: listed };

const labelsNamed = async (given: string, arrays: Arrays, listed: Listed, path: string): Promise<LabelColumn> =>
  arrays.names.includes(given) ? asLabels(await arrays.get(given), listed) : labelFile(given, listed, { has: arrays.names, path });

async function weightsOf(arrays: Arrays, wanted: Wanted, { sampleWeights }: DataOptions, path: string): Promise<Found['weights']> {
  const numbers = async (name: string): Promise<NumberColumn> => {
    const column = await arrays.get(name);
    return column.kind === 'text' ? fail('data-dtype', { what: column.what, found: 'texts', expected: 'numbers' }, { file: path }) : column;
  };
  if (sampleWeights !== undefined) {
    return arrays.names.includes(sampleWeights) ? numbers(sampleWeights) : weightFile(sampleWeights, { has: arrays.names, path });
  }
  const usual = firstOf(arrays.names, USUAL_WEIGHTS);
  if (usual !== undefined) return numbers(usual);
  const own = new Map<string, NumberColumn>();
  for (const { key, name } of wanted.outputs) {
    const found = [key, name].map((output) => `sample_weight_${output}`).find((candidate) => arrays.names.includes(candidate));
    if (found !== undefined) own.set(key, await numbers(found));
  }
  return own.size > 0 ? own : null;
}
