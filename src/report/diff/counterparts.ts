import { align, type Partners } from './align.ts';
import { type DiffGraph, type DiffNode, INPUT, operandsOf, valuesOf } from './graph.ts';
import { regionsOf } from './regions.ts';

/** The counterparts that two graphs have in each other, -1 where a node has none. */
export interface Counterparts {
  readonly ofA: Partners;
  readonly ofB: Partners;
}

/**
 * Finds which node of one graph is which of the other. Names are not trusted, as Keras numbers layers anew: they settle what nothing
 * else does. The same pairs are found whichever graph comes first.
 * @param a nodes in wiring order, as those of `b`
 */
export function counterparts(a: DiffGraph, b: DiffGraph): Counterparts {
  if (comesBefore(b, a)) {
    const { ofA, ofB } = counterparts(b, a);
    return { ofA: ofB, ofB: ofA };
  }
  const ofA = align(a.nodes, b.nodes);
  const ofB = inverse(ofA, b.nodes.length);
  const pairs = { ofA, ofB };
  exchange(a, b, pairs);
  part(a, b, pairs);
  matchMoved(a, b, pairs);
  matchNamesakes(a, b, pairs);
  return pairs;
}

function comesBefore(a: DiffGraph, b: DiffGraph): boolean {
  if (a.nodes.length !== b.nodes.length) return a.nodes.length < b.nodes.length;
  const keyOf = ({ kind, signature, name, weights }: DiffNode) =>
    [kind, signature, name, ...weights.map(({ hash }) => hash ?? '')].join('\n');
  for (const [i, node] of a.nodes.entries()) {
    const [one, other] = [keyOf(node), keyOf(b.nodes[i] as DiffNode)];
    if (one !== other) return one < other;
  }
  return false;
}

function inverse(partners: Partners, length: number): Partners {
  const result = new Int32Array(length).fill(-1);
  partners.forEach((j, i) => {
    if (j >= 0) result[j] = i;
  });
  return result;
}

/** What a node computes, and of what: operands of the first graph as their counterparts in the second; null where one has none. */
function wiringKey({ kind, signature, calls }: DiffNode, partners: Partners | null): string | null {
  const operands: string[] = [];
  for (const { uses } of calls) {
    operands.push('call');
    for (const { role, tap } of uses) {
      const node = partners === null ? tap.node : (partners[tap.node] as number);
      if (node < 0) return null;
      operands.push(`${role} ${node}:${tap.call}:${tap.result}`);
    }
  }
  return `${kind}\n${signature}\n${operands.join('\n')}`;
}

/**
 * Two branches that compute alike and have changed places: each goes with its namesake, where that reads the same tensors and does not
 * hold other values.
 */
function exchange(a: DiffGraph, b: DiffGraph, { ofA, ofB }: Counterparts): void {
  const named = new Map(b.nodes.map(({ name }, j) => [name, j]));
  a.nodes.forEach((node, i) => {
    const j = ofA[i] as number;
    const namesake = named.get(node.name) ?? -1;
    if (j < 0 || namesake < 0 || namesake === j) return;
    const other = ofB[namesake] as number;
    const [own, taken, mine] = [b.nodes[j] as DiffNode, b.nodes[namesake] as DiffNode, other < 0 ? null : (a.nodes[other] as DiffNode)];
    const alike = [own, taken, ...(mine === null ? [] : [mine])].every(
      ({ kind, signature }) => kind === node.kind && signature === node.signature,
    );
    if (!alike || node.calls[0]?.uses.length === 0 || otherValues(node, taken) > otherValues(node, own)) return;
    const wiring = wiringKey(node, ofA);
    if (wiring === null || wiring !== wiringKey(taken, null)) return;
    ofA[i] = namesake;
    ofB[namesake] = i;
    ofB[j] = other;
    if (other >= 0) ofA[other] = j;
  });
}

/** 1 for nodes that are known to hold other values. */
function otherValues(a: DiffNode, b: DiffNode): number {
  const [one, two] = [valuesOf(a), valuesOf(b)];
  return one !== null && two !== null && one !== two ? 1 : 0;
}

/**
 * Two nodes that neither compute alike, nor have one name, nor read one tensor, if only by way of what is new or gone, have but stood in one
 * place of the lists.
 */
function part(a: DiffGraph, b: DiffGraph, { ofA, ofB }: Counterparts): void {
  const isDoubtful = (node: DiffNode, j: number): boolean => {
    const other = b.nodes[j];
    return other !== undefined && node.signature !== other.signature && node.name !== other.name;
  };
  if (!a.nodes.some((node, i) => isDoubtful(node, ofA[i] as number))) return;
  const sourcesIn = (graph: DiffGraph, partners: Partners) => {
    const { regions, of } = regionsOf(graph, partners);
    return (node: DiffNode): readonly number[] =>
      operandsOf(node).flatMap((operand) =>
        (partners[operand] as number) >= 0 ? [operand] : (regions[of[operand] as number]?.after ?? []),
      );
  };
  const [sourcesOfA, sourcesOfB] = [sourcesIn(a, ofA), sourcesIn(b, ofB)];
  const strangers = a.nodes.flatMap((node, i) => {
    const j = ofA[i] as number;
    if (!isDoubtful(node, j)) return [];
    const read = sourcesOfA(node).map((source) => ofA[source] as number);
    const others = new Set(sourcesOfB(b.nodes[j] as DiffNode));
    return read.some((source) => others.has(source)) || (read.length === 0 && others.size === 0) ? [] : [[i, j] as const];
  });
  for (const [i, j] of strangers) {
    ofA[i] = -1;
    ofB[j] = -1;
  }
}

/** What is left of both and computes alike of the same operands has only moved in the list; then what reads it may be found, and so on. */
function matchMoved(a: DiffGraph, b: DiffGraph, { ofA, ofB }: Counterparts): void {
  const left = new Map<string, number[]>();
  b.nodes.forEach((node, j) => {
    const key = (ofB[j] as number) < 0 ? wiringKey(node, null) : null;
    if (key !== null) left.set(key, [...(left.get(key) ?? []), j]);
  });
  if (left.size === 0) return;
  a.nodes.forEach((node, i) => {
    if ((ofA[i] as number) >= 0) return;
    const key = wiringKey(node, ofA);
    const candidates = key === null ? [] : (left.get(key) ?? []).filter((j) => (ofB[j] as number) < 0);
    const j = candidates.find((j) => b.nodes[j]?.name === node.name) ?? candidates[0];
    if (j === undefined) return;
    ofA[i] = j;
    ofB[j] = i;
  });
}

/** What is left of both, computes alike and has one name, stands elsewhere. Inputs of one name are one input. */
function matchNamesakes(a: DiffGraph, b: DiffGraph, { ofA, ofB }: Counterparts): void {
  const left = new Map<string, number>();
  const keyOf = ({ kind, signature, name }: DiffNode): string => `${kind}\n${kind === INPUT ? '' : signature}\n${name}`;
  b.nodes.forEach((node, j) => {
    if ((ofB[j] as number) < 0) left.set(keyOf(node), j);
  });
  if (left.size === 0) return;
  a.nodes.forEach((node, i) => {
    const j = (ofA[i] as number) < 0 ? left.get(keyOf(node)) : undefined;
    if (j === undefined) return;
    ofA[i] = j;
    ofB[j] = i;
    left.delete(keyOf(node));
  });
}
