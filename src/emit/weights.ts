import { fail } from '../diagnostics/error.ts';
import type { Program } from '../ir/program.ts';
import { tfjsDType } from '../ops/elementwise/cast.ts';
import { unreadCompanions } from '../read/weights/companions.ts';
import type { WeightEntry, WeightIndex } from '../read/weights/index.ts';
import { resolveVariables, type Variable } from '../runtime/resolve.ts';
import type { StoredWeight } from './safetensors.ts';

/**
 * The program's weights out of a model's weight files; no other bytes are read.
 * @throws SkipcError as `weightEntries`
 */
export async function liveWeights(program: Program, index: WeightIndex): Promise<StoredWeight[]> {
  const weights: StoredWeight[] = [];
  for (const { variable, entry } of weightEntries(program, index)) {
    const { shape, dtype, stored } = entry;
    weights.push({ name: variable[0], shape, dtype, stored, bytes: await entry.read() });
  }
  return weights;
}

/** A variable of a program, and where it lies. */
export interface FoundWeight {
  readonly variable: Variable;
  readonly entry: WeightEntry;
}

/**
 * Where the program's weights lie, in its order; none is read.
 * @throws SkipcError `weights-mismatch` where one is missing, has another shape, or could be several, or where the file says that its
 *   layer is another
 */
export function weightEntries(program: Pick<Program, 'weights'>, index: WeightIndex): readonly FoundWeight[] {
  const wanted = program.weights.map(({ layer, variable, position, type }): Variable => {
    return [`${layer}/${variable}`, position, type.shape.map(Number), tfjsDType(type.dtype) as Variable[3]];
  });
  let found: readonly number[];
  try {
    found = resolveVariables(wanted, index.entries);
  } catch (error) {
    return fail('weights-mismatch', { what: (error as Error).message });
  }
  for (const [kernel, beside] of unreadCompanions(index, found)) {
    const what = `${JSON.stringify(kernel)} goes with ${JSON.stringify(beside)}, of which the topology does not say that the layer has it`;
    fail('weights-mismatch', { what: `${what}: low-rank matrices or scales were added to it` });
  }
  return wanted.map((variable, i) => {
    const entry = index.entries[found[i] as number];
    if (entry === undefined) throw new Error(`no weight ${variable[0]}`);
    return { variable, entry };
  });
}
