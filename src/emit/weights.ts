import { fail } from '../diagnostics/error.ts';
import type { Program } from '../ir/program.ts';
import { tfjsDType } from '../ops/elementwise/cast.ts';
import { unreadCompanions } from '../read/weights/companions.ts';
import type { WeightIndex } from '../read/weights/index.ts';
import { resolveVariables, type Variable } from '../runtime/resolve.ts';
import type { StoredWeight } from './safetensors.ts';

/**
 * The program's weights out of a model's weight files; no other bytes are read.
 * @throws SkipcError `weights-mismatch` where one is missing, has another shape, or could be several, or where the file says that its
 *   layer is another
 */
export async function liveWeights(program: Program, index: WeightIndex): Promise<StoredWeight[]> {
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
  const weights: StoredWeight[] = [];
  for (const [i, [name]] of wanted.entries()) {
    const entry = index.entries[found[i] as number];
    if (entry === undefined) throw new Error(`no weight ${name}`);
    weights.push({ name, shape: entry.shape, dtype: entry.dtype, stored: entry.stored, bytes: await entry.read() });
  }
  return weights;
}
