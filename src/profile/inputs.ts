import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import type { Program } from '../ir/program.ts';
import { caseOf, kindsFor } from '../verify/cases.ts';
import { domainsOf, openSizes } from '../verify/domains.ts';
import { tensorOf } from '../verify/held.ts';

/** What a size is that the model leaves open: a short sequence, a small image. */
const OPEN_SIZE = 64;

/** Inputs of a usual kind: normal numbers, or ids of rows that there are. The caller disposes of them. */
export function randomInputs(program: Program, batchSize: number, seed: number): NamedTensorMap {
  const sources = { domains: domainsOf(program), maskValues: [], maskZero: false, seed };
  const [kind = 'no input'] = kindsFor(sources);
  const sizes = new Map(openSizes(program).map((symbol) => [symbol, OPEN_SIZE]));
  const held = caseOf(sources, kind, batchSize, sizes).inputs();
  return Object.fromEntries([...held].map(([key, value]) => [key, tensorOf(value)]));
}
