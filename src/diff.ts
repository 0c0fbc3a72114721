import { type Compared, type DiffOptions, type Draft, drafted } from './compared.ts';
import { SkipcError } from './diagnostics/error.ts';
import { weightEntries } from './emit/weights.ts';
import type { WeightEntry } from './read/weights/index.ts';
import { loadedValues, valuesHash } from './read/weights/values.ts';
import { type Changes, changesOf } from './report/diff/changes.ts';
import type { UnloweredHash } from './report/diff/from-model.ts';
import type { DiffGraph } from './report/diff/graph.ts';
import { inWiringOrder } from './report/diff/order.ts';
import { report } from './report/diff/report.ts';
import type { Diff } from './report/diff/schema.ts';
import { commonVariables, type Side, type ValueChanges } from './report/diff/side.ts';
import { distance } from './report/diff/values.ts';
import { unloweredWeights } from './unlowered-weights.ts';
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
  const { why, known } = await valuesOfBoth(before, after);
  const graphOf = ({ graph }: Draft, { hashes, others }: Values): DiffGraph => inWiringOrder(graph(hashes, others));
  const [one, two] = [graphOf(before, known[0]), graphOf(after, known[1])];
  const isOneForm = before.about.writer === after.about.writer && before.about.version === after.about.version;
  const changes = changesOf(one, two, isOneForm);
  const compiled = (side: Draft) => (isOneForm ? side.compiled : null);
  const sides: [Side, Side] = [
    { ...before, graph: one, compiled: compiled(before) },
    { ...after, graph: two, compiled: compiled(after) },
  ];
  const changed = why === null ? await changedValues(one, two, changes, known[0].found, known[1].found) : [];
  return report(...sides, unit, changes, { notCompared: why, changed });
}

/** What is known of the values of a side. */
interface Values {
  /** By the names of the program's weights. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly others: readonly UnloweredHash[];
  /** Where they lie, by the names of weights; nothing for a dump. */
  readonly found: ReadonlyMap<string, { readonly entry: WeightEntry; readonly dtype: WeightEntry['dtype'] }>;
}

const NOTHING: Values = { hashes: new Map(), others: [], found: new Map() };

/** The values of both sides, or why there are none: reading one side alone would tell nothing. */
async function valuesOfBoth(a: Draft, b: Draft): Promise<{ readonly why: string | null; readonly known: readonly [Values, Values] }> {
  const isAtHand = ({ weights, index }: Draft): boolean => index !== null || weights.every(({ hash }) => hash !== undefined);
  const lacking = [...new Set([a, b].filter((side) => !isAtHand(side)).map(({ about }) => about.file))];
  if (lacking.length > 0)
    return { why: `values of weights were not compared: ${lacking.join(' and ')} came without`, known: [NOTHING, NOTHING] };
  try {
    return { why: null, known: [await valuesOf(a), await valuesOf(b)] };
  } catch (error) {
    if (!(error instanceof SkipcError)) throw error;
    return { why: `values of weights were not compared: ${error.message}`, known: [NOTHING, NOTHING] };
  }
}

async function valuesOf({ weights, unlowered, index }: Draft): Promise<Values> {
  if (index === null) return { ...NOTHING, hashes: new Map(weights.map(({ name, hash = '' }) => [name, hash])) };
  const own = weightEntries({ weights }, index);
  const left = unloweredWeights(unlowered, new Set(own.map(({ entry }) => entry)), index);
  const others: UnloweredHash[] = [];
  for (const { layer, variable, entry } of left) {
    const { name, dtype, shape } = entry;
    const type = { dtype: DTYPES[dtype], shape };
    others.push({ layer, name, variable, type, hash: valuesHash({ dtype, shape }, await loadedValues(entry, dtype)) });
  }
  const found = new Map([
    ...left.map(({ entry }) => [entry.name, { entry, dtype: entry.dtype }] as const),
    ...own.map(({ variable, entry }, i) => [weights[i]?.name ?? '', { entry, dtype: variable[3] }] as const),
  ]);
  return { hashes: await weightHashes({ weights }, index), others, found };
}

const DTYPES = { float32: 'f32', int32: 'i32', bool: 'bool' } as const;

/** How far the values have gone of the variables that both have and that differ; two of them are in memory at a time. */
async function changedValues(
  one: DiffGraph,
  two: DiffGraph,
  changes: Changes,
  a: Values['found'],
  b: Values['found'],
): Promise<ValueChanges['changed']> {
  const changed: ValueChanges['changed'][number][] = [];
  for (const pair of commonVariables(one, two, changes)) {
    const [before, after] = [one.nodes[pair.a.node]?.weights[pair.a.weight], two.nodes[pair.b.node]?.weights[pair.b.weight]];
    if ((before?.hash ?? null) === null || (after?.hash ?? null) === null || before?.hash === after?.hash) continue;
    const [from, to] = [a.get(before?.name ?? ''), b.get(after?.name ?? '')];
    changed.push({ ...pair, distance: from === undefined || to === undefined ? null : distance(await loaded(from), await loaded(to)) });
  }
  return changed;
}

const loaded = ({ entry, dtype }: { readonly entry: WeightEntry; readonly dtype: WeightEntry['dtype'] }) => loadedValues(entry, dtype);
