import type { Compiled } from '../../src/compile.ts';
import { bytes } from '../../src/ir/types.ts';
import { peakBytes } from '../../src/rewrite/liveness.ts';
import { BACKEND, compiledFor } from './compiled.ts';
import type { Setting } from './peers/peer.ts';
import type { Facts } from './results.ts';

/** A part of a model is to be as much faster than all of it as it is smaller, but for this part of that. */
const OF_THE_DEAD_SHARE = 0.8;

/** What is known of a question without timing it. */
export async function factsOf(setting: Setting): Promise<Facts> {
  const { model, question, backend } = setting;
  const compiled = await compiledFor(setting);
  const { flops, weightBytes } = compiled.summary;
  const isPart = question.outputs.length > 0 && flops.kept > 0 && flops.kept < flops.of;
  return {
    model: model.name,
    question: question.name,
    backend: BACKEND[backend],
    flops,
    weightBytes,
    livenessBytes: livenessOf(compiled, question.suffix),
    target: question.target ?? (isPart ? (OF_THE_DEAD_SHARE * flops.of) / flops.kept : null),
  };
}

/** The most bytes of tensors alive at once, for one sample, beside the inputs; null where features are given, which outlive the call. */
function livenessOf({ analysis: { program } }: Compiled, suffix: boolean): number | null {
  if (suffix) return null;
  return peakBytes(program).predict - program.inputs.reduce((sum, { type }) => sum + bytes(type), 0);
}
