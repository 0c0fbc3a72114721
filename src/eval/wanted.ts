import type { Wanted } from '../data/dataset.ts';
import type { HeadPlan } from '../evaluate/plan.ts';
import type { Program } from '../ir/program.ts';
import type { Summary } from '../report/summary.ts';
import { labelForm } from './label-form.ts';

/** What a program and its losses and metrics need of the data. What is filled in where it is left out is not asked for. */
export function wantedData(program: Program, heads: readonly HeadPlan[], { inputs, outputs }: Summary): Wanted {
  const given = new Set(program.inputs.filter(({ fill }) => fill === undefined).map(({ key }) => key));
  return {
    inputs: inputs.filter(({ key }) => given.has(key)),
    outputs: heads.flatMap((head) => {
      const output = outputs.find(({ key }) => key === head.key);
      if (output === undefined) throw new Error(`the program has no output ${head.key}`);
      const { key, shape } = output;
      const units = shape.at(-1);
      const labels = labelForm(head, typeof units === 'number' ? units : null);
      return { key, name: key, shape, labels, ignoredClass: head.loss?.ignoreClass ?? undefined };
    }),
  };
}

/** States that the program carries from batch to batch: its batches cannot be taken apart. */
export const carriedStates = (program: Program): string[] => statesIn(program).map(({ key }) => key);

/** Those of them that its prefix carries: its features are no function of the inputs. */
export function prefixStates(program: Program): string[] {
  const read = new Set(program.ops.flatMap(({ stage, operands }) => (stage === 'prefix' ? operands : [])));
  return statesIn(program).flatMap(({ key, name }) => (read.has(name) ? [key] : []));
}

const statesIn = ({ inputs, outputs }: Program): Program['inputs'] =>
  inputs.filter(({ key, fill }) => fill === 0 && outputs.some((output) => output.key === key));

/** The size of batches that a model was built for; null where it takes any. */
export function fixedBatch({ inputs }: Wanted): number | null {
  const size = inputs.map(({ shape }) => shape[0]).find((first) => typeof first === 'number');
  return typeof size === 'number' ? size : null;
}
