import type { WeightIndex } from '../read/weights/index.ts';
import { domainsOf } from './domains.ts';
import { type Expectation, expectationOf, forget, noted } from './expectation.ts';
import type { Reporter } from './findings.ts';
import type { Held } from './held.ts';
import type { WeightFault } from './module-file.ts';
import type { VerifyOptions } from './options.ts';
import { firstGuiltyPass, type GuiltyPass } from './passes.ts';
import type { Finding } from './report.ts';
import type { Subjects } from './subjects.ts';
import type { Tally } from './tally.ts';

export interface Evidence {
  readonly subjects: Subjects;
  readonly reporter: Reporter;
  readonly index: WeightIndex | null;
  readonly options: VerifyOptions;
  readonly tolerance: number;
  readonly weightFaults: readonly WeightFault[];
  readonly tallies: { readonly plain: Tally; readonly fresh: Tally; readonly layers: Tally };
  readonly recordings: readonly { readonly tally: Tally; readonly path: string }[];
}

/** Finds out what is at fault where values differ, the nearest first: the file on disk, its weights, a pass, the model. */
export async function faultsIn(evidence: Evidence): Promise<readonly Finding[]> {
  const { subjects, reporter, tallies, weightFaults, recordings } = evidence;
  const { subject, fresh, plain } = subjects;
  const found: Finding[] = weightFaults.slice(0, 1).map((fault) => reporter.weight(fault));
  const edited = fresh === null ? null : tallies.fresh.first;
  if (edited !== null && found.length === 0) {
    const isWeight = edited.case === null && edited.mismatch?.site === null && edited.failure === null;
    found.push(reporter.value('compiled', subject, edited, isWeight ? 'weights' : 'module', null));
  }
  const rewritten = tallies.plain.first;
  // Else what is wrong with the file explains it.
  if (rewritten !== null && found.length === 0) {
    const guilty = await guiltyPass(evidence, rewritten.inputs ?? tallies.plain.example);
    found.push(reporter.value('unoptimised', subject, rewritten, guilty === null ? 'emission' : 'pass', guilty));
  }
  if (tallies.layers.first !== null) found.push(reporter.value('layers', plain, tallies.layers.first, 'model', null));
  for (const { tally, path } of recordings) {
    if (tally.first !== null) found.push(reporter.value(path, plain, tally.first, 'model', null));
  }
  return found;
}

/** @param inputs of a case that differs; null where only the weights do, as they are loaded */
async function guiltyPass(evidence: Evidence, inputs: ReadonlyMap<string, Held> | null): Promise<GuiltyPass | null> {
  const { subjects, options, index } = evidence;
  if (inputs === null || options.isQuick) return null;
  options.observer.stage('looking for the pass');
  const expected = await expectedOf(evidence, inputs);
  const { lowered, runs } = subjects.compiled.analysis;
  return firstGuiltyPass(lowered, runs, { inputs, expected, index, backend: subjects.backend });
}

/** Every value of the program unoptimised. */
async function expectedOf({ subjects, tolerance }: Evidence, inputs: ReadonlyMap<string, Held>): Promise<Expectation> {
  const { plain } = subjects;
  const exact = domainsOf(plain.program).filter(({ isExact }) => isExact);
  const reference = await noted(plain, tolerance);
  try {
    return expectationOf(reference, inputs, new Set(plain.ops.keys()), new Set(exact.map(({ input }) => input.key)), tolerance);
  } finally {
    forget(reference);
  }
}
