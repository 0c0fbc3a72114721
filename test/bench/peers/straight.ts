import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { Compiled } from '../../../src/compile.ts';
import type { Program } from '../../../src/ir/program.ts';
import { pipeline } from '../../../src/rewrite/pipeline.ts';
import { compiledFor } from '../compiled.ts';
import { functionDialect, kernelDialect } from '../straight/dialects.ts';
import { fused } from '../straight/fuse.ts';
import { type Fixed, fixedValues, straightLine } from '../straight/line.ts';
import type { Dialect } from '../straight/writer.ts';
import { CannotRun, inputOf, type Peer, readOut, type Setting } from './peer.ts';

/** What a line is written from. */
type Source = (setting: Setting) => Promise<Pick<Compiled, 'analysis'>>;

/** The passes of skipc that fuse: a person fuses by what tfjs's documentation says of all backends. */
const FUSING = pipeline.map(({ name }) => name).filter((name) => name === 'fuse' || name === 'legalize');

/** The program with its weights folded and nothing fused but as tensorflowjs_converter does: for no backend in particular. */
export async function foldedByHand(setting: Setting): Promise<Pick<Compiled, 'analysis'>> {
  const { analysis } = await compiledFor(setting, { target: 'core', skipPasses: FUSING });
  return { analysis: { ...analysis, program: fused(analysis.program) } };
}

/** A peer that runs ops of a compiled program one below the other. */
const straightPeer = (name: string, doc: string, source: Source, dialect: Dialect): Peer => ({
  name,
  doc,
  async prepare(setting) {
    const { analysis } = await source(setting);
    const { program, model } = analysis;
    const { suffix } = setting.question;
    if (suffix && program.features === null) throw new CannotRun('nothing was hoisted');
    return {
      async load() {
        if (model.weights === null) throw new CannotRun('the model has no weights');
        const fixed = await fixedValues(program, model.weights);
        return {
          bind(given) {
            const inputs = inputsByName(program, given);
            const batch = Object.values(given)[0]?.shape[0] ?? 1;
            const handed = suffix ? featuresOf(program, fixed, inputs, batch) : inputs;
            const line = straightLine(program, fixed, suffix, batch, dialect);
            return { run: () => readOut(line(handed)), dispose: () => (suffix ? tf.dispose(handed) : undefined) };
          },
          dispose: () => tf.dispose([...fixed.values()]),
        };
      },
    };
  },
});

/** The model's inputs by the names they have in the program. */
export function inputsByName(program: Program, given: NamedTensorMap): NamedTensorMap {
  return Object.fromEntries(program.inputs.map(({ name }) => [name, inputOf(given, name.slice(1))]));
}

/** The features of a program that is cut, by their names in it. */
export function featuresOf(program: Program, fixed: Fixed, inputs: NamedTensorMap, batch: number): NamedTensorMap {
  const features = program.features ?? [];
  const prefix = { ...program, ops: program.ops.filter(({ stage }) => stage !== 'suffix'), outputs: features, features: null };
  const values = straightLine(prefix, fixed, false, batch, kernelDialect)(inputs);
  return Object.fromEntries(features.map(({ value }, i) => [value, values[i] as tf.Tensor]));
}

export const kernels = straightPeer(
  'kernels',
  "the kernels of skipc's program in a straight line: `engine().runKernel`, disposals at last uses, nothing else",
  (setting) => compiledFor(setting),
  kernelDialect,
);

export const line = straightPeer(
  'line',
  'the straight line that a person writes: folded, `tf.fused`, functions of tfjs, disposals at last uses, nothing else',
  foldedByHand,
  functionDialect,
);
