import type { Op, Program } from '../../ir/program.ts';
import type { Pass } from '../pass.ts';

/**
 * Purpose:  dead-code elimination: drops ops, weights and inputs that no output needs.
 * Requires: a valid program.
 * Ensures:  every op has a result that an output needs; a loop collects and computes nothing that is not used.
 *
 *   %a = relu %x          %a = relu %x
 *   %b = exp %x      =>
 *   output a = %a         output a = %a
 */
export const eliminateDead: Pass = {
  name: 'eliminate-dead',
  purpose: 'drop ops, weights and inputs that no chosen output needs',
  run(program) {
    // A mask at a cut is there for what uses it.
    const cuts = program.cuts.filter(({ fill }) => fill === undefined);
    const live = new Set([...program.outputs, ...cuts, ...(program.features ?? [])].map(({ value }) => value));
    const kept = program.ops.toReversed().flatMap((original) => {
      if (!original.results.some(({ name }) => live.has(name))) return [];
      const op = withoutDeadSteps(original, live);
      for (const operand of op.operands) live.add(operand);
      return [op];
    });
    const inputs = program.inputs.filter(({ name }) => live.has(name));
    const weights = program.weights.filter(({ name }) => live.has(name));
    kept.reverse();
    const same =
      kept.length === program.ops.length &&
      kept.every((op, i) => op === program.ops[i]) &&
      inputs.length === program.inputs.length &&
      weights.length === program.weights.length;
    return same
      ? program
      : ({ ...program, inputs, weights, ops: kept, cuts: program.cuts.filter(({ value }) => live.has(value)) } satisfies Program);
  },
};

/** A loop without what it collects for nobody, without the ops that only this needed, and without the operands that only these read. */
function withoutDeadSteps(op: Op, live: ReadonlySet<string>): Op {
  if (op.body === undefined) return op;
  const [sequences, carried] = [op.attrs['sequences'] as number, op.attrs['carried'] as number];
  const isKept = (_: unknown, i: number): boolean => i < carried || live.has(op.results[i]?.name ?? '');
  const results = op.results.filter(isKept);
  const yields = op.body.yields.filter(isKept);
  const needed = new Set(yields);
  const ops = op.body.ops.toReversed().filter((inner) => {
    const used = inner.results.some(({ name }) => needed.has(name));
    if (used) for (const operand of inner.operands) needed.add(operand);
    return used;
  });
  if (results.length === op.results.length && ops.length === op.body.ops.length) return op;
  // Sequences and what is carried stand in their places; what else the body reads may go.
  const operands = op.operands.filter((name, i) => i < sequences + carried || needed.has(name));
  return { ...op, operands, results, body: { ...op.body, ops: ops.reverse(), yields } };
}
