import { lossOf } from '../evaluate/losses/index.ts';
import { metricOf } from '../evaluate/metrics/index.ts';
import type { Origin } from '../model/graph.ts';
import type { Head } from '../runtime/evaluate/heads.ts';
import { resultsOf } from '../runtime/evaluate/score.ts';
import { addSums, noSums, type Sums } from '../runtime/evaluate/sums.ts';
import { type Part, sumsFromJson } from './part.ts';

/**
 * What follows from the sums of all parts of an evaluation. One run is its only part, so that any number of parts gives the same.
 * @param file that the parts were read from, for messages
 * @throws SkipcError `loss-unknown`, `metric-unknown`, `config-invalid` for parts that skipc did not write so
 */
export function resultsOfParts(parts: readonly Part[], file?: string): Readonly<Record<string, number | readonly number[]>> {
  const [{ heads, origin }] = parts as [Part];
  const sums: Record<string, Sums> = Object.create(null) as Record<string, Sums>;
  for (const [name, own] of parts.flatMap((part) => sumsFromJson(part.sums))) {
    sums[name] ??= noSums();
    addSums(sums[name], own);
  }
  const made = heads.map((head, i) => [head.key, headOf(head, { ...origin, version: null }, file, `/heads/${i}`)] as const);
  return resultsOf(Object.fromEntries(made), sums);
}

function headOf({ loss, metrics, weightedMetrics }: Part['heads'][number], origin: Origin, file: string | undefined, at: string): Head {
  const make = (list: typeof metrics, pointer: string): Head['metrics'] & object =>
    Object.fromEntries(
      list.map(({ name, metric }, i) => [name, { of: metricOf(metric, { file, pointer: `${pointer}/${i}/metric` }, origin).make() }]),
    );
  return {
    ...(loss === null
      ? {}
      : {
          loss: {
            of: lossOf(loss.loss, { file, pointer: `${at}/loss/loss` }, origin).make(),
            ...(loss.name === null ? {} : { name: loss.name }),
          },
        }),
    metrics: make(metrics, `${at}/metrics`),
    weightedMetrics: make(weightedMetrics, `${at}/weightedMetrics`),
  };
}
