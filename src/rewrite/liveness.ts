import type { BodyOp, Program, Stage } from '../ir/program.ts';
import { valuesOf } from '../ir/program.ts';
import { bytes, type TensorType } from '../ir/types.ts';
import { type Line, peakOf, storageOf } from './storage.ts';

/**
 * For each op of a straight line, the tensors that nothing behind it uses.
 * @param ops in the order in which they run
 * @param kept tensors that outlive the line: what it returns, and what is not its own
 */
export function lastUses(ops: readonly BodyOp[], kept: ReadonlySet<string>): readonly (readonly string[])[] {
  const seen = new Set(kept);
  const dying: string[][] = ops.map(() => []);
  for (let i = ops.length - 1; i >= 0; i--) {
    const op = ops[i] as BodyOp;
    for (const name of [...op.operands, ...op.results.map((result) => result.name)]) {
      if (seen.has(name) || name.startsWith('@')) continue;
      seen.add(name);
      (dying[i] as string[]).push(name);
    }
  }
  return dying;
}

/**
 * The ops of one stage as the module runs them: inputs and weights are not its own to dispose of, while the features are, when
 * `predict` hands them on to the suffix.
 */
export function lineOfStage(program: Program, stage: Stage, typeOf: (name: string) => TensorType): Line {
  const ops = program.ops.filter((op) => op.stage === stage);
  const features = program.features?.map(({ value }) => value) ?? [];
  const inputs = new Set(program.inputs.map(({ name }) => name));
  const outputs = program.outputs.map(({ value }) => value);
  switch (stage) {
    case 'load': {
      const running = program.ops.filter((op) => op.stage !== 'load');
      return { ops, lent: [], kept: new Set([...running.flatMap(({ operands }) => operands), ...outputs]), typeOf };
    }
    case 'prefix':
      return { ops, lent: [], kept: new Set(features), typeOf };
    case 'suffix':
      // The feature that is an input shares its data with what the caller holds.
      return { ops, lent: features.filter((name) => !inputs.has(name)), kept: new Set(outputs), typeOf };
  }
}

/** The most bytes of tensors that are alive at once, for one sample; unknown sizes count as one. */
export interface PeakBytes {
  /** While weights are made ready, those that were read included. */
  readonly load: number;
  /** In the prefix, inputs included; 0 where nothing is hoisted. */
  readonly prefix: number;
  /** In the suffix, or in the whole where nothing is hoisted: what it is given included, weights aside. */
  readonly suffix: number;
  /** In all that an evaluation runs from the inputs on, these included, weights aside. */
  readonly predict: number;
}

/** The most bytes that the order of a program's ops holds at once, each tensor being disposed at its last use. */
export function peakBytes(program: Program): PeakBytes {
  const values = valuesOf(program);
  const typeOf = (name: string): TensorType => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`no value ${name}`);
    return value.type;
  };
  const sum = (names: readonly string[]): number => names.reduce((total, name) => total + bytes(typeOf(name)), 0);
  const inputs = program.inputs.map(({ name }) => name);
  const given = sum(inputs);
  const [load, prefix, suffix] = (['load', 'prefix', 'suffix'] as const).map((stage) => {
    const line = lineOfStage(program, stage, typeOf);
    return line.ops.length === 0 ? sum(line.lent) : peakOf(storageOf(line));
  }) as [number, number, number];
  const isCut = program.features !== null;
  const held = sum(program.features?.map(({ value }) => value).filter((name) => inputs.includes(name)) ?? []);
  return {
    load: load + sum(program.weights.map(({ name }) => name)),
    prefix: isCut ? given + prefix : 0,
    suffix: (isCut ? held : given) + suffix,
    predict: given + Math.max(prefix, suffix),
  };
}
