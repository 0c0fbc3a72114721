import { fail } from '../diagnostics/error.ts';
import type { Program } from '../ir/program.ts';
import { verify } from '../ir/verify.ts';
import { opRules } from '../ops/rules.ts';
import type { AppliedRewrite, Pass, PassOptions, RefusedRewrite } from './pass.ts';
import { algebra } from './passes/algebra.ts';
import { cse } from './passes/cse.ts';
import { eliminateDead } from './passes/eliminate-dead.ts';
import { fold } from './passes/fold.ts';
import { fuse } from './passes/fuse.ts';
import { layout } from './passes/layout.ts';
import { schedule } from './passes/schedule.ts';
import { siblings } from './passes/siblings.ts';
import { simplify } from './passes/simplify.ts';
import { stage } from './passes/stage.ts';

/** THE list: every pass, in the order in which they run. */
export const pipeline: readonly Pass[] = [
  // First, so that nothing looks at a branch that no output needs.
  eliminateDead,
  simplify,
  // Before folding, so that scales and padding stand next to kernels and not behind a transpose.
  layout,
  // Behind it, as what transposes parted stands together; before fusion, for activations then have the form that kernels apply.
  algebra,
  // Behind simplification, which brings scales next to the kernels; before fusion, as an activation would stand between.
  fold,
  fuse,
  // Behind fusion, as one kernel can have one bias and one activation.
  siblings,
  // Of the reshapes around one product and the next, most cancel each other.
  { ...simplify, name: 'simplify-again' },
  // What simplification left without a use goes before costs are counted.
  { ...eliminateDead, name: 'eliminate-dead-again', purpose: 'drop what simplification left without a use' },
  // Behind all these, as the cut is chosen by the cost of the ops that will really run.
  stage,
  // Behind it, as what prefix and suffix both compute would be one more tensor between them.
  cse,
  // Behind it, as ops keep to their stages.
  schedule,
];

/** The passes that change how things are computed: without them, a program costs what its model says. */
export const optimisations: readonly string[] = pipeline
  .filter((pass) => [layout, algebra, fold, fuse, siblings, cse, schedule].includes(pass) || pass.name === 'simplify-again')
  .map(({ name }) => name);

export interface Run {
  readonly pass: string;
  readonly program: Program;
  readonly changed: boolean;
  readonly milliseconds: number;
  /** Where somebody asked for that: what its rules refused in their last round, and what was rewritten. */
  readonly refusals?: readonly RefusedRewrite[];
  readonly applied?: readonly AppliedRewrite[];
}

/**
 * Runs the pipeline and returns the program after each pass.
 * @param skip names of passes to leave out
 * @param check verify after every pass; the last program is always verified
 * @param explain note what is rewritten, and what is refused
 * @throws SkipcError `pass-broke-program`, our bug, naming the pass
 */
export function rewrite(
  program: Program,
  options: PassOptions,
  { skip = [], check = false, explain = false }: { skip?: readonly string[]; check?: boolean; explain?: boolean } = {},
): readonly Run[] {
  const runs: Run[] = [];
  let current = program;
  const passes = pipeline.filter((pass) => !skip.includes(pass.name));
  for (const [i, pass] of passes.entries()) {
    const start = performance.now();
    const notes: { refusals: RefusedRewrite[]; applied: AppliedRewrite[] } | undefined = explain
      ? { refusals: [], applied: [] }
      : undefined;
    const next = pass.run(current, { ...options, ...notes });
    runs.push({ pass: pass.name, program: next, changed: next !== current, milliseconds: performance.now() - start, ...notes });
    const what = check || i === passes.length - 1 ? verify(next, opRules) : null;
    if (what !== null) fail('pass-broke-program', { pass: pass.name, what });
    current = next;
  }
  return runs;
}
