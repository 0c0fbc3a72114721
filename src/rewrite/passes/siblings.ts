import type { Op, Program } from '../../ir/program.ts';
import { valuesOf } from '../../ir/program.ts';
import type { Shape } from '../../ir/types.ts';
import { traitsOf } from '../backends.ts';
import type { Pass, PassOptions } from '../pass.ts';
import { applyRules } from '../rule.ts';
import { familyOf, MERGE_SIBLINGS, mergeSiblings, type Siblings } from '../rules/siblings.ts';
import { cse } from './cse.ts';

/**
 * Purpose:  siblings: convolutions or products of one operand become one, where a backend takes longer to run one more kernel than to
 *           split the result.
 * Requires: a valid program without features; bias and activation fused, where the backend does that.
 * Ensures:  kernels are put together when weights are loaded; nothing moves from behind a cut to before it.
 *
 *   %q = matMul %x, @q                %p = matMul %x, %kernels
 *   %k = matMul %x, @k        =>      %q, %k = split %p
 */
export const siblings: Pass = {
  name: 'siblings',
  purpose: 'compute convolutions and products of one operand as one, where that is faster',
  rules: [MERGE_SIBLINGS],
  run(program, options) {
    // What two outputs share ends at the first op that only one of them needs: siblings would move that.
    if (traitsOf(options.backend).kernelInElements === 0 || options.hoist === 'shared') return program;
    // Siblings may read copies of one reshape.
    const shared = cse.run(program, { hoist: options.hoist });
    const { families, isFixed } = familiesOf(shared, options);
    if (families.size === 0) return program;
    const fixed = shared.ops.filter(({ operands }) => operands.every(isFixed));
    const running = shared.ops.filter(({ operands }) => !operands.every(isFixed));
    const ordered = { ...shared, ops: [...fixed, ...running] };
    const merged = applyRules(ordered, [mergeSiblings(families)], options, 1);
    return merged === ordered ? program : merged;
  },
};

/** By the result of each, the products that may become one with it. */
function familiesOf(program: Program, { hoist }: PassOptions): { families: Siblings; isFixed: (name: string) => boolean } {
  const values = valuesOf(program);
  const typeOf = (name: string): Shape => values.get(name)?.type.shape ?? [];
  const fixed = new Set(program.weights.map(({ name }) => name));
  const frozen = new Set(program.weights.flatMap(({ name, frozen }) => (frozen ? [name] : [])));
  const isFixed = (name: string): boolean => fixed.has(name);
  const early = hoist === 'cuts' ? neededByCuts(program) : new Set<Op>();
  const families = new Map<string, Op[]>();
  for (const op of program.ops) {
    for (const known of [fixed, frozen]) {
      if (op.operands.every((name) => known.has(name))) for (const { name } of op.results) known.add(name);
    }
    const family = familyOf(op, typeOf, isFixed);
    if (family === null) continue;
    const isFrozen = hoist === 'auto' && op.operands.slice(1).every((name) => frozen.has(name));
    const key = JSON.stringify([family, isFrozen, early.has(op)]);
    const known = families.get(key);
    if (known === undefined) families.set(key, [op]);
    else known.push(op);
  }
  const several = [...families.values()].filter(({ length }) => length > 1);
  const byResult = several.flatMap((ops) => ops.map(({ results }): [string, Op[]] => [results[0]?.name ?? '', ops]));
  return { families: new Map(byResult), isFixed };
}

/** What has to be computed before the cuts that the user asked for. */
function neededByCuts(program: Program): ReadonlySet<Op> {
  const needed = new Set(program.cuts.map(({ value }) => value));
  const ops = new Set<Op>();
  for (const op of program.ops.toReversed()) {
    if (!op.results.some(({ name }) => needed.has(name))) continue;
    ops.add(op);
    for (const name of op.operands) needed.add(name);
  }
  return ops;
}
