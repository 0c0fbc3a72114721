import type { Program } from '../../ir/program.ts';
import type { Pass, RefusedRewrite } from '../pass.ts';
import { applyRules } from '../rule.ts';
import { clipIsRelu6, dropNeutral, dropPairs, dropRelu, joinCasts, maximumIsRelu } from '../rules/algebra.ts';
import { concatOfSplit, joinConcats, joinPads, joinSlices, splitOfConcat } from '../rules/joins.ts';
import { activationBeforePool, activationBehindPool } from '../rules/pooled.ts';
import { simplify } from './simplify.ts';

/** What is left after one turn may fit again, as ops that gave back their operand stood between; seldom more than once. */
const MOST_TURNS = 8;

const RULES = [
  dropNeutral,
  dropPairs,
  clipIsRelu6,
  maximumIsRelu,
  dropRelu,
  joinCasts,
  joinConcats,
  concatOfSplit,
  splitOfConcat,
  joinSlices,
  joinPads,
  activationBehindPool,
];
/** By themselves, as what has two uses while a rule is at work has one behind it, and the rules for either order ask for that. */
const RAISING = [activationBeforePool];

/**
 * Purpose:  algebra: ops that change nothing go, of ops that follow each other one stays where one is enough, and ops become those that
 *           backends have fast kernels for.
 * Requires: a valid program without features; dead code gone, so that "has another use" is true.
 * Ensures:  no dtype, shape or broadcasting changes.
 *
 *   %a = concat %x, %y {axis=1}
 *   %b = concat %a, %z {axis=1}            =>    %b = concat %x, %y, %z {axis=1}
 *   %c = clipByValue %b {min=0, max=6}           %c = relu6 %b
 */
export const algebra: Pass = {
  name: 'algebra',
  purpose: 'drop what changes nothing; join concatenations, slices, padding and casts; put activations where they cost least',
  rules: [...RULES, ...RAISING],
  run(program, options) {
    const isPooled = program.ops.some(({ op }) => op === 'maxPool');
    let current: Program = program;
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const refusals: RefusedRewrite[] = [];
      const joined = applyRules(current, RULES, { ...options, refusals }, 1);
      const next = isPooled ? applyRules(joined, RAISING, { ...options, refusals }, 1) : joined;
      if (next === current) {
        options.refusals?.push(...refusals);
        break;
      }
      current = simplify.run(next, options);
    }
    return current;
  },
};
