import { type Op, type Program, valuesOf } from '../ir/program.ts';
import { bytes, elements } from '../ir/types.ts';
import { costOf } from '../ops/cost.ts';
import { type PeakBytes, peakBytes } from '../rewrite/liveness.ts';

/** What a program costs for one sample; unknown sizes count as one. */
export interface ProgramCost {
  readonly parameters: number;
  readonly flops: { readonly load: number; readonly prefix: number; readonly suffix: number };
  /** Bytes of the tensors the suffix takes, null where nothing is hoisted. */
  readonly featureBytes: number | null;
  readonly peakBytes: PeakBytes;
}

export function costOfProgram(program: Program): ProgramCost {
  const values = valuesOf(program);
  const typeOf = (name: string) => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`no value ${name}`);
    return value.type;
  };
  const flops = { load: 0, prefix: 0, suffix: 0 };
  for (const op of program.ops) flops[op.stage] += costOf(op, typeOf);
  return {
    parameters: program.weights.reduce((sum, { type }) => sum + elements(type.shape), 0),
    flops,
    featureBytes: program.features?.reduce((sum, { value }) => sum + bytes(typeOf(value)), 0) ?? null,
    peakBytes: peakBytes(program),
  };
}

/** FLOPs by the path of the layer an op comes from; a fused op counts for its first layer. */
export function flopsByLayer(program: Program): ReadonlyMap<string, number> {
  const values = valuesOf(program);
  const total = new Map<string, number>();
  for (const op of program.ops.filter((op: Op) => op.stage !== 'load')) {
    const layer = op.layers[0] ?? '';
    total.set(layer, (total.get(layer) ?? 0) + costOf(op, (name) => values.get(name)?.type ?? { dtype: 'f32', shape: [] }));
  }
  return total;
}
