import type { BodyOp, Op, Output, Program } from '../../ir/program.ts';
import type { Pass } from '../pass.ts';

/**
 * Purpose:  common subexpressions: of several ops that compute the same from the same, the first stays.
 * Requires: a valid program without features.
 * Ensures:  no two ops outside loops have one name, the same operands and the same attributes.
 *
 *   %a = relu %x          %a = relu %x
 *   %b = relu %x    =>    output a = %a
 *   output a = %a         output b = %a
 *   output b = %b
 */
export const cse: Pass = {
  name: 'common-subexpressions',
  purpose: 'compute what is computed alike once',
  run(program) {
    const first = new Map<string, Op>();
    const sameAs = new Map<string, string>();
    const current = (name: string): string => sameAs.get(name) ?? name;
    const ops = program.ops.flatMap((original) => {
      const op = withOperands(original, current);
      // A loop's body has names of its own; two loops are seldom alike.
      if (op.body !== undefined) return [op];
      const key = JSON.stringify([op.op, op.operands, Object.entries(op.attrs).sort(([a], [b]) => (a < b ? -1 : 1))]);
      const known = first.get(key);
      // A size that an op brings in is called after its result: where types differ, both stay.
      if (known === undefined || JSON.stringify(typesOf(known)) !== JSON.stringify(typesOf(op))) {
        first.set(key, op);
        return [op];
      }
      op.results.forEach(({ name }, i) => {
        sameAs.set(name, (known.results[i] as { readonly name: string }).name);
      });
      return [];
    });
    if (sameAs.size === 0) return program;
    const follow = <T extends Output>(outputs: readonly T[]) => outputs.map((output) => ({ ...output, value: current(output.value) }));
    return { ...program, ops, outputs: follow(program.outputs), cuts: follow(program.cuts) } satisfies Program;
  },
};

const typesOf = ({ results }: Op) => results.map(({ type }) => type);

function withOperands(op: Op, current: (name: string) => string): Op {
  if (!op.operands.some((name) => current(name) !== name)) return op;
  const renamed = { ...op, operands: op.operands.map(current) };
  if (op.body === undefined) return renamed;
  const ops = op.body.ops.map((inner): BodyOp => ({ ...inner, operands: inner.operands.map(current) }));
  return { ...renamed, body: { ...op.body, ops, yields: op.body.yields.map(current) } };
}
