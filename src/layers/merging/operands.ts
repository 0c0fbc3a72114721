import type { Value } from '../../ir/program.ts';
import type { DType } from '../../ir/types.ts';
import { tensorsIn } from '../../model/graph.ts';
import type { Lowering } from '../row.ts';

/** The tensors that a merging layer merges: those of its first argument, whatever else the call is given. */
export function operandsOf(layer: Lowering): readonly Value[] {
  const positional = tensorsIn(layer.args);
  const tensors = positional.length > 0 ? positional : tensorsIn(layer.kwargs['inputs'] ?? null);
  if (tensors.length === 0) return layer.mismatch('a merging layer takes a list of tensors', 'none');
  return tensors.map((tensor) => layer.value(tensor));
}

/** The values under one dtype: floats where there is one, else integers. */
export function promoted(layer: Lowering, values: readonly Value[]): readonly Value[] {
  const dtypes = new Set(values.map(({ type }) => type.dtype));
  const common = (['f32', 'i32', 'bool', 'str'] as const).find((dtype) => dtypes.has(dtype)) as DType;
  return values.map((value) => layer.cast(value, common));
}

/** The values under one rank: axes of size 1 are put behind the batch. */
export function alignedRanks(layer: Lowering, values: readonly Value[]): readonly Value[] {
  const rank = Math.max(...values.map(({ type }) => type.shape.length));
  return values.map((value) => {
    const [batch, ...rest] = value.type.shape;
    if (rest.length === rank - 1 || batch === undefined) return value;
    const ones = Array.from({ length: rank - 1 - rest.length }, () => 1);
    return layer.op('reshape', [value], { shape: [batch, ...ones, ...rest] }, 'expanded');
  });
}
