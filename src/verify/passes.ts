import { planModule } from '../emit/module.ts';
import { writeSafetensors } from '../emit/safetensors.ts';
import { liveWeights } from '../emit/weights.ts';
import type { Program } from '../ir/program.ts';
import type { WeightIndex } from '../read/weights/index.ts';
import type { Backend } from '../rewrite/backends.ts';
import { stage } from '../rewrite/passes/stage.ts';
import { optimisations, pipeline, type Run } from '../rewrite/pipeline.ts';
import { applyRules, type Rule } from '../rewrite/rule.ts';
import type { Expectation } from './expectation.ts';
import type { Held } from './held.ts';
import { agrees, matchCase } from './match.ts';
import { openSide, type Side } from './side.ts';

/** The pass that changed what a program computes, and the rule, where that can be told. */
export interface GuiltyPass {
  readonly pass: string;
  readonly rule: string | null;
}

export interface Trial {
  readonly inputs: ReadonlyMap<string, Held>;
  readonly expected: Expectation;
  readonly index: WeightIndex | null;
  readonly backend: Backend;
}

/**
 * Bisects the passes: of the program before it, a case gives what is expected, and of the program after it, it does not.
 * @param lowered the program before the first
 * @returns null where the last program is as it is to be
 */
export async function firstGuiltyPass(lowered: Program, runs: readonly Run[], trial: Trial): Promise<GuiltyPass | null> {
  const changed = runs.filter((run) => run.changed);
  const programs = [lowered, ...changed.map(({ program }) => program)];
  // `good` gives what is expected, `bad` does not.
  let [good, bad] = [0, programs.length - 1];
  if (await isRight(programs[bad] as Program, trial)) return null;
  if (!(await isRight(lowered, trial))) return null;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (await isRight(programs[middle] as Program, trial)) good = middle;
    else bad = middle;
  }
  const { pass } = changed[bad - 1] as Run;
  return { pass, rule: await guiltyRule(pass, programs[good] as Program, trial) };
}

/** The rule without which the pass does no harm; null where a pass is none of rules, or several do. */
async function guiltyRule(name: string, before: Program, trial: Trial): Promise<string | null> {
  const rules = (pipeline.find((pass) => pass.name === name)?.rules ?? []).filter((rule): rule is Rule => 'apply' in rule);
  const hoist = { hoist: 'none', backend: trial.backend } as const;
  const all = applyRules(before, rules, hoist);
  if (rules.length === 0 || (await isRight(all, trial))) return null;
  for (const rule of rules) {
    const others = applyRules(
      before,
      rules.filter((other) => other !== rule),
      hoist,
    );
    if (others !== all && (await isRight(others, trial))) return rule.name;
  }
  return null;
}

async function isRight(program: Program, { inputs, expected, index }: Trial): Promise<boolean> {
  const side = await sideOfProgram(program, index);
  const weights = await side.load();
  try {
    return agrees(matchCase(side, weights, inputs, expected));
  } finally {
    side.module.dispose(weights);
  }
}

/** A program between two passes as a module of its own. */
async function sideOfProgram(program: Program, index: WeightIndex | null): Promise<Side> {
  const isStaged = program.features !== null || program.ops.some((op) => op.stage === 'load');
  const staged = isStaged ? program : stage.run({ ...program, cuts: [] }, { hoist: 'none' });
  const module = planModule(staged, { banner: [], info: {}, hash: '', weights: { from: 'caller' }, classes: new Map() });
  const weights = index === null || staged.weights.length === 0 ? null : writeSafetensors(await liveWeights(staged, index), {});
  return openSide({ code: module.write(), weights, program: staged, identifiers: module.identifiers });
}

/** What is left out of a program that nothing has rewritten. */
export const rewritings: readonly string[] = optimisations;
