import type { SkipcError } from '../diagnostics/error.ts';
import type { EvaluationPlan, MeasuredPlan } from '../evaluate/plan.ts';
import type { Output, Program, Value } from '../ir/program.ts';
import { isPublic, valuesOf } from '../ir/program.ts';
import type { ModelGraph } from '../model/graph.ts';
import { tfjsDType } from '../ops/elementwise/cast.ts';
import {
  anything,
  array,
  described,
  either,
  integer,
  nullable,
  number,
  object,
  oneOf,
  optional,
  record,
  type Static,
  string,
} from '../schema/build.ts';
import { costOfProgram, flopsByLayer } from './cost.ts';
import { cutSchema, goodCuts } from './cuts.ts';
import { type Explanation, explanationSchema } from './explanation.ts';

const count = integer({ minimum: 0 });
/** FLOPs of very large models are beyond the integers that a double holds exactly. */
const amount = number({ minimum: 0 });

const part = object({ kept: amount, of: amount });
export type Part = Static<typeof part>;

const tensor = object({
  key: described(string, 'the property that holds it in the module'),
  name: described(string, 'its name in the program'),
  dtype: described(string, 'as tfjs calls it'),
  shape: described(array(either(count, string)), 'a string is a size that is known when the program runs: "?" is the batch'),
});
export type TensorSummary = Static<typeof tensor>;

const measured = object({
  name: described(string, 'under which it is reported'),
  factory: described(string, 'what makes it'),
  options: described(record(anything), 'what that is given'),
});

const layer = object({
  path: string,
  className: string,
  status: described(
    oneOf('kept', 'identity', 'removed'),
    '`removed` is not needed, `identity` is needed but computes nothing, `kept` runs',
  ),
  flops: described(amount, 'of all its calls, for one sample'),
});
export type LayerSummary = Static<typeof layer>;

/** What a compilation did, for people (the CLI's summary) and for programs (`--json`). */
export const summarySchema = object({
  skipc: described(string, 'the version of skipc'),
  model: object({ name: string, hash: string, writer: string, version: nullable(string) }),
  program: object({ name: string, hash: string }),
  inputs: array(tensor),
  features: described(array(tensor), 'what the prefix returns and the suffix takes; empty where nothing is hoisted'),
  outputs: array(tensor),
  layers: part,
  parameters: part,
  weightBytes: described(nullable(part), 'bytes of weights as they are stored; null without a weight file'),
  weightStage: described(
    nullable(oneOf('raw', 'baked')),
    '`baked` weights are stored as the load stage leaves them; null without a weight file',
  ),
  flops: described(part, 'for one sample'),
  uncounted: described(count, 'layers that were removed and that skipc cannot compile: what they cost is missing in the totals'),
  hoist: nullable(
    object({
      featureBytes: described(amount, 'of one sample'),
      flopsSaved: described(amount, 'by each further evaluation of a sample'),
      widerThan: described(array(string), 'the tensors that were named, where the features are more than these'),
    }),
  ),
  prefix: described(
    nullable(object({ hash: string })),
    'of the prefix; programs of one model where it is the same share features. null where nothing is hoisted',
  ),
  evaluation: described(
    object({
      loss: described(nullable(string), 'how the sum of all losses is reported; null where a loss is not known'),
      heads: array(
        object({
          key: described(string, 'the output'),
          loss: nullable(measured),
          lossWeight: number(),
          metrics: array(measured),
          weightedMetrics: array(measured),
        }),
      ),
      omitted: described(
        array(object({ code: string, message: string, hint: string })),
        'what the model was compiled with and is left out',
      ),
    }),
    'what `evaluate` computes; without heads there is none',
  ),
  cuts: described(array(cutSchema), 'where one could cut, when nothing is hoisted'),
  peakBytes: described(amount, 'the most bytes of tensors alive at once for one sample, weights aside'),
  stagePeakBytes: described(
    object({
      load: described(amount, 'while weights are made ready, those that were read included'),
      prefix: described(amount, '0 where nothing is hoisted'),
      suffix: described(amount, 'from the features on; from the inputs on where nothing is hoisted'),
    }),
    'the same of each stage',
  ),
  perLayer: array(layer),
  warnings: array(object({ code: string, message: string, hint: string })),
  explanations: optional(described(array(explanationSchema), 'what became of every layer, with `--explain`')),
  files: optional(described(array(string), 'what the command wrote')),
});
export type Summary = Static<typeof summarySchema>;

export interface SummaryParts {
  readonly version: string;
  readonly hash: string;
  readonly programHash: string;
  readonly graph: ModelGraph;
  readonly selected: ModelGraph;
  /** The whole model's program, as far as skipc knows its layers, without what no output of the model needs. */
  readonly whole: Program;
  /** Layers that `whole` lacks, as skipc cannot compile them or what is before them. */
  readonly uncounted: number;
  /** What ops say they come from, where that is not the path of their layer. */
  readonly sources: ReadonlyMap<string, string>;
  readonly program: Program;
  /** The program as the model has it, before anything was folded into something else. */
  readonly written: Program;
  readonly cuts: readonly string[];
  readonly evaluation: EvaluationPlan;
  readonly weightBytes: Part | null;
  readonly weightStage: 'raw' | 'baked' | null;
  /** Hash of the prefix; undefined where there is none. */
  readonly prefixHash: string | undefined;
  readonly warnings: readonly SkipcError[];
  readonly explanations: readonly Explanation[] | undefined;
}

export function summarise(parts: SummaryParts): Summary {
  const { graph, selected, whole, program } = parts;
  const after = costOfProgram(program);
  const before = costOfProgram(whole);
  const flops = after.flops.prefix + after.flops.suffix;
  const peak = after.peakBytes;
  const perLayer = layersOf(graph, selected, parts.written, parts.sources);
  const kept = perLayer.filter(({ status }) => status !== 'removed').length;
  const features = program.features;
  return {
    skipc: parts.version,
    model: { name: graph.name, hash: parts.hash, writer: graph.origin.writer, version: graph.origin.version },
    program: { name: program.name, hash: parts.programHash },
    inputs: tensors(
      program,
      program.inputs.map(({ key, name }) => ({ key, value: name })),
    ),
    features: tensors(program, features ?? []),
    outputs: tensors(program, program.outputs.filter(isPublic)),
    layers: { kept, of: perLayer.length },
    parameters: { kept: after.parameters, of: before.parameters },
    weightBytes: parts.weightBytes,
    weightStage: parts.weightStage,
    flops: { kept: flops, of: before.flops.prefix + before.flops.suffix },
    uncounted: parts.uncounted,
    hoist:
      features === null
        ? null
        : {
            featureBytes: after.featureBytes ?? 0,
            flopsSaved: after.flops.prefix,
            widerThan: parts.cuts.length > 0 && features.some(({ key }) => !parts.cuts.includes(key)) ? parts.cuts : [],
          },
    prefix: parts.prefixHash === undefined ? null : { hash: parts.prefixHash },
    evaluation: evaluationSummary(parts.evaluation),
    cuts: features === null ? goodCuts(program) : [],
    peakBytes: peak.predict,
    stagePeakBytes: { load: peak.load, prefix: peak.prefix, suffix: peak.suffix },
    perLayer,
    warnings: parts.warnings.map(({ code, message, hint }) => ({ code, message, hint })),
    ...(parts.explanations === undefined ? {} : { explanations: parts.explanations }),
  };
}

function evaluationSummary({ heads, isTotal, omitted }: EvaluationPlan): Summary['evaluation'] {
  const told = ({ name, call }: MeasuredPlan) => ({
    name,
    factory: call.factory,
    options: { ...call.options, ...(call.inner === undefined ? {} : { of: call.inner }) },
  });
  return {
    loss: isTotal ? 'loss' : null,
    heads: heads.map(({ key, loss, metrics, weightedMetrics }) => ({
      key,
      loss: loss === null ? null : told({ ...loss, name: loss.name ?? 'loss', isList: false }),
      lossWeight: loss?.weight ?? 1,
      metrics: metrics.map(told),
      weightedMetrics: weightedMetrics.map(told),
    })),
    omitted: omitted.map(({ code, message, hint }) => ({ code, message, hint })),
  };
}

function tensors(program: Program, entries: readonly Output[]): TensorSummary[] {
  const values = valuesOf(program);
  return entries.map(({ key, value }) => {
    const { type } = values.get(value) as Value;
    return { key, name: value.slice(1), dtype: tfjsDType(type.dtype), shape: type.shape };
  });
}

function layersOf(graph: ModelGraph, selected: ModelGraph, program: Program, sources: ReadonlyMap<string, string>): LayerSummary[] {
  const sourceOf = (path: string): string => sources.get(path) ?? path;
  const needed = new Set(selected.calls.map((call) => call.layer.path));
  const running = new Set(program.ops.flatMap((op) => op.layers));
  const flops = flopsByLayer(program);
  const layers = new Map(graph.calls.map(({ layer }) => [layer.path, layer]));
  return [...layers.values()].map(({ path, className }) => ({
    path,
    className,
    status: running.has(sourceOf(path)) ? 'kept' : needed.has(path) ? 'identity' : 'removed',
    flops: flops.get(sourceOf(path)) ?? 0,
  }));
}
