import type { Pass } from '../pass.ts';
import { rulesPass } from '../rule.ts';
import { activationBeforeReshape, shiftBeforeReshape } from '../rules/before-reshape.ts';
import { foldInputScale, foldInputScaleUnderShift, foldInputShift } from '../rules/fold-input.ts';
import { foldPadding } from '../rules/fold-padding.ts';
import { foldScale } from '../rules/fold-scale.ts';
import { mergeScales, mergeShifts } from '../rules/merge.ts';

/**
 * Purpose:  folding: scales and shifts that depend on weights alone (batch normalisation, rescaling) go into the kernels of the
 *           convolutions and products beside them, and zeros around an image into a convolution's own padding.
 * Requires: a valid program without features; dead code gone, so that "has another use" is true.
 * Ensures:  what was folded depends on weights alone, so that staging computes it when they are loaded.
 *
 *   %c = conv2d %x, @c/kernel           %c.kernel = mul @c/kernel, %s
 *   %n = mul %c, %s                =>   %n = conv2d %x, %c.kernel
 */
export const fold: Pass = rulesPass(
  'fold',
  'fold batch normalisation, rescaling and padding into the convolutions and products beside them',
  [
    shiftBeforeReshape,
    activationBeforeReshape,
    mergeShifts,
    mergeScales,
    foldScale,
    foldPadding,
    foldInputScale,
    foldInputShift,
    foldInputScaleUnderShift,
  ],
  'until-none-applies',
);
