import type { Value } from '../../ir/program.ts';
import type { DType } from '../../ir/types.ts';
import type { Lowering } from '../row.ts';

/** The tensors that a merging layer merges. */
export function operandsOf(layer: Lowering): readonly Value[] {
  return layer.inputs.length > 0 ? layer.inputs : layer.mismatch('a merging layer takes a list of tensors', 'none');
}

/** The values under one dtype: floats where there is one, else integers. */
export function promoted(layer: Lowering, values: readonly Value[]): readonly Value[] {
  const dtypes = new Set(values.map(({ type }) => type.dtype));
  const common = (['f32', 'i32', 'bool', 'str'] as const).find((dtype) => dtypes.has(dtype)) as DType;
  return values.map((value) => layer.cast(value, common));
}

/** The values under one rank: axes of size 1 are put behind the batch. */
export function alignedRanks(layer: Lowering, values: readonly Value[]): readonly Value[] {
  const rank = values.reduce((most, { type }) => Math.max(most, type.shape.length), 0);
  return values.map((value) => {
    const [batch, ...rest] = value.type.shape;
    if (rest.length === rank - 1 || batch === undefined) return value;
    const ones = Array.from({ length: rank - 1 - rest.length }, () => 1);
    return layer.op('reshape', [value], { shape: [batch, ...ones, ...rest] }, 'expanded');
  });
}
