import type { BodyOp, Op, Output, Program } from '../../ir/program.ts';
import type { Pass } from '../pass.ts';

/**
 * Purpose:  common subexpressions: of several ops that compute the same from the same, the first stays.
 * Requires: a staged program: an op of the suffix is none of the prefix, whose results are not at hand there.
 * Ensures:  no two ops of a stage, outside loops, have one name, the same operands and the same attributes, but for features.
 *
 *   %a = relu %x          %a = relu %x
 *   %b = relu %x    =>    output a = %a
 *   output a = %a         output b = %a
 *   output b = %b
 */
export const cse: Pass = {
  name: 'common-subexpressions',
  purpose: 'compute what is computed alike once',
  run(program, { applied }) {
    const first = new Map<string, Op>();
    const sameAs = new Map<string, string>();
    // Constants stay with the layers that they belong to, and are alike where their numbers are.
    const constants = new Map<string, string>();
    const current = (name: string): string => sameAs.get(name) ?? name;
    const features = new Set(program.features?.map(({ value }) => value));
    const ops = program.ops.flatMap((original) => {
      const op = withOperands(original, current);
      // A loop's body has names of its own; two loops are seldom alike.
      if (op.body !== undefined || op.results.some(({ name }) => features.has(name))) return [op];
      const operands = op.operands.map((name) => constants.get(name) ?? name);
      const key = JSON.stringify([op.stage, op.op, operands, Object.entries(op.attrs).sort(([a], [b]) => (a < b ? -1 : 1))]);
      if (op.op === 'constant') {
        for (const { name } of op.results) constants.set(name, key);
        return [op];
      }
      const known = first.get(key);
      // A size that an op brings in is called after its result: where types differ, both stay.
      if (known === undefined || JSON.stringify(typesOf(known)) !== JSON.stringify(typesOf(op))) {
        first.set(key, op);
        return [op];
      }
      op.results.forEach(({ name }, i) => {
        sameAs.set(name, (known.results[i] as { readonly name: string }).name);
      });
      applied?.push({ rule: 'same', value: op.results[0]?.name ?? op.op, layers: op.layers, made: madeBy(known) });
      return [];
    });
    if (sameAs.size === 0) return program;
    const follow = <T extends Output>(outputs: readonly T[]) => outputs.map((output) => ({ ...output, value: current(output.value) }));
    return { ...program, ops, outputs: follow(program.outputs), cuts: follow(program.cuts) } satisfies Program;
  },
};

const madeBy = ({ results, op, layers }: Op) => ({ value: results[0]?.name ?? op, layers });

const typesOf = ({ results }: Op) => results.map(({ type }) => type);

function withOperands(op: Op, current: (name: string) => string): Op {
  if (!op.operands.some((name) => current(name) !== name)) return op;
  const renamed = { ...op, operands: op.operands.map(current) };
  if (op.body === undefined) return renamed;
  const ops = op.body.ops.map((inner): BodyOp => ({ ...inner, operands: inner.operands.map(current) }));
  return { ...renamed, body: { ...op.body, ops, yields: op.body.yields.map(current) } };
}
