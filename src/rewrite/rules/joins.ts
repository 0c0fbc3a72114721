import type { Op } from '../../ir/program.ts';
import { isKnown, sameType } from '../../ir/types.ts';
import { type Graph, layersOf, resultOf } from '../graph.ts';
import type { Refusal, Rule } from '../rule.ts';
import { allSameAs, sameAs } from './same.ts';

/** No concatenation becomes one of more operands than these: in a chain of thousands, each would be copied into the next. */
const MOST_PARTS = 64;

/** Why a value cannot be passed over, or null. */
function taken(name: string, graph: Graph): Refusal | null {
  if (graph.isReturned(name)) return { refused: `${name} is also an output` };
  return graph.usesOf(name) > 1 ? { refused: `${name} has another use` } : null;
}

/** The op that makes a value when the program runs. */
function runningMaker(name: string, op: string, graph: Graph): Op | null {
  const maker = graph.makerOf(name);
  return maker?.op === op && !graph.isFixed(name) ? maker : null;
}

/** Concatenations along one axis are one. */
export const joinConcats: Rule = {
  name: 'join-concats',
  equation: 'concat(concat(a, b), c) = concat(a, b, c)',
  at: ['concat'],
  apply(op, graph) {
    const { axis } = op.attrs;
    let refusal: Refusal | null = null;
    const joined: Op[] = [];
    const operands = op.operands.flatMap((name) => {
      const inner = runningMaker(name, 'concat', graph);
      if (inner === null || inner.attrs['axis'] !== axis) return [name];
      const why =
        op.operands.length + inner.operands.length > MOST_PARTS ? { refused: `of more than ${MOST_PARTS} parts` } : taken(name, graph);
      if (why === null) joined.push(inner);
      else refusal ??= why;
      return why === null ? inner.operands : [name];
    });
    if (joined.length === 0) return refusal;
    return [graph.op('concat', operands, { axis: axis as number }, { name: resultOf(op).name }, layersOf(...joined, op))];
  },
};

/** All parts of a split, in their order, are what was split. */
export const concatOfSplit: Rule = {
  name: 'concat-of-split',
  equation: 'concat(split(x)) = x',
  at: ['concat'],
  apply(op, graph) {
    const inner = runningMaker(op.operands[0] as string, 'split', graph);
    if (inner === null || inner.attrs['axis'] !== op.attrs['axis']) return null;
    const isWhole = inner.results.length === op.operands.length && inner.results.every(({ name }, i) => name === op.operands[i]);
    const x = inner.operands[0] as string;
    return isWhole && sameType(graph.typeOf(x), graph.typeOf(resultOf(op).name)) ? sameAs(x, op, graph) : null;
  },
};

/** Where a concatenation is split as it was made, its parts are known. */
export const splitOfConcat: Rule = {
  name: 'split-of-concat',
  equation: 'split(concat(a, b)) = a, b',
  at: ['split'],
  apply(op, graph) {
    const inner = runningMaker(op.operands[0] as string, 'concat', graph);
    if (inner === null || inner.attrs['axis'] !== op.attrs['axis'] || inner.operands.length !== op.results.length) return null;
    const isSame = op.results.every(({ type }, i) => sameType(type, graph.typeOf(inner.operands[i] as string)));
    return isSame ? allSameAs(inner.operands, op, graph) : { refused: 'it is split at other places' };
  },
};

/** A part of a part. */
export const joinSlices: Rule = {
  name: 'join-slices',
  equation: 'slice(slice(x, a), b) = slice(x, a + b)',
  at: ['slice'],
  apply(op, graph) {
    const y = op.operands[0] as string;
    const inner = runningMaker(y, 'slice', graph);
    if (inner === null) return null;
    const refusal = taken(y, graph);
    if (refusal !== null) return refusal;
    const x = inner.operands[0] as string;
    const [first, second] = [inner, op].map(({ attrs }) => ({
      begin: attrs['begin'] as readonly number[],
      size: attrs['size'] as readonly (number | null)[],
    })) as [Part, Part];
    const { shape } = graph.typeOf(x);
    // That such an axis is long enough for the first slice is looked at when it runs.
    if (first.size.some((size, i) => size !== null && !isKnown(shape[i] as number | string)))
      return { refused: 'the length of an axis is not known' };
    const begin = first.begin.map((from, i) => from + (second.begin[i] as number));
    const size = first.size.map((all, i) => second.size[i] ?? (all === null ? null : all - (second.begin[i] as number)));
    return [graph.op('slice', [x], { begin, size }, { name: resultOf(op).name }, layersOf(inner, op))];
  },
};

interface Part {
  readonly begin: readonly number[];
  readonly size: readonly (number | null)[];
}

/** Around what was padded with the same. */
export const joinPads: Rule = {
  name: 'join-pads',
  equation: 'pad(pad(x, a), b) = pad(x, a + b)',
  at: ['pad'],
  apply(op, graph) {
    const y = op.operands[0] as string;
    const inner = runningMaker(y, 'pad', graph);
    if (inner === null) return null;
    if (inner.attrs['value'] !== op.attrs['value']) return { refused: 'it pads with another number' };
    const refusal = taken(y, graph);
    if (refusal !== null) return refusal;
    const [first, second] = [inner, op].map(({ attrs }) => attrs['paddings'] as readonly (readonly number[])[]) as [Pairs, Pairs];
    const paddings = first.map((pair, i) => pair.map((count, end) => count + (second[i]?.[end] as number)));
    return [
      graph.op(
        'pad',
        [inner.operands[0] as string],
        { paddings, value: op.attrs['value'] as number },
        { name: resultOf(op).name },
        layersOf(inner, op),
      ),
    ];
  },
};

type Pairs = readonly (readonly number[])[];
