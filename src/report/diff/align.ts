import { editScript } from './edit-script.ts';
import { type DiffNode, INPUT, operandsOf, valuesOf } from './graph.ts';
import { shortestEdit } from './myers.ts';

/** For each node of the first list its counterpart in the second, -1 where it has none. */
export type Partners = Int32Array;

/** Up to here all cells are looked at: some two thousand nodes against as many. */
const MOST_CELLS = 2 ** 22;
/** Beyond, so many are in a band around the diagonal. */
const BAND_CELLS = 2 ** 24;
const NARROWEST = 64;
/** Edits that are looked for before lists count as too different for that. */
const MOST_EDITS = 2_000;
/** So many matches between two gaps do not part them: they may be chance. */
const CHANCE = 4;

/** What a change of settings costs, and each setting, and where the name is another too; leaving both out costs 3. */
const CHANGED = 0.6;
const RENAMED = 1.2;
const EACH_SETTING = 0.1;
const MOST_SETTINGS = 6;
const OTHER_VALUES = 0.1;
const OTHER_NEIGHBOURS = 0.01;
/** A name settles what nothing else does: all names together weigh less than one node. */
const OTHER_NAME = 1e-6;

interface Range {
  readonly a: number;
  readonly aEnd: number;
  readonly b: number;
  readonly bEnd: number;
}

const cells = ({ a, aEnd, b, bEnd }: Range): number => (aEnd - a) * (bEnd - b);

/**
 * Counterparts in two lists of nodes, each in wiring order: a cheapest edit script, in which signatures, values and neighbours count,
 * and names settle ties. Of long lists that differ in few places it is cheapest; of long ones that differ everywhere, near it.
 */
export function align(a: readonly DiffNode[], b: readonly DiffNode[]): Partners {
  const partners: Partners = new Int32Array(a.length).fill(-1);
  const [one, two] = tokensOf(a, b);
  const isSame = (i: number, j: number): boolean => one.signature[i] === two.signature[j];
  const isNamesake = (i: number, j: number): boolean => isSame(i, j) && one.name[i] === two.name[j];
  const isEqual = (i: number, j: number): boolean => isSame(i, j) && one.values[i] === two.values[j];
  let range: Range = { a: 0, aEnd: a.length, b: 0, bEnd: b.length };
  const trim = (isPair: (i: number, j: number) => boolean): void => {
    let { a, aEnd, b, bEnd } = range;
    while (a < aEnd && b < bEnd && isPair(a, b)) partners[a++] = b++;
    while (a < aEnd && b < bEnd && isPair(aEnd - 1, bEnd - 1)) partners[--aEnd] = --bEnd;
    range = { a, aEnd, b, bEnd };
  };
  trim((i, j) => isNamesake(i, j) && isEqual(i, j));
  if (cells(range) > MOST_CELLS) {
    // Which of many alike was put in, values tell, else names, else nobody can.
    if (one.values.some((values) => values !== UNKNOWN)) trim(isEqual);
    trim(isNamesake);
    trim(isSame);
  }
  const { runs, gaps } = split(range, one.signature, two.signature);
  for (const { a, aEnd, b } of runs) for (let i = a; i < aEnd; i++) partners[i] = b + i - a;
  const cost = costs(a, b, one, two);
  for (const gap of gaps) {
    const [n, m] = [gap.aEnd - gap.a, gap.bEnd - gap.b];
    const pairs = editScript(n, m, (i, j) => cost(gap.a + i, gap.b + j), cells(gap) > MOST_CELLS ? diagonal(n, m) : undefined);
    for (const [i, j] of pairs) partners[gap.a + i] = gap.b + j;
  }
  return partners;
}

/** What nodes are compared by, as numbers that are equal where that is. */
interface Tokens {
  readonly kind: Int32Array;
  readonly signature: Int32Array;
  readonly values: Int32Array;
  readonly name: Int32Array;
  readonly operands: Int32Array;
  readonly consumers: Int32Array;
}

const UNKNOWN = 0;

function tokensOf(a: readonly DiffNode[], b: readonly DiffNode[]): readonly [Tokens, Tokens] {
  const numbers = new Map<string | null, number>([[null, UNKNOWN]]);
  const number = (text: string | null): number => {
    const known = numbers.get(text) ?? numbers.size;
    numbers.set(text, known);
    return known;
  };
  const inputs = new Set(a.filter(({ kind }) => kind === INPUT).map(({ name }) => name));
  const common = new Set(b.filter(({ kind, name }) => kind === INPUT && inputs.has(name)).map(({ name }) => name));
  // Callers hand inputs in by name: one that both have is never the counterpart of another.
  const kindOf = ({ kind, name }: DiffNode): string => (kind === INPUT && common.has(name) ? `${kind} ${JSON.stringify(name)}` : kind);
  const tokens = (nodes: readonly DiffNode[]): Tokens => {
    const consumers = nodes.map((): string[] => []);
    for (const node of nodes) for (const operand of operandsOf(node)) consumers[operand]?.push(node.kind);
    const each = (of: (node: DiffNode, i: number) => string | null) => Int32Array.from(nodes, (node, i) => number(of(node, i)));
    return {
      kind: each((node) => `kind ${kindOf(node)}`),
      signature: each((node) => `signature ${kindOf(node)} ${node.signature}`),
      values: each(valuesOf),
      name: each(({ name }) => `name ${name}`),
      operands: each((node) => `operands ${operandsOf(node).map((operand) => nodes[operand]?.kind)}`),
      consumers: each((_, i) => `consumers ${consumers[i]?.sort()}`),
    };
  };
  return [tokens(a), tokens(b)];
}

/** What it costs to take two nodes for counterparts. */
function costs(a: readonly DiffNode[], b: readonly DiffNode[], one: Tokens, two: Tokens): (i: number, j: number) => number {
  const changes = new Map<number, number>();
  const changed = (i: number, j: number): number => {
    const key = (one.signature[i] as number) * 2 ** 26 + (two.signature[j] as number);
    const known = changes.get(key) ?? CHANGED + EACH_SETTING * Math.min(MOST_SETTINGS, differing(a[i] as DiffNode, b[j] as DiffNode));
    changes.set(key, known);
    return known;
  };
  const areOther = (i: number, j: number): boolean =>
    one.values[i] !== UNKNOWN && two.values[j] !== UNKNOWN && one.values[i] !== two.values[j];
  return (i, j) => {
    if (one.kind[i] !== two.kind[j]) return Number.POSITIVE_INFINITY;
    const isNamesake = one.name[i] === two.name[j];
    return (
      (one.signature[i] === two.signature[j] ? 0 : changed(i, j) + (isNamesake ? 0 : RENAMED)) +
      (areOther(i, j) ? OTHER_VALUES : 0) +
      (one.operands[i] === two.operands[j] ? 0 : OTHER_NEIGHBOURS) +
      (one.consumers[i] === two.consumers[j] ? 0 : OTHER_NEIGHBOURS) +
      (isNamesake ? 0 : OTHER_NAME)
    );
  };
}

/** How many settings and variables of two nodes differ. */
function differing(a: DiffNode, b: DiffNode): number {
  const keys = new Set([...a.settings.keys(), ...b.settings.keys()]);
  const shapes = ({ weights }: DiffNode) => new Map(weights.map(({ slot, type }) => [slot, type.shape.join()]));
  const [own, others] = [shapes(a), shapes(b)];
  const variables = new Set([...own.keys(), ...others.keys()]);
  return (
    [...keys].filter((key) => a.settings.get(key) !== b.settings.get(key)).length +
    [...variables].filter((variable) => own.get(variable) !== others.get(variable)).length
  );
}

/** Runs of equal signatures that a shortest edit script keeps, and what is between them; of short lists, all is one gap. */
function split(range: Range, one: Int32Array, two: Int32Array): { readonly runs: readonly Range[]; readonly gaps: readonly Range[] } {
  if (cells(range) <= MOST_CELLS) return { runs: [], gaps: [range] };
  const kept = shortestEdit(one.subarray(range.a, range.aEnd), two.subarray(range.b, range.bEnd), MOST_EDITS) ?? [];
  const runs: Range[] = [];
  for (let start = 0, i = 1; i <= kept.length; i++) {
    const [[firstA, firstB], [lastA, lastB], next] = [kept[start] ?? [0, 0], kept[i - 1] ?? [0, 0], kept[i]];
    if (next !== undefined && next[0] === lastA + 1 && next[1] === lastB + 1) continue;
    if (i - start >= CHANCE) runs.push({ a: range.a + firstA, aEnd: range.a + lastA + 1, b: range.b + firstB, bEnd: range.b + lastB + 1 });
    start = i;
  }
  const ends = [{ aEnd: range.a, bEnd: range.b }, ...runs];
  const starts = [...runs, { a: range.aEnd, b: range.bEnd }];
  const gaps = ends.map(({ aEnd, bEnd }, i): Range => {
    const next = starts[i] as { a: number; b: number };
    return { a: aEnd, aEnd: next.a, b: bEnd, bEnd: next.b };
  });
  return { runs, gaps };
}

/** The cells around the straight line from the beginnings to the ends. */
function diagonal(n: number, m: number): (row: number) => readonly [number, number] {
  const half = Math.max(NARROWEST, Math.floor(BAND_CELLS / (2 * (n + 1))), Math.ceil(m / Math.max(n, 1)));
  return (row) => {
    const middle = Math.round((row * m) / Math.max(n, 1));
    return [Math.max(0, middle - half), Math.min(m, middle + half)];
  };
}
