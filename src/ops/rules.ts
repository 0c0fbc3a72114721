import { SkipcError } from '../diagnostics/error.ts';
import type { BodyTypes, OpRules } from '../ir/verify.ts';
import { validate } from '../schema/validate.ts';
import { opRow } from './index.ts';
import { accepts, type InferredType, type OpRow } from './row.ts';

/** The verifier's view of the op rows. */
export const opRules: OpRules = {
  check(op, operands, body?: BodyTypes) {
    const row = opRow(op.op);
    if (row === undefined) return `there is no op ${op.op}`;
    if (!accepts(row.arity, operands.length)) return `${op.op} takes ${told(row.arity)} operands`;
    if ((row.steps !== undefined) !== (body !== undefined)) return body === undefined ? `${op.op} has no body` : `${op.op} takes no body`;
    try {
      const inferred = row.infer(operands, validate(row.attrs, { ...op.attrs }, {}), body);
      return Array.isArray(inferred) ? (inferred as readonly InferredType[]) : [inferred as InferredType];
    } catch (error) {
      if (error instanceof SkipcError) return error.message;
      throw error;
    }
  },
};

const told = (arity: OpRow['arity']): string =>
  arity === null ? 'one or more' : typeof arity === 'number' ? String(arity) : `${arity.least} to ${arity.most}`;
