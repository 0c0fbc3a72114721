import { type Compared, type DiffOptions, type Draft, drafted } from './compared.ts';
import { SkipcError } from './diagnostics/error.ts';
import { type FoundWeight, weightEntries } from './emit/weights.ts';
import { loadedValues } from './read/weights/values.ts';
import { type Changes, changesOf } from './report/diff/changes.ts';
import type { DiffGraph } from './report/diff/graph.ts';
import { inWiringOrder } from './report/diff/order.ts';
import { report } from './report/diff/report.ts';
import type { Diff } from './report/diff/schema.ts';
import { commonVariables, type Side, type ValueChanges } from './report/diff/side.ts';
import { distance } from './report/diff/values.ts';
import { weightHashes } from './weight-hashes.ts';

export type { Compared, DiffOptions } from './compared.ts';

/**
 * What differs between two models, layer by layer, or between two programs, op by op: where one is a dump, the other is lowered as that
 * was. A model may hold layers that skipc cannot compile; these are compared by their configs.
 * @param byOps true to compare models op by op as well
 * @throws SkipcError where a name of the selection is wrong; op by op, also where a layer cannot be compiled
 */
export async function diff(a: Compared, b: Compared, options: DiffOptions = {}, byOps = false): Promise<Diff> {
  const unit = byOps || 'program' in a || 'program' in b ? 'op' : 'layer';
  const [before, after] = [await drafted(a, b, unit, options), await drafted(b, a, unit, options)];
  const { why, hashes } = await valuesOfBoth(before, after);
  const [one, two] = [before.graph(hashes[0]), after.graph(hashes[1])].map(inWiringOrder) as [DiffGraph, DiffGraph];
  const isOneForm = before.about.writer === after.about.writer && before.about.version === after.about.version;
  const changes = changesOf(one, two, isOneForm);
  const compiled = (side: Draft) => (isOneForm ? side.compiled : null);
  const sides: [Side, Side] = [
    { ...before, graph: one, compiled: compiled(before) },
    { ...after, graph: two, compiled: compiled(after) },
  ];
  const changed = why === null ? await changedValues(one, two, changes, before, after) : [];
  return report(...sides, unit, changes, { notCompared: why, changed });
}

/** Hashes of the values of both sides, or why there are none: reading one side alone would tell nothing. */
async function valuesOfBoth(
  a: Draft,
  b: Draft,
): Promise<{ readonly why: string | null; readonly hashes: readonly [ReadonlyMap<string, string>, ReadonlyMap<string, string>] }> {
  const none = new Map<string, string>();
  const isAtHand = ({ weights, index }: Draft): boolean => index !== null || weights.every(({ hash }) => hash !== undefined);
  const lacking = [a, b].filter((side) => !isAtHand(side)).map(({ about }) => about.file);
  if (lacking.length > 0)
    return { why: `values of weights were not compared: ${lacking.join(' and ')} came without`, hashes: [none, none] };
  try {
    return { why: null, hashes: [await hashesOf(a), await hashesOf(b)] };
  } catch (error) {
    if (!(error instanceof SkipcError)) throw error;
    return { why: `values of weights were not compared: ${error.message}`, hashes: [none, none] };
  }
}

async function hashesOf({ weights, index }: Draft): Promise<ReadonlyMap<string, string>> {
  if (index === null) return new Map(weights.map(({ name, hash = '' }) => [name, hash]));
  return weightHashes({ weights }, index);
}

/** How far the values have gone of the variables that both have and that differ; two of them are in memory at a time. */
async function changedValues(one: DiffGraph, two: DiffGraph, changes: Changes, a: Draft, b: Draft): Promise<ValueChanges['changed']> {
  const found = [a, b].map(({ index, weights }) => {
    if (index === null) return null;
    return new Map(weightEntries({ weights }, index).map((entry, i) => [weights[i]?.name, entry]));
  });
  const changed: ValueChanges['changed'][number][] = [];
  for (const pair of commonVariables(one, two, changes)) {
    const [before, after] = [one.nodes[pair.a.node]?.weights[pair.a.weight], two.nodes[pair.b.node]?.weights[pair.b.weight]];
    if ((before?.hash ?? null) === null || (after?.hash ?? null) === null || before?.hash === after?.hash) continue;
    const [from, to] = [found[0]?.get(before?.name), found[1]?.get(after?.name)];
    changed.push({ ...pair, distance: from === undefined || to === undefined ? null : distance(await values(from), await values(to)) });
  }
  return changed;
}

const values = ({ variable, entry }: FoundWeight) => loadedValues(entry, variable[3]);
