import type { BodyOp, Output, Program } from '../../ir/program.ts';
import { valuesOf } from '../../ir/program.ts';
import { type Dim, isKnown, type TensorType } from '../../ir/types.ts';
import { opRow } from '../../ops/index.ts';
import { fillDefaults } from '../../schema/build.ts';
import type { Pass } from '../pass.ts';

/**
 * Purpose:  identity simplification: ops that give back their operand go, and chains of reshapes, transposes or reversals become one.
 * Requires: a valid program without features.
 * Ensures:  no op whose result is its operand; no reshape of a reshape, no transpose of a transpose.
 *
 *   %b = transpose %a {perm=[0,2,1]}
 *   %c = transpose %b {perm=[0,2,1]}      =>
 *   %d = relu %c                                %d = relu %a
 */
export const simplify: Pass = {
  name: 'simplify',
  purpose: 'drop ops that give back their operand; join chains of reshapes, of transposes and of reversals',
  run(program, { applied }) {
    const types = new Map([...valuesOf(program)].map(([name, value]) => [name, value.type]));
    const sameAs = new Map<string, string>();
    const current = (name: string): string => sameAs.get(name) ?? name;
    // Where the user asked for a cut, what is behind it starts from there.
    const cuts = new Set(program.cuts.map(({ value }) => value));
    let changed = false;

    const simplified = <T extends BodyOp>(line: readonly T[]): T[] => {
      const makers = new Map<string, BodyOp>();
      return line.flatMap((original) => {
        const operands = original.operands.map(current);
        const renamed = operands.some((name, i) => name !== original.operands[i]) ? { ...original, operands } : original;
        const op = cuts.has(original.operands[0] ?? '') ? renamed : joinChain(renamed, makers.get(operands[0] ?? ''), types);
        changed ||= op !== original;
        const [operand, result] = [op.operands[0], op.results[0]];
        if (operand !== undefined && result !== undefined && isIdentity(op, types)) {
          sameAs.set(result.name, operand);
          changed = true;
          const made = { value: operand, layers: makers.get(operand)?.layers ?? [] };
          applied?.push({ rule: 'identity', value: result.name, layers: op.layers, made });
          return [];
        }
        for (const { name } of op.results) makers.set(name, op);
        return [op];
      });
    };
    // The body of a loop is a line of its own: what makes a value outside reads what the loop may not have.
    const ops = simplified(program.ops).map((op) =>
      op.body === undefined ? op : { ...op, body: { ...op.body, ops: simplified(op.body.ops), yields: op.body.yields.map(current) } },
    );
    if (!changed) return program;
    const follow = <T extends Output>(outputs: readonly T[]) => outputs.map((output) => ({ ...output, value: current(output.value) }));
    return { ...program, ops, outputs: follow(program.outputs), cuts: follow(program.cuts) } satisfies Program;
  },
};

function isIdentity(op: BodyOp, types: ReadonlyMap<string, TensorType>): boolean {
  const row = opRow(op.op);
  if (row?.identity === undefined) return false;
  const operands = op.operands.map((name) => types.get(name) as TensorType);
  const results = op.results.map(({ type }) => type);
  return row.identity(fillDefaults(row.attrs, op.attrs), operands, results);
}

/**
 * reverse(reverse(x)) = x; reshape(reshape(x)) = reshape(x); transpose(transpose(x, p), q) = transpose(x, p after q). Of the first of two reshapes
 * nothing is left, so that its layer is not named either.
 */
function joinChain<T extends BodyOp>(op: T, before: BodyOp | undefined, types: ReadonlyMap<string, TensorType>): T {
  if (before === undefined || before.op !== op.op) return op;
  if (op.op === 'transpose') {
    const first = before.attrs['perm'] as readonly number[];
    const perm = (op.attrs['perm'] as readonly number[]).map((axis) => first[axis] as number);
    return { ...op, operands: before.operands, attrs: { perm }, layers: union(before.layers, op.layers) };
  }
  if (op.op === 'reverse') {
    const axes = new Set([...(before.attrs['axes'] as readonly number[])]);
    for (const axis of op.attrs['axes'] as readonly number[]) if (!axes.delete(axis)) axes.add(axis);
    return { ...op, operands: before.operands, attrs: { axes: [...axes].sort((a, b) => a - b) }, layers: union(before.layers, op.layers) };
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
