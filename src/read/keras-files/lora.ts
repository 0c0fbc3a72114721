import type { SavedLayer } from './layers.ts';

/** The classes that can have low-rank matrices beside their kernel. */
const ADAPTED: ReadonlySet<string> = new Set(['Dense', 'EinsumDense', 'Embedding', 'ReversibleEmbedding', 'Conv1D', 'Conv2D', 'Conv3D']);

export interface AbsentVariable {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * The variables of a layer that its state in a file leaves out. Keras writes the kernel with the product of its low-rank matrices
 * added, and neither of these; reading it, Keras sets both to zero.
 * See `save_own_variables` and `load_own_variables` in https://github.com/keras-team/keras/blob/v3.15.1/keras/src/layers/core/dense.py.
 * @param variable the variable that is stored
 * @param shapeOf its shape
 * @returns what is absent for it: the matrices where it is a kernel that has them, else nothing
 */
export function absentBeside(layer: SavedLayer | null, variable: string, shapeOf: () => readonly number[]): readonly AbsentVariable[] {
  if (layer === null || !layer.builtIn || !ADAPTED.has(layer.className)) return [];
  if (variable !== (layer.className.endsWith('Embedding') ? 'embeddings' : 'kernel')) return [];
  const rank = layer.config['lora_rank'];
  if (!Number.isSafeInteger(rank) || Number(rank) < 1) return [];
  const shape = shapeOf();
  const columns = shape.at(-1);
  if (columns === undefined) return [];
  return [
    { name: `lora_${variable}_a`, shape: [...shape.slice(0, -1), Number(rank)] },
    { name: `lora_${variable}_b`, shape: [Number(rank), columns] },
  ];
}
