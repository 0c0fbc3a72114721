import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { OpenWeights } from './load.ts';

/** What a file of weights that are computed already holds for one program. */
export interface Baked {
  /** Hash of the program. */
  readonly program: string;
  /** Hash of the names and types below, which another version of skipc may choose otherwise. */
  readonly layout: string;
  /** The type of each tensor, such as `float32[3,3]`, by its name. */
  readonly weights: Readonly<Record<string, string>>;
}

/**
 * The weights of a baked file, as they are; null for any other source. The caller disposes them; none is left where one fails.
 * @throws Error naming both programs where the file is another's, or the tensor that is missing, of another type or too much
 */
export function bakedWeights({ metadata, available }: OpenWeights, baked: Baked): Record<string, Tensor> | null {
  if (metadata.get('stage') !== 'baked') return null;
  const hash = (key: 'program' | 'layout'): string => metadata.get(key)?.slice(0, 40) ?? 'unknown';
  if (metadata.get('program') !== baked.program || metadata.get('layout') !== baked.layout) {
    const [theirs, ours] = [`${hash('program')} in layout ${hash('layout')}`, `${baked.program} in layout ${baked.layout}`];
    throw new Error(`the weights are baked for program ${theirs}, this is ${ours}: bake them again, or load them as they were before`);
  }
  const stored = new Map(available.map((tensor) => [tensor.name, tensor]));
  for (const [name, type] of Object.entries(baked.weights)) {
    const found = stored.get(name);
    if (!found) throw new Error(`weight "${name}" is missing among the baked weights`);
    const given = `${found.dtype}[${found.shape}]`;
    if (given !== type) throw new Error(`weight "${name}" is baked as ${given}, expected ${type}`);
    stored.delete(name);
  }
  for (const name of stored.keys()) throw new Error(`weight ${JSON.stringify(name)} is baked, but none of this program's`);
  return tidy(() => Object.fromEntries(available.map(({ name, read }) => [name, read()])));
}
