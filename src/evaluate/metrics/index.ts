import { fail, type Location } from '../../diagnostics/error.ts';
import type { Origin } from '../../model/graph.ts';
import { precisionOfBatches, r2OfBatches, recallOfBatches } from '../../runtime/evaluate/batch-metrics.ts';
import { meanMetric, weighedByMask } from '../../runtime/evaluate/mean-metric.ts';
import type { Metric } from '../../runtime/evaluate/metric.ts';
import { object } from '../../schema/build.ts';
import { type Identifier, identifierOf } from '../identifier.ts';
import { configPlace, type Loss, lossRows, nameIn, type TableLine, unknownName } from '../losses/index.ts';
import type { FactoryCall } from '../plan.ts';
import {
  briefOptions,
  checkDType,
  compiled,
  configOf,
  isRefused,
  meaningOf,
  named,
  namesOf,
  type Registry,
  registry,
} from '../registry.ts';
import { type Meaning, type MetricRow, metric, type RefusedRow } from '../row.ts';
import { accuracies, decidedAccuracy } from './accuracies.ts';
import { areas, counts } from './confusion.ts';
import { lossMeans, meanOfLoss, means } from './means.ts';
import { coefficients, fScores, overUnions } from './scores.ts';

const noLabels = (className: string): RefusedRow => ({
  className,
  doc: 'of values without labels',
  what: `the metric ${className} takes values without labels, which evaluation has not`,
  instead: 'name a metric of labels and predictions with --metric, such as --metric mae',
});

const rows: readonly (MetricRow | RefusedRow)[] = [
  ...accuracies,
  ...lossMeans,
  ...means,
  ...counts,
  ...areas,
  ...fScores,
  ...coefficients,
  ...overUnions,
  ...['Mean', 'Sum', 'MeanTensor'].map(noLabels),
];

const metricRows: Registry<MetricRow> = registry(rows);

const ofBatches = { doc: 'the mean over batches', config: object({}), options: () => ({}) } as const;
/** What tfjs means by names that Keras has for something else. */
const tfjsRows: Registry<MetricRow> = registry<MetricRow>([
  metric({ className: 'precision', ...ofBatches, make: precisionOfBatches }),
  metric({ className: 'recall', ...ofBatches, make: recallOfBatches }),
  metric({ className: 'r2_score', ...ofBatches, make: r2OfBatches }),
]);

/** A metric that a model was compiled with, or that was asked for. */
export interface NamedMetric {
  readonly name: string;
  readonly call: FactoryCall;
  /** The call for logits, where Keras reads these in place of an output that is a softmax or a sigmoid. */
  readonly logits: FactoryCall | null;
  readonly isList: boolean;
  make(): Metric;
}

/** The output that a metric is for. */
export interface MetricContext {
  readonly loss?: Loss | null;
  /** True where the output has a mask. */
  readonly isMasked?: boolean;
}

/**
 * The metric that an identifier means: a name, or an object that Keras or tfjs serialised.
 * @throws SkipcError `metric-unknown`, `evaluation-unsupported`, `config-invalid`
 */
export function metricOf(given: unknown, where: Location, origin: Origin, context: MetricContext = {}): NamedMetric {
  const identifier = identifierOf(given);
  const meaning = meaningOf(origin);
  const found = rowFor(identifier, meaning, context);
  if (found === undefined) return fail('metric-unknown', unknownName(identifier, metricRows, lossRows), where);
  const row = compiled(found, where);
  checkDType(identifier.config?.['dtype'], 'dtype' in ((row.config['properties'] ?? {}) as object), where);
  const config = configOf(row, identifier.config ?? {}, configPlace(where, identifier));
  const options = { ...briefOptions(row, config, meaning), ...labelLeftOut(row, context) };
  const isRead = meaning !== 'tfjs' && row.readsLogits?.(config) === true;
  return {
    name: nameIn(identifier),
    ...called(row, options, meaning === 'keras2' && context.isMasked === true),
    logits: isRead ? called(row, { ...options, fromLogits: true }, false).call : null,
    isList: row.isList?.(config) ?? false,
  };
}

function rowFor(identifier: Identifier, meaning: Meaning, { loss }: MetricContext): MetricRow | RefusedRow | undefined {
  const { name, kind } = identifier;
  const asLoss = (): MetricRow | RefusedRow | undefined => {
    const row = named(lossRows, name);
    return row === undefined || isRefused(row) ? row : meanOfLoss(row);
  };
  if (kind === 'custom') return undefined;
  if (kind === 'class') return named(metricRows, name);
  // Functions are Keras 3's losses before they are its metrics: the cosine similarity of the losses is negative.
  if (kind === 'function') return meaning === 'keras3' ? (asLoss() ?? named(metricRows, name)) : (named(metricRows, name) ?? asLoss());
  if (/^acc(uracy)?$/i.test(name)) {
    // tfjs looks at the loss before it looks at shapes.
    return meaning === 'tfjs' && loss?.className === 'BinaryCrossentropy' ? named(metricRows, 'BinaryAccuracy') : decidedAccuracy;
  }
  if (meaning !== 'tfjs') return named(metricRows, name) ?? asLoss();
  return named(tfjsRows, name) ?? (/^cosine/i.test(name) ? asLoss() : (named(metricRows, name) ?? asLoss()));
}

const SPARSE: ReadonlySet<string> = new Set(['accuracy', 'SparseCategoricalAccuracy', 'SparseTopKCategoricalAccuracy']);

/** A label that the loss leaves out is none of the output's classes; accuracies count it as wrong, as Keras does. */
const labelLeftOut = ({ className }: MetricRow, { loss }: MetricContext): FactoryCall['options'] =>
  SPARSE.has(className) && loss?.ignoreClass != null ? { ignoreClass: loss.ignoreClass } : {};

/** @param isWeighed true where the mask is to be among the sample weights of a metric that does not see it */
function called({ values, make }: MetricRow, options: FactoryCall['options'], isWeighed: boolean): Pick<NamedMetric, 'call' | 'make'> {
  if (values !== undefined) {
    return {
      call: { factory: meanMetric.name, options: {}, inner: { factory: values.name, options } },
      make: () => meanMetric(values(options)),
    };
  }
  if (make === undefined) throw new Error('a row has neither values nor make');
  const call = { factory: make.name, options };
  if (!isWeighed) return { call, make: () => make(options) };
  return { call: { factory: weighedByMask.name, options: {}, inner: call }, make: () => weighedByMask(make(options)) };
}

/** Metrics as `lossTable` gives losses; every loss is a metric, too: the mean of it. */
export const metricTable = (): TableLine[] =>
  [decidedAccuracy, ...rows].map((row) => [row.className, namesOf(row).slice(1), isRefused(row) ? `${row.doc} (refused)` : row.doc]);
