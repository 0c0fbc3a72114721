import type { BodyOp, Op } from '../ir/program.ts';
import type { TensorType } from '../ir/types.ts';
import { fillDefaults } from '../schema/build.ts';
import { opRow } from './index.ts';

/** Floating-point operations of one op for one sample, unknown sizes counting as one; a loop's steps are counted. */
export function costOf(op: Op, typeOf: (name: string) => TensorType): number {
  const own = costOfOne(op, typeOf);
  if (op.body === undefined) return own;
  const steps = opRow(op.op)?.steps?.(op.operands.map(typeOf)) ?? 1;
  return op.body.ops.reduce((sum, inner) => sum + steps * costOfOne(inner, typeOf), own);
}

function costOfOne(op: BodyOp, typeOf: (name: string) => TensorType): number {
  const operands = op.operands.map(typeOf);
  const results = op.results.map(({ type }) => type);
  const row = opRow(op.op);
  return row === undefined ? 0 : row.cost(operands, results, fillDefaults(row.attrs, op.attrs));
}
