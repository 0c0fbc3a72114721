import type { Op, Program } from '../ir/program.ts';
import { Graph } from './graph.ts';
import type { AppliedRewrite, Pass, PassOptions, RefusedRewrite } from './pass.ts';

/** Why a rule that looked as if it fitted did not apply, in words that complete "not folded: ". */
export interface Refusal {
  readonly refused: string;
}

/** Ops that take an op's place; the last of them gives that op's result, under its name. */
export type Replacement = readonly Op[];

/** A local rewrite: an op, and what stands before it, becomes other ops with the same result. */
export interface Rule {
  readonly name: string;
  /** What is equal to what. */
  readonly equation: string;
  /** The ops at which the rule looks. */
  readonly at: readonly string[];
  /** Null where the op is not of the rule's form. */
  apply(op: Op, graph: Graph, options: PassOptions): Replacement | Refusal | null;
}

/** A pass that applies rules, from the first op to the last and once, or until none applies. */
export const rulesPass = (name: string, purpose: string, rules: readonly Rule[], times: 'once' | 'until-none-applies' = 'once'): Pass => ({
  name,
  purpose,
  rules,
  run: (program, options) => applyRules(program, rules, options, times === 'once' ? 1 : MOST_ROUNDS),
});

/** No model needs as many; a rule that undoes what another does would never come to an end. */
const MOST_ROUNDS = 16;

/**
 * Applies rules in rounds, while one applies. Every rule must bring the program nearer to its end.
 * @returns the very program where nothing applied
 */
export function applyRules(program: Program, rules: readonly Rule[], options: PassOptions, rounds = MOST_ROUNDS): Program {
  let current = program;
  for (let round = 0; round < rounds; round++) {
    const refusals: RefusedRewrite[] = [];
    const next = applyOnce(current, rules, options, refusals);
    const isLast = next === current || round === rounds - 1;
    if (isLast) options.refusals?.push(...refusals);
    if (next === current) break;
    current = next;
  }
  return current;
}

function applied({ name }: Rule, { results, op, layers }: Op, made: Replacement): AppliedRewrite {
  const last = made.at(-1);
  return {
    rule: name,
    value: results[0]?.name ?? op,
    layers,
    made: last === undefined ? null : { value: last.results[0]?.name ?? last.op, layers: last.layers },
  };
}

/** Applies rules from the first op to the last; what a rule gives back is looked at again. */
function applyOnce(program: Program, rules: readonly Rule[], options: PassOptions, refusals: RefusedRewrite[]): Program {
  const graph = new Graph(program);
  const byOp = new Map<string, Rule[]>();
  for (const rule of rules) for (const name of rule.at) byOp.set(name, [...(byOp.get(name) ?? []), rule]);
  let changed = false;

  const add = (op: Op, isNew: boolean): void => {
    // What depends on weights alone runs once: there is nothing to win.
    const isFixed = op.operands.every((name) => graph.isFixed(name));
    for (const rule of isFixed ? [] : (byOp.get(op.op) ?? [])) {
      const outcome = rule.apply(op, graph, options);
      if (outcome === null) continue;
      if ('refused' in outcome) {
        refusals.push({ rule: rule.name, value: op.results[0]?.name ?? op.op, why: outcome.refused });
        continue;
      }
      changed = true;
      options.applied?.push(applied(rule, op, outcome));
      for (const next of outcome) add(next, true);
      if (!isNew) graph.release(op);
      return;
    }
    graph.keep(op, isNew);
  };
  for (const op of program.ops) add(op, false);
  return changed ? { ...program, ops: graph.ops } : program;
}
