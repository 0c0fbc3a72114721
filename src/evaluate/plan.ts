import { fail, type Location, SkipcError } from '../diagnostics/error.ts';
import type { ModelGraph, Origin } from '../model/graph.ts';
import type { Training } from '../model/training.ts';
import type { LossReduction } from '../runtime/evaluate/metric.ts';
import { metricsFor, oneFor, type Target } from './assign.ts';
import { lossOf } from './losses/index.ts';
import { metricOf } from './metrics/index.ts';

/** A call of a function of the runtime that makes a loss or a metric. */
export interface FactoryCall {
  readonly factory: string;
  readonly options: Readonly<Record<string, OptionData>>;
  /** What it is called with in place of options. */
  readonly inner?: FactoryCall;
}
export type OptionData = string | number | boolean | null | readonly OptionData[] | { readonly [key: string]: OptionData };

export interface MeasuredPlan {
  /** The name under which it is reported. */
  readonly name: string;
  readonly call: FactoryCall;
  /** The call for logits, where Keras reads these in place of an output that is a softmax or a sigmoid. */
  readonly logits: FactoryCall | null;
  readonly isList: boolean;
}

export interface LossPlan extends Omit<MeasuredPlan, 'name' | 'isList'> {
  /** Null where it is the only one, and stands for the sum. */
  readonly name: string | null;
  readonly weight: number;
  readonly reduction: LossReduction;
}

/** What is computed of one output. */
export interface HeadPlan {
  readonly key: string;
  readonly loss: LossPlan | null;
  readonly metrics: readonly MeasuredPlan[];
  readonly weightedMetrics: readonly MeasuredPlan[];
}

export interface EvaluationPlan {
  readonly heads: readonly HeadPlan[];
  /** True where the sum of all losses is what the model was compiled to make small: none of them is omitted. */
  readonly isTotal: boolean;
  /** What the model was compiled with and is left out, and why. */
  readonly omitted: readonly SkipcError[];
}

/** Losses and metrics in the forms that `Model.compile` takes: a name, an object, or these in a list or dict by output. */
export interface Wanted {
  readonly loss?: unknown;
  readonly metrics?: unknown;
}

/**
 * What to compute of the chosen outputs: what was asked for, else what the model was compiled with.
 * @param chosen the program's outputs
 * @throws SkipcError `loss-unknown`, `metric-unknown` for what was asked for
 */
export function planEvaluation(
  model: ModelGraph,
  chosen: ModelGraph['outputs'],
  training: Training | null,
  wanted: Wanted,
): EvaluationPlan {
  const omitted: SkipcError[] = [];
  checkNames(wanted.loss, 'loss', chosen);
  checkNames(wanted.metrics, 'metric', chosen);
  const drafts = chosen.map((output, position) => draftOf(model, output, position, chosen.length, training, wanted, omitted));
  const losses = drafts.filter(({ loss }) => loss !== null).length;
  const isTotal = losses > 0 && !omitted.some(({ code }) => code === 'loss-unknown');
  const names = new Map<string, number>();
  const heads = drafts.map(({ key, loss, metrics, weightedMetrics }): HeadPlan => {
    const prefix = chosen.length > 1 ? `${key}_` : '';
    const name = (metric: MeasuredPlan): MeasuredPlan => ({ ...metric, name: unique(names, prefix + metric.name) });
    return {
      key,
      loss: loss === null ? null : { ...loss, name: losses > 1 || !isTotal ? `${key}_loss` : null },
      metrics: metrics.map(name),
      weightedMetrics: weightedMetrics.map((metric) =>
        names.has(prefix + metric.name) ? name({ ...metric, name: `weighted_${metric.name}` }) : name(metric),
      ),
    };
  });
  return {
    isTotal,
    heads: heads.filter(({ loss, metrics, weightedMetrics }) => loss !== null || metrics.length + weightedMetrics.length > 0),
    omitted,
  };
}

/** What was asked for by output has to name outputs of the program. */
function checkNames(wanted: unknown, what: string, chosen: ModelGraph['outputs']): void {
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted) || 'class_name' in wanted) return;
  const outputs = chosen.map(({ key }) => key);
  const stray = Object.keys(wanted).find((name) => !outputs.includes(name));
  if (stray !== undefined) fail('measured-output-unknown', { what, name: stray, outputs });
}

function draftOf(
  model: ModelGraph,
  { key, tensor }: ModelGraph['outputs'][number],
  position: number,
  of: number,
  training: Training | null,
  wanted: Wanted,
  omitted: SkipcError[],
): HeadPlan {
  const { origin } = model;
  const asked: Target = { name: key, index: position, of };
  const index = model.outputs.findIndex((output) => output.tensor === tensor);
  const compiled: Target = { name: model.outputs[index]?.key ?? key, index, of: model.outputs.length };
  const own = index < 0 ? null : training;
  /** What the model was compiled with may be anything, what was asked for has to be known. */
  const known = <T>(
    identifiers: readonly unknown[],
    isAsked: boolean,
    find: (identifier: unknown, where: Location, origin: Origin) => T,
  ): T[] =>
    identifiers.flatMap((identifier) => {
      try {
        return [find(identifier, own === null || isAsked ? {} : { pointer: own.pointer }, origin)];
      } catch (error) {
        if (isAsked || !(error instanceof SkipcError) || error.kind === 'invariant') throw error;
        omitted.push(error);
        return [];
      }
    });
  const isLossAsked = wanted.loss !== undefined;
  const areMetricsAsked = wanted.metrics !== undefined;
  const identifier = isLossAsked ? oneFor(wanted.loss, asked) : own === null ? null : oneFor(own.loss, compiled);
  const [loss] = known(identifier === null ? [] : [identifier], isLossAsked, lossOf);
  // One output of several is measured by itself.
  const isOneOfSeveral = of === 1 && model.outputs.length > 1;
  const weight = isLossAsked || isOneOfSeveral ? 1 : (oneFor(own?.lossWeights, compiled) ?? 1);
  return {
    key,
    loss: loss === undefined ? null : { ...loss, name: null, weight: typeof weight === 'number' ? weight : 1 },
    metrics: known(
      areMetricsAsked ? metricsFor(wanted.metrics, asked, 2) : metricsFor(own?.metrics, compiled, origin.keras),
      areMetricsAsked,
      metricOf,
    ),
    weightedMetrics: areMetricsAsked ? [] : known(metricsFor(own?.weightedMetrics, compiled, origin.keras), false, metricOf),
  };
}

/** Metrics of one name are numbered, as Keras numbers them. */
function unique(names: Map<string, number>, name: string): string {
  const count = names.get(name) ?? 0;
  names.set(name, count + 1);
  return count === 0 ? name : `${name}_${count}`;
}
