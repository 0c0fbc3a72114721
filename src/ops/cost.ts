import type { Op } from '../ir/program.ts';
import type { TensorType } from '../ir/types.ts';
import { fillDefaults } from '../schema/build.ts';
import { opRow } from './index.ts';

/** Floating-point operations of one op for one sample, unknown sizes counting as one. */
export function costOf(op: Op, typeOf: (name: string) => TensorType): number {
  const operands = op.operands.map(typeOf);
  const results = op.results.map(({ type }) => type);
  const row = opRow(op.op);
  return row === undefined ? 0 : row.cost(operands, results, fillDefaults(row.attrs, op.attrs));
}
