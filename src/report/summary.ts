import type { SkipcError } from '../diagnostics/error.ts';
import type { Output, Program, Value } from '../ir/program.ts';
import { valuesOf } from '../ir/program.ts';
import type { Shape } from '../ir/types.ts';
import type { ModelGraph } from '../model/graph.ts';
import { tfjsDType } from '../ops/elementwise/cast.ts';
import { costOfProgram, flopsByLayer } from './cost.ts';
import { type Cut, goodCuts } from './cuts.ts';

export interface Part {
  readonly kept: number;
  readonly of: number;
}

export interface TensorSummary {
  readonly key: string;
  readonly name: string;
  readonly dtype: string;
  readonly shape: Shape;
}

export interface LayerSummary {
  readonly path: string;
  readonly className: string;
  /** `removed` is not needed, `identity` is needed but computes nothing, `kept` runs. */
  readonly status: 'kept' | 'identity' | 'removed';
  readonly flops: number;
}

/** What a compilation did, for people (the CLI's summary) and for programs (`--json`). */
export interface Summary {
  readonly skipc: string;
  readonly model: { readonly name: string; readonly hash: string; readonly writer: string; readonly version: string | null };
  readonly program: { readonly name: string; readonly hash: string };
  readonly inputs: readonly TensorSummary[];
  readonly features: readonly TensorSummary[];
  readonly outputs: readonly TensorSummary[];
  readonly layers: Part;
  readonly parameters: Part;
  /** Bytes of weights as they are stored; null without a weight file. */
  readonly weightBytes: Part | null;
  /** Per sample. */
  readonly flops: Part;
  readonly hoist: { readonly featureBytes: number; readonly flopsSaved: number; readonly widerThan: readonly string[] } | null;
  /** Where one could cut, when nothing is hoisted. */
  readonly cuts: readonly Cut[];
  readonly peakBytes: number;
  readonly perLayer: readonly LayerSummary[];
  readonly warnings: readonly { readonly code: string; readonly message: string; readonly hint: string }[];
}

export interface SummaryParts {
  readonly version: string;
  readonly hash: string;
  readonly programHash: string;
  readonly graph: ModelGraph;
  readonly selected: ModelGraph;
  /** The whole model's program, as far as skipc knows its layers, without what no output of the model needs. */
  readonly whole: Program;
  readonly program: Program;
  readonly cuts: readonly string[];
  readonly weightBytes: Part | null;
  readonly warnings: readonly SkipcError[];
}

export function summarise(parts: SummaryParts): Summary {
  const { graph, selected, whole, program } = parts;
  const after = costOfProgram(program);
  const before = costOfProgram(whole);
  const flops = after.flops.prefix + after.flops.suffix;
  const perLayer = layersOf(graph, selected, program);
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
    outputs: tensors(program, program.outputs),
    layers: { kept, of: perLayer.length },
    parameters: { kept: after.parameters, of: before.parameters },
    weightBytes: parts.weightBytes,
    flops: { kept: flops, of: before.flops.prefix + before.flops.suffix },
    hoist:
      features === null
        ? null
        : {
            featureBytes: after.featureBytes ?? 0,
            flopsSaved: after.flops.prefix,
            widerThan: parts.cuts.length > 0 && features.some(({ key }) => !parts.cuts.includes(key)) ? parts.cuts : [],
          },
    cuts: features === null ? goodCuts(program) : [],
    peakBytes: after.peakBytes,
    perLayer,
    warnings: parts.warnings.map(({ code, message, hint }) => ({ code, message, hint })),
  };
}

function tensors(program: Program, entries: readonly Output[]): TensorSummary[] {
  const values = valuesOf(program);
  return entries.map(({ key, value }) => {
    const { type } = values.get(value) as Value;
    return { key, name: value.slice(1), dtype: tfjsDType(type.dtype), shape: type.shape };
  });
}

function layersOf(graph: ModelGraph, selected: ModelGraph, program: Program): LayerSummary[] {
  const needed = new Set(selected.calls.map((call) => call.layer.path));
  const running = new Set(program.ops.flatMap((op) => op.layers));
  const flops = flopsByLayer(program);
  const layers = new Map(graph.calls.map(({ layer }) => [layer.path, layer]));
  return [...layers.values()].map(({ path, className }) => ({
    path,
    className,
    status: running.has(path) ? 'kept' : needed.has(path) ? 'identity' : 'removed',
    flops: flops.get(path) ?? 0,
  }));
}
