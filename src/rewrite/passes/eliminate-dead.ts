import type { Program } from '../../ir/program.ts';
import type { Pass } from '../pass.ts';

/**
 * Purpose:  dead-code elimination: drops ops, weights and inputs that no output needs.
 * Requires: a valid program.
 * Ensures:  every op has a result that an output needs.
 *
 *   %a = relu %x          %a = relu %x
 *   %b = exp %x      =>
 *   output a = %a         output a = %a
 */
export const eliminateDead: Pass = {
  name: 'eliminate-dead',
  purpose: 'drop ops, weights and inputs that no chosen output needs',
  run(program) {
    const live = new Set([...program.outputs, ...program.cuts, ...(program.features ?? [])].map(({ value }) => value));
    const kept = program.ops.toReversed().filter((op) => {
      const needed = op.results.some(({ name }) => live.has(name));
      if (needed) for (const operand of op.operands) live.add(operand);
      return needed;
    });
    const inputs = program.inputs.filter(({ name }) => live.has(name));
    const weights = program.weights.filter(({ name }) => live.has(name));
    const same = kept.length === program.ops.length && inputs.length === program.inputs.length && weights.length === program.weights.length;
    return same ? program : ({ ...program, inputs, weights, ops: kept.reverse() } satisfies Program);
  },
};
