import type { TensorType } from '../../ir/types.ts';
import { number, oneOf, withDefault } from '../../schema/build.ts';
import { type Code, code } from '../code.ts';
import { mismatch } from '../row.ts';

/** What a kernel can apply to its own result, in tfjs's words, by the op that does the same alone. */
export const FUSED_ACTIVATIONS = {
  relu: 'relu',
  relu6: 'relu6',
  elu: 'elu',
  sigmoid: 'sigmoid',
  leakyRelu: 'leakyrelu',
  prelu: 'prelu',
} as const;

export type FusedActivation = 'linear' | (typeof FUSED_ACTIVATIONS)[keyof typeof FUSED_ACTIVATIONS];

/** Attributes of an op that can add a bias and apply an activation. `alpha` is the slope of leakyrelu. */
export const finishing = {
  activation: withDefault(oneOf('linear', ...Object.values(FUSED_ACTIVATIONS)), 'linear'),
  alpha: withDefault(number(), 0.2),
};

/** Of such an op: operands behind the first two are a bias and, for prelu alone, slopes. */
export const FINISHED_ARITY = { least: 2, most: 4 } as const;

interface Finishing {
  readonly activation: FusedActivation;
  readonly alpha: number;
}

/** Flops for each element of the result: one for a bias, one for an activation. */
export const finishingCost = (operands: number, { activation }: Finishing): number =>
  Math.min(operands - 2, 1) + (activation === 'linear' ? 0 : 1);

/** True where the op is more than the plain product. */
export const isFinished = (operands: number, { activation }: Finishing): boolean => operands > 2 || activation !== 'linear';

/**
 * Checks bias and slopes: a vector each, along the last axis of the result.
 * @throws SkipcError `shape-mismatch`
 */
export function checkFinishing(operands: readonly TensorType[], { activation }: Finishing, channels: unknown): void {
  const finish = operands.slice(2);
  if ((operands.length === 4) !== (activation === 'prelu')) mismatch('slopes belong to prelu, and come behind a bias', operands);
  if (finish.some(({ dtype, shape }) => dtype !== 'f32' || shape.length !== 1 || shape[0] !== channels))
    mismatch('bias and slopes are a number for each channel', operands);
}

/** What the call of such an op says of its end. */
export function finishingOptions([bias, slopes]: readonly Code[], { activation, alpha }: Finishing): Code[] {
  return [
    ...(bias === undefined ? [] : [code`bias: ${bias}`]),
    ...(activation === 'linear' ? [] : [code`activation: ${activation}`]),
    ...(activation === 'leakyrelu' ? [code`alpha: ${alpha}`] : []),
    ...(slopes === undefined ? [] : [code`slopes: ${slopes}`]),
  ];
}
