import type { Pass } from '../pass.ts';
import { applyRules } from '../rule.ts';
import { joinTransposes, SINK_TRANSPOSE, sinkTranspose, transposeOfOnes } from '../rules/layout.ts';
import { elementsMoved, Flow } from '../rules/layout-flow.ts';
import { transposeInput } from '../rules/layout-input.ts';
import { transposeRows } from '../rules/layout-rows.ts';
import { simplify } from './simplify.ts';

/**
 * Purpose:  layout: transposes sink until they meet others and cancel, so that a model whose channels come first is computed channels last.
 * Requires: a valid program without features; chains of transposes joined, dead code gone.
 * Ensures:  no more elements are transposed than before.
 *
 *   %a = transpose %x {perm=[0,3,1,2]}
 *   %b = relu %a                           =>    %r = relu %x
 *   %c = transpose %b {perm=[0,2,3,1]}           %d = conv2d %r, @k
 *   %d = conv2d %c, @k
 */
export const layout: Pass = {
  name: 'layout',
  purpose: 'let transposes meet and cancel: models whose channels come first are computed channels last',
  rules: [joinTransposes, SINK_TRANSPOSE, transposeInput, transposeRows, transposeOfOnes],
  run(program, options) {
    if (!program.ops.some(({ op }) => op === 'transpose')) return program;
    const sunk = applyRules(program, [joinTransposes, sinkTranspose(new Flow(program, options.hoist))], options);
    const turned = applyRules(sunk, [joinTransposes, transposeInput, transposeRows, transposeOfOnes], options);
    if (turned === program || elementsMoved(turned) > elementsMoved(program)) return program;
    return simplify.run(turned, options);
  },
};
