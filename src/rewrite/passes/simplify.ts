import type { Op, Output, Program } from '../../ir/program.ts';
import { valuesOf } from '../../ir/program.ts';
import { type Dim, isKnown, type TensorType } from '../../ir/types.ts';
import { opRow } from '../../ops/index.ts';
import { fillDefaults } from '../../schema/build.ts';
import type { Pass } from '../pass.ts';

/**
 * Purpose:  identity simplification: ops that give back their operand go, and chains of reshapes or transposes become one.
 * Requires: a valid program without features.
 * Ensures:  no op whose result is its operand; no reshape of a reshape, no transpose of a transpose.
 *
 *   %b = transpose %a {perm=[0,2,1]}
 *   %c = transpose %b {perm=[0,2,1]}      =>
 *   %d = relu %c                                %d = relu %a
 */
export const simplify: Pass = {
  name: 'simplify',
  purpose: 'drop ops that give back their operand; join chains of reshapes and of transposes',
  run(program) {
    const types = new Map([...valuesOf(program)].map(([name, value]) => [name, value.type]));
    const sameAs = new Map<string, string>();
    const makers = new Map<string, Op>();
    const current = (name: string): string => sameAs.get(name) ?? name;
    let changed = false;

    const ops = program.ops.flatMap((original) => {
      const operands = original.operands.map(current);
      const renamed = operands.some((name, i) => name !== original.operands[i]) ? { ...original, operands } : original;
      const op = joinChain(renamed, makers.get(operands[0] ?? ''), types);
      changed ||= op !== original;
      const [operand, result] = [op.operands[0], op.results[0]];
      if (operand !== undefined && result !== undefined && isIdentity(op, types)) {
        sameAs.set(result.name, operand);
        changed = true;
        return [];
      }
      for (const { name } of op.results) makers.set(name, op);
      return [op];
    });
    if (!changed) return program;
    const follow = (outputs: readonly Output[]) => outputs.map((output) => ({ ...output, value: current(output.value) }));
    return { ...program, ops, outputs: follow(program.outputs), cuts: follow(program.cuts) } satisfies Program;
  },
};

function isIdentity(op: Op, types: ReadonlyMap<string, TensorType>): boolean {
  const row = opRow(op.op);
  if (row?.identity === undefined) return false;
  const operands = op.operands.map((name) => types.get(name) as TensorType);
  const results = op.results.map(({ type }) => type);
  return row.identity(fillDefaults(row.attrs, op.attrs), operands, results);
}

/**
 * reshape(reshape(x)) = reshape(x); transpose(transpose(x, p), q) = transpose(x, p after q). Of the first of two reshapes
 * nothing is left, so that its layer is not named either.
 */
function joinChain(op: Op, before: Op | undefined, types: ReadonlyMap<string, TensorType>): Op {
  if (before === undefined || before.op !== op.op) return op;
  if (op.op === 'transpose') {
    const first = before.attrs['perm'] as readonly number[];
    const perm = (op.attrs['perm'] as readonly number[]).map((axis) => first[axis] as number);
    return { ...op, operands: before.operands, attrs: { perm }, layers: union(before.layers, op.layers) };
  }
  if (op.op === 'reshape') {
    const source = types.get(before.operands[0] as string) as TensorType;
    const target = op.attrs['shape'] as readonly (Dim | null)[];
    const open = target.filter((dim) => dim === null || (!isKnown(dim) && !source.shape.includes(dim)));
    if (open.length > 1) return op;
    return { ...op, operands: before.operands };
  }
  return op;
}

/** So many layers at most stand behind a joined op: in a chain of thousands, each line would name all before it. */
const MOST_LAYERS = 8;

const union = (a: readonly string[], b: readonly string[]): readonly string[] => [...new Set([...a, ...b])].slice(-MOST_LAYERS);
