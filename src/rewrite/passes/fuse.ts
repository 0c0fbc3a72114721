import type { Pass } from '../pass.ts';
import { rulesPass } from '../rule.ts';
import { fuseActivation, fuseBias } from '../rules/fuse-finish.ts';

/**
 * Purpose:  fusion: a bias and an activation become part of the convolution or product before them, where the backend
 *           really runs them as one kernel.
 * Requires: a valid program without features; scales folded.
 * Ensures:  values that are outputs, or have other uses, are still there.
 *
 *   %c = conv2d %x, %k
 *   %s = add %c, @b              =>   %r = conv2d %x, %k, @b {activation=relu}
 *   %r = relu %s
 */
export const fuse: Pass = rulesPass(
  'fuse',
  'let convolutions and products add their bias and apply their activation, where the backend can',
  [fuseBias, fuseActivation],
);
