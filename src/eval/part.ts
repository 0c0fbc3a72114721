import { createHash } from 'node:crypto';
import type { HeadPlan } from '../evaluate/plan.ts';
import type { Sums } from '../runtime/evaluate/sums.ts';
import { anything, array, described, integer, nullable, number, object, oneOf, record, type Static, string } from '../schema/build.ts';
import { MOST_SHARDS } from './batches.ts';
import { fromJson, numbers, toJson } from './numbers.ts';

export const count = integer({ minimum: 0 });

/** What an evaluation was of. Parts of one evaluation have all of this in common. */
export const subject = {
  skipc: described(string, 'the version of skipc'),
  model: object({ name: string, hash: described(string, 'of its topology') }),
  program: object({ name: string, hash: string }),
  weights: described(string, 'a hash of those that the program reads'),
  data: object({
    path: string,
    identity: described(string, 'a hash of the inputs and of how they were prepared'),
    labels: described(string, 'a hash of labels and sample weights'),
    samples: described(count, 'in all of it'),
  }),
  backend: described(string, 'node, wasm or cpu'),
  batchSize: integer({ minimum: 1 }),
};

export const effort = {
  seconds: described(number({ minimum: 0 }), 'from the first batch to the last; of parts, their sum'),
  cache: described(nullable(object({ hits: count, misses: count })), 'batches whose features were there, or were computed'),
};

const measured = object({
  name: described(string, 'under which it is reported'),
  metric: described(anything, 'what it is, as Keras or tfjs serialises it'),
});

const head = object({
  key: described(string, 'the output'),
  loss: nullable(
    object({ name: described(nullable(string), 'null where it is reported as the sum alone'), loss: anything, weight: number() }),
  ),
  metrics: array(measured),
  weightedMetrics: array(measured),
});

/** Bumped where parts of before could be misunderstood. */
export const PART_FORMAT = 1;

/** What `--shard` gives: sums, and all that it takes to make results of them. */
export const partSchema = object({
  'skipc-evaluation-part': oneOf(PART_FORMAT),
  ...subject,
  origin: described(object({ writer: oneOf('keras', 'tfjs-layers'), keras: oneOf(1, 2, 3) }), 'whose losses and metrics are meant'),
  heads: array(head, { minItems: 1 }),
  shard: described(
    object({ index: count, of: integer({ minimum: 1, maximum: MOST_SHARDS }) }),
    'the batches number index, index + of, ...',
  ),
  samples: described(count, 'of this part'),
  sums: described(
    record(object({ high: numbers, low: numbers })),
    'what losses and metrics gathered, by name: each sum is the one number and the other together',
  ),
  ...effort,
  check: described(string, 'a hash of all the rest, so that damage shows'),
});
export type Part = Static<typeof partSchema>;

/** @param rest all but its `check`, as JSON holds it */
export const checkOf = (rest: object): string => createHash('sha256').update(JSON.stringify(rest)).digest('hex');

export const headsIn = (heads: readonly HeadPlan[]): Part['heads'] => {
  const told = ({ name, given }: HeadPlan['metrics'][number]) => ({ name, metric: given });
  return heads.map(({ key, loss, metrics, weightedMetrics }) => ({
    key,
    loss: loss === null ? null : { name: loss.name, loss: loss.given, weight: loss.weight },
    metrics: metrics.map(told),
    weightedMetrics: weightedMetrics.map(told),
  }));
};

export const sumsToJson = (sums: Readonly<Record<string, Sums>>): Part['sums'] =>
  Object.fromEntries(Object.entries(sums).map(([name, { high, low }]) => [name, { high: high.map(toJson), low: low.map(toJson) }]));

export const sumsFromJson = (sums: Part['sums']): [name: string, sums: Sums][] =>
  Object.entries(sums).map(([name, { high, low }]) => [name, { high: high.map(fromJson), low: low.map(fromJson) }]);
