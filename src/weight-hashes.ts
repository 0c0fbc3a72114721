import { weightEntries } from './emit/weights.ts';
import type { Program } from './ir/program.ts';
import type { WeightIndex } from './read/weights/index.ts';
import { loadedValues, valuesHash } from './read/weights/values.ts';

/**
 * Hashes of the values of a program's weights, by their names. One variable is in memory at a time.
 * @throws SkipcError where one is not in the index, or cannot be read
 */
export async function weightHashes(program: Pick<Program, 'weights'>, index: WeightIndex): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  for (const [i, { variable, entry }] of weightEntries(program, index).entries()) {
    const [, , shape, dtype] = variable;
    hashes.set(program.weights[i]?.name ?? '', valuesHash({ dtype, shape }, await loadedValues(entry, dtype)));
  }
  return hashes;
}

/** The program with what is known of its weights' values. */
export const withHashes = (program: Program, hashes: ReadonlyMap<string, string>): Program => ({
  ...program,
  weights: program.weights.map((weight) => {
    const hash = hashes.get(weight.name);
    return hash === undefined ? weight : { ...weight, hash };
  }),
});
