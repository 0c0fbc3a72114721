import type { Value } from '../../ir/program.ts';
import type { Lowering } from '../row.ts';

/** factor * x + offset, in as few ops as that takes. */
export function affine(layer: Lowering, x: Value, factor: number, offset: number, role: string): Value {
  const scaled = factor === 1 ? x : layer.op('mul', [x, layer.scalar(factor, `${role}_factor`)], {}, `${role}_scaled`);
  return offset === 0 ? scaled : layer.op('add', [scaled, layer.scalar(offset, `${role}_offset`)], {}, role);
}
