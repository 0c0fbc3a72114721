import { fail } from '../diagnostics/error.ts';
import type { Program } from '../ir/program.ts';
import { verify } from '../ir/verify.ts';
import { opRules } from '../ops/rules.ts';
import type { Pass, PassOptions } from './pass.ts';
import { eliminateDead } from './passes/eliminate-dead.ts';
import { simplify } from './passes/simplify.ts';
import { stage } from './passes/stage.ts';

/** THE list: every pass, in the order in which they run. */
export const pipeline: readonly Pass[] = [
  // First, so that nothing looks at a branch that no output needs.
  eliminateDead,
  simplify,
  // What simplification left without a use goes before costs are counted.
  { ...eliminateDead, name: 'eliminate-dead-again', purpose: 'drop what simplification left without a use' },
  // Last, as the cut is chosen by the cost of the ops that will really run.
  stage,
];

export interface Run {
  readonly pass: string;
  readonly program: Program;
  readonly changed: boolean;
  readonly milliseconds: number;
}

/**
 * Runs the pipeline and returns the program after each pass.
 * @param skip names of passes to leave out
 * @param check verify after every pass; the last program is always verified
 * @throws SkipcError `pass-broke-program`, our bug, naming the pass
 */
export function rewrite(
  program: Program,
  options: PassOptions,
  { skip = [], check = false }: { skip?: readonly string[]; check?: boolean } = {},
): readonly Run[] {
  const runs: Run[] = [];
  let current = program;
  const passes = pipeline.filter((pass) => !skip.includes(pass.name));
  for (const [i, pass] of passes.entries()) {
    const start = performance.now();
    const next = pass.run(current, options);
    runs.push({ pass: pass.name, program: next, changed: next !== current, milliseconds: performance.now() - start });
    const what = check || i === passes.length - 1 ? verify(next, opRules) : null;
    if (what !== null) fail('pass-broke-program', { pass: pass.name, what });
    current = next;
  }
  return runs;
}
