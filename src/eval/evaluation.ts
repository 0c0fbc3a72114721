import { described, either, integer, nullable, number, object, oneOf, record, type Static } from '../schema/build.ts';
import { anyNumber, numbers, toJson } from './numbers.ts';
import { count, effort, type Part, subject } from './part.ts';
import { resultsOfParts } from './results.ts';

/** Bumped where what was written before would be misunderstood. */
const FORMAT = 1;

/** What `skipc eval` reports, for people (a table) and for programs (`--json`). */
export const evaluationSchema = object({
  'skipc-evaluation': oneOf(FORMAT),
  ...subject,
  results: described(record(either(anyNumber, numbers)), "losses and metrics by Keras's names; a list for each class or threshold"),
  samples: count,
  parts: described(integer({ minimum: 1 }), 'how many were merged; 1 for one run'),
  ...effort,
  samplesPerSecond: described(nullable(number({ minimum: 0 })), 'null where no time went by'),
});
export type Evaluation = Static<typeof evaluationSchema>;

/**
 * The evaluation that parts are all of; one run is one part.
 * @param file that the first part was read from, for messages
 * @throws SkipcError as `resultsOfParts`
 */
export function evaluationOf(parts: readonly Part[], file?: string): Evaluation {
  const [{ skipc, model, program, weights, data, backend, batchSize }] = parts as [Part];
  const sum = (of: (part: Part) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const samples = sum((part) => part.samples);
  const seconds = sum((part) => part.seconds);
  const results = Object.entries(resultsOfParts(parts, file)).map(
    ([name, value]) => [name, typeof value === 'number' ? toJson(value) : value.map(toJson)] as const,
  );
  return {
    'skipc-evaluation': FORMAT,
    skipc,
    model,
    program,
    weights,
    data,
    backend,
    batchSize,
    results: Object.fromEntries(results),
    samples,
    parts: parts.length,
    seconds,
    cache: parts.every(({ cache }) => cache === null)
      ? null
      : { hits: sum(({ cache }) => cache?.hits ?? 0), misses: sum(({ cache }) => cache?.misses ?? 0) },
    samplesPerSecond: seconds > 0 ? samples / seconds : null,
  };
}
