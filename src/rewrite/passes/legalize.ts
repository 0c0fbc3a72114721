import type { Pass } from '../pass.ts';
import { rulesPass } from '../rule.ts';
import { batchOfOne } from '../rules/batch-of-one.ts';

/**
 * Purpose:  legalisation: ops get the form in which the backend's kernels take them.
 * Requires: a valid program without features; fusion done.
 * Ensures:  fused products have operands of rank 3 where the kernel takes no others.
 *
 *   %d = matMul %x, @k, @b          %m = reshape %x {shape=[1,?,4]}
 *                             =>    %p = matMul %m, %k3, @b
 *                                   %d = reshape %p {shape=[?,2]}
 */
export const legalize: Pass = rulesPass('legalize', 'give ops the form in which the backend takes them', [batchOfOne]);
