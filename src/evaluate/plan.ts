import { fail, type Location, SkipcError } from '../diagnostics/error.ts';
import type { ModelGraph, ModelOutput, Origin, TensorId } from '../model/graph.ts';
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
  /** What it was made from: a name, or an object as Keras or tfjs serialises it. */
  readonly given: unknown;
  readonly call: FactoryCall;
  /** The call for logits, where Keras reads these in place of an output that is a softmax or a sigmoid. */
  readonly logits: FactoryCall | null;
  readonly isList: boolean;
}

export interface LossPlan extends Omit<MeasuredPlan, 'name' | 'isList'> {
  /** Null where it is the only one, and stands for the sum. */
  readonly name: string | null;
  readonly weight: number;
  /** The label whose samples it leaves out. */
  readonly ignoreClass: number | null;
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
 * @param isMasked tells of a tensor whether it carries a mask
 * @throws SkipcError `measured-output-unknown`, and where what was asked for is not known
 */
export function planEvaluation(
  model: ModelGraph,
  chosen: readonly ModelOutput[],
  training: Training | null,
  wanted: Wanted,
  isMasked: (tensor: TensorId) => boolean,
): EvaluationPlan {
  checkNames(wanted.loss, 'loss', chosen);
  checkNames(wanted.metrics, 'metric', chosen);
  const omitted: SkipcError[] = [];
  const found = chosen.map((output, position) =>
    measuresOf(givenFor(model, chosen, position, training, wanted), model.origin, isMasked(output.tensor), omitted),
  );
  const losses = found.filter(({ loss }) => loss !== null).length;
  // Compiled without a loss, a model of Keras has that of its regularizers.
  const isSaid = losses > 0 || (training !== null && training.loss === null && wanted.loss === undefined);
  const isTotal = isSaid && found.every(({ lacksLoss }) => !lacksLoss);
  const lossName = (key: string): string | null => (losses > 1 || !isTotal ? `${key}_loss` : null);
  const names = new Map(['loss', ...chosen.flatMap(({ key }) => lossName(key) ?? [])].map((name) => [name, 1]));
  const heads = chosen.map(({ key }, position): HeadPlan => {
    const { loss, metrics, weightedMetrics } = found[position] as Measures;
    const prefix = chosen.length > 1 ? `${key}_` : '';
    const name = (metric: MeasuredPlan): MeasuredPlan => ({ ...metric, name: unique(names, prefix + metric.name) });
    return {
      key,
      loss: loss === null ? null : { ...loss, name: lossName(key) },
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
function checkNames(wanted: unknown, what: string, chosen: readonly ModelOutput[]): void {
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted) || 'class_name' in wanted) return;
  const outputs = chosen.map(({ key }) => key);
  const stray = Object.keys(wanted).find((name) => !outputs.includes(name));
  if (stray !== undefined) fail('measured-output-unknown', { what, name: stray, outputs });
}

/** What one output is to be measured by, not yet looked up. */
interface Given {
  readonly loss: unknown;
  readonly weight: number;
  readonly metrics: readonly unknown[];
  readonly weightedMetrics: readonly unknown[];
  /** True where it was asked for, and has to be known; what a model was compiled with may be anything. */
  readonly isLossAsked: boolean;
  readonly areMetricsAsked: boolean;
  readonly pointer: string | undefined;
}

function givenFor(model: ModelGraph, chosen: readonly ModelOutput[], position: number, training: Training | null, wanted: Wanted): Given {
  const { key, tensor } = chosen[position] as ModelOutput;
  const asked: Target = { name: key, index: position, of: chosen.length };
  // Outputs of several keys may be one tensor.
  const named = model.outputs.findIndex((output) => output.key === key && output.tensor === tensor);
  const index = named >= 0 ? named : model.outputs.findIndex((output) => output.tensor === tensor);
  const compiled: Target = { name: model.outputs[index]?.key ?? key, index, of: model.outputs.length };
  const own = index < 0 ? null : training;
  const isLossAsked = wanted.loss !== undefined;
  const areMetricsAsked = wanted.metrics !== undefined;
  // One output of several is measured by itself.
  const isOneOfSeveral = chosen.length === 1 && model.outputs.length > 1;
  const weight = isLossAsked || isOneOfSeveral ? 1 : oneFor(own?.lossWeights, compiled);
  return {
    loss: isLossAsked ? oneFor(wanted.loss, asked) : oneFor(own?.loss, compiled),
    weight: typeof weight === 'number' ? weight : 1,
    metrics: areMetricsAsked ? metricsFor(wanted.metrics, asked, 2) : metricsFor(own?.metrics, compiled, model.origin.keras),
    weightedMetrics: areMetricsAsked ? [] : metricsFor(own?.weightedMetrics, compiled, model.origin.keras),
    isLossAsked,
    areMetricsAsked,
    pointer: own?.pointer,
  };
}

interface Measures extends Omit<HeadPlan, 'key'> {
  /** True where a loss was given that is not known. */
  readonly lacksLoss: boolean;
}

/** @param omitted is given what the model was compiled with and is not known */
function measuresOf(given: Given, origin: Origin, isMasked: boolean, omitted: SkipcError[]): Measures {
  const known = <T>(
    identifiers: readonly unknown[],
    isAsked: boolean,
    what: string,
    find: (identifier: unknown, where: Location) => T,
  ): T[] =>
    identifiers.flatMap((identifier) => {
      try {
        return [find(identifier, given.pointer === undefined || isAsked ? {} : { pointer: `${given.pointer}/${what}` })];
      } catch (error) {
        if (isAsked || !(error instanceof SkipcError) || error.kind === 'invariant') throw error;
        omitted.push(error);
        return [];
      }
    });
  const [loss] = known(given.loss === null ? [] : [given.loss], given.isLossAsked, 'loss', (identifier, where) => ({
    ...lossOf(identifier, where, origin),
    given: identifier,
  }));
  const context = { loss: loss ?? null, isMasked };
  const metrics = (identifiers: readonly unknown[], what: string) =>
    known(identifiers, given.areMetricsAsked, what, (identifier, where) => ({
      ...metricOf(identifier, where, origin, context),
      given: identifier,
    }));
  return {
    loss: loss === undefined ? null : { ...loss, name: null, weight: given.weight },
    lacksLoss: given.loss !== null && loss === undefined,
    metrics: metrics(given.metrics, 'metrics'),
    weightedMetrics: metrics(given.weightedMetrics, 'weighted_metrics'),
  };
}

/** Metrics of one name are numbered, as Keras numbers them; none is called as a loss is, or as one that was numbered. */
function unique(names: Map<string, number>, name: string): string {
  let count = names.get(name) ?? 0;
  while (count > 0 && names.has(`${name}_${count}`)) count++;
  const free = count === 0 ? name : `${name}_${count}`;
  names.set(free, 1);
  names.set(name, count + 1);
  return free;
}
