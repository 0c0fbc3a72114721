import type { Value } from '../../ir/program.ts';
import type { DType } from '../../ir/types.ts';
import type { Lowering } from '../row.ts';

/** What becomes of indices: themselves, a vector for each, or one for each sample. */
export type Encoding = 'int' | 'one_hot' | 'multi_hot' | 'count';

export interface EncodeOptions {
  /** How many indices there are; others count for nothing. */
  readonly depth: number;
  readonly dtype?: DType;
  /** How much each index counts; f32, of the shape of the indices. */
  readonly weights?: Value | null;
  /** True where the indices lie in memory anyway: they are counted there, without a vector for each. */
  readonly inMemory?: boolean;
}

/**
 * Indices (i32) in the form that `output_mode` asks for. As in Keras, a last axis of one element is that of the sample for
 * `one_hot`, and `multi_hot` and `count` take axis 1 for that of the sample, or the only axis.
 */
export function encode(
  layer: Lowering,
  indices: Value,
  mode: Encoding,
  { depth, dtype = 'f32', weights = null, inMemory }: EncodeOptions,
): Value {
  if (mode === 'int') return layer.cast(indices, dtype);
  const { shape } = indices.type;
  if (shape.length === 0) return encode(layer, layer.op('reshape', [indices], { shape: [1] }, 'sample'), mode, { depth, dtype, weights });
  if (mode === 'one_hot') {
    const each =
      shape.length > 1 && shape.at(-1) === 1 ? layer.op('reshape', [indices], { shape: shape.slice(0, -1) }, 'indices') : indices;
    return layer.cast(layer.op('oneHot', [each], { depth }, 'one_hot'), dtype);
  }
  const axis = shape.length > 1 ? 1 : 0;
  if (inMemory && weights === null)
    return layer.cast(layer.op('countAlong', [indices], { axis, depth, binary: mode === 'multi_hot' }, 'counts'), dtype);
  const vectors = layer.op('oneHot', [indices], { depth }, 'one_hot');
  if (mode === 'multi_hot') return layer.cast(layer.op('max', [vectors], { axes: [axis] }, 'multi_hot'), dtype);
  if (weights === null) return layer.cast(layer.op('sum', [vectors], { axes: [axis] }, 'counts'), dtype);
  const along = layer.op('reshape', [weights], { shape: [...weights.type.shape, 1] }, 'count_weights');
  return layer.op('sum', [layer.op('mul', [layer.cast(vectors, 'f32'), along], {}, 'weighted')], { axes: [axis] });
}
