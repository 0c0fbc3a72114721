import type { Value } from '../ir/program.ts';
import { elements, isKnown } from '../ir/types.ts';
import { anything, integer, nullable, number, withDefault } from '../schema/build.ts';
import type { Lowering } from './row.ts';

/** Far above the ranks in use: what a config can ask for stays in proportion to its kernel. */
const MOST_RANK = 65_536;

/** What a layer's config says of the low-rank matrices beside its kernel. */
export const loraConfig = {
  /** Columns of A and rows of B; without it, or with 0, the layer has neither. */
  lora_rank: withDefault(nullable(integer({ minimum: 0, maximum: MOST_RANK })), null),
  /** Null means the rank: a factor of 1, as in the releases that did not have this key. */
  lora_alpha: withDefault(nullable(number()), null),
  /** DoRA, which keeps the lengths of the kernel's columns apart, is proposed for Keras and not in a release. */
  dora_rank: withDefault(anything, null),
};

interface LoraConfig {
  readonly lora_rank: number | null;
  readonly lora_alpha: number | null;
  readonly dora_rank: unknown;
}

/**
 * The kernel that the layer computes with: kernel + lora_alpha / lora_rank A B, where A is [...kernel's first axes, rank] and B
 * [rank, kernel's last axis]. Keras adds A and B behind the layer's other weights: call this once those are declared.
 * See `enable_lora` and `kernel` in https://github.com/keras-team/keras/blob/v3.15.1/keras/src/layers/core/dense.py.
 * @param variable what Keras calls the kernel: A is then `lora_<variable>_a`
 * @returns the kernel itself where the layer has no such matrices
 */
export function adaptedKernel(layer: Lowering<LoraConfig>, kernel: Value, variable: 'kernel' | 'embeddings' = 'kernel'): Value {
  const { lora_rank: rank, lora_alpha: alpha, dora_rank: magnitudes } = layer.config;
  if (magnitudes !== null)
    return layer.unsupported('this layer carries DoRA weights (dora_rank)', 'merge them into the kernel before the model is saved');
  if (rank === null || rank === 0) return kernel;
  const shape = kernel.type.shape.filter(isKnown);
  const [rows, columns] = [shape.slice(0, -1), shape.at(-1) ?? 1];
  const a = layer.weight(`lora_${variable}_a`, [...rows, rank]);
  const b = layer.weight(`lora_${variable}_b`, [rank, columns]);
  const isMatrix = rows.length === 1;
  const matrix = isMatrix ? a : layer.op('reshape', [a], { shape: [elements(rows), rank] }, 'lora_rows');
  const product = layer.op('matMul', [matrix, b], {}, 'lora_product');
  const factor = (alpha ?? rank) / rank;
  const scaled = factor === 1 ? product : layer.op('mul', [product, layer.scalar(factor, 'lora_factor')], {}, 'lora_scaled');
  const update = isMatrix ? scaled : layer.op('reshape', [scaled], { shape }, 'lora_update');
  return layer.op('add', [kernel, update], {}, `adapted_${variable}`);
}
