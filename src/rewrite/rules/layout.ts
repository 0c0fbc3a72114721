import type { Op } from '../../ir/program.ts';
import { elements, type TensorType } from '../../ir/types.ts';
import { traitsOf } from '../backends.ts';
import { type Graph, layersOf, resultOf } from '../graph.ts';
import type { Refusal, Rule } from '../rule.ts';
import { Workshop } from './channels.ts';
import { broadcasts, inverse, isIdentity, movesNothing, type Perm, permuted, TURNABLE, turnOf, turnsForFree } from './layout-axes.ts';
import type { Flow } from './layout-flow.ts';
import { turnedOperand } from './layout-operands.ts';
import { sameAs } from './same.ts';

/** Two transposes are one, or none. */
export const joinTransposes: Rule = {
  name: 'join-transposes',
  equation: 'transpose(transpose(x, p), q) = transpose(x, p q)',
  at: ['transpose'],
  apply(op, graph) {
    const inner = transposeOf(op.operands[0] as string, graph);
    if (inner === null) return null;
    const perm = permuted(inner.perm, op.attrs['perm'] as Perm);
    if (isIdentity(perm)) return sameAs(inner.x, op, graph);
    const result = resultOf(op);
    return [graph.op('transpose', [inner.x], { perm }, { name: result.name }, layersOf(inner.op, op))];
  },
};

/** A transpose that moves axes of one element alone is a reshape, where that costs nothing. */
export const transposeOfOnes: Rule = {
  name: 'transpose-of-ones',
  equation: 'transpose(x) = reshape(x), where axes of size 1 alone are moved',
  at: ['transpose'],
  apply(op, graph, { backend }) {
    const x = op.operands[0] as string;
    if (!traitsOf(backend).reshapesForFree || !movesNothing(graph.typeOf(x).shape, op.attrs['perm'] as Perm)) return null;
    const { name, type } = resultOf(op);
    return [graph.typedOp('reshape', [x], { shape: type.shape }, [{ naming: { name }, type }], op.layers)];
  },
};

export const SINK_TRANSPOSE = { name: 'sink-transpose', equation: "f(transpose(x), transpose(y)) = transpose(f'(x, y))" } as const;

/**
 * What is computed of transposes is computed before: transposes sink until they meet and cancel, next to each other or in a reduction.
 * @param flow of the program that the rule is applied to
 */
export const sinkTranspose = (flow: Flow): Rule => ({
  ...SINK_TRANSPOSE,
  at: TURNABLE,
  apply(op, graph) {
    const transposes = op.operands.map((name) => transposeOf(name, graph));
    const perm = transposes.find((found) => found !== null)?.perm;
    const turned = perm && turnOf(op, perm);
    if (!perm || !turned) return null;
    const canTurn = (name: string): boolean =>
      graph.isFixed(name)
        ? graph.typeOf(name).shape.length <= perm.length
        : broadcasts(op.op) && turnsForFree(graph.typeOf(name).shape, inverse(perm));
    const fits = op.operands.every((name, i) => {
      const found = transposes[i] ?? null;
      return found === null ? canTurn(name) : found.perm.join() === perm.join();
    });
    if (!fits) return null;
    const refusal = gain(op, transposes, turned.perm, flow, graph);
    if (refusal !== null) return refusal;

    const base = resultOf(op).name;
    const workshop = new Workshop(graph, op.layers);
    const operands = op.operands.map(
      (name, i) => transposes[i]?.x ?? turnedOperand(name, inverse(perm), broadcasts(op.op), graph, workshop, base),
    );
    // The same sizes, by the same symbols, in another order.
    const results = op.results.map(({ name, type }) => ({
      naming: { base: name, role: 'turned' },
      type: { ...type, shape: permuted(type.shape, inverse(turned.perm)) },
    }));
    const early = graph.typedOp(op.op, operands, turned.attrs, results, op.layers);
    const late = op.results.map(({ name, type }, i) => {
      const [x, naming] = [(early.results[i] as Op['results'][number]).name, { name }];
      return isIdentity(turned.perm)
        ? graph.typedOp('reshape', [x], { shape: type.shape }, [{ naming, type }], op.layers)
        : graph.typedOp('transpose', [x], { perm: turned.perm }, [{ naming, type }], op.layers);
    });
    return [...workshop.made, early, ...late];
  },
});

interface Transpose {
  readonly op: Op;
  readonly x: string;
  readonly perm: Perm;
}

/** The transpose that makes a value when the program runs; what depends on weights alone is turned once. */
function transposeOf(name: string, graph: Graph): Transpose | null {
  const op = graph.makerOf(name);
  return op?.op === 'transpose' && !graph.isFixed(name) ? { op, x: op.operands[0] as string, perm: op.attrs['perm'] as Perm } : null;
}

/** Why the transposes before an op would only be more, or larger, behind it; null where they would not. */
function gain(op: Op, transposes: readonly (Transpose | null)[], behind: Perm, flow: Flow, graph: Graph): Refusal | null {
  const results = op.results.map(({ name }) => name);
  if (results.every((name) => flow.absorbs(name, behind))) return null;
  let kept: Refusal | null = null;
  const gone = new Map<string, TensorType>();
  for (const [i, found] of transposes.entries()) {
    if (found === null) continue;
    const name = op.operands[i] as string;
    if (flow.leavesFrozen(name, results[0] as string)) return { refused: `${name} is computed by frozen layers, and this is not` };
    const uses = op.operands.filter((operand) => operand === name).length;
    if (graph.isReturned(name)) kept ??= { refused: `${name} is also an output` };
    else if (graph.usesOf(name) > uses) kept ??= { refused: `${name} has another use` };
    else gone.set(name, graph.typeOf(name));
  }
  if (gone.size === 0) return kept;
  const sum = (types: readonly TensorType[]): number => types.reduce((total, { shape }) => total + elements(shape), 0);
  const grows = sum(results.map((name) => graph.typeOf(name))) > sum([...gone.values()]) || results.length > gone.size;
  return grows ? { refused: 'more would be transposed behind it' } : null;
}
