import type { TensorType } from '../../ir/types.ts';
import { type Counterparts, counterparts } from './counterparts.ts';
import { type DiffGraph, type DiffNode, INPUT, operandsOf, WEIGHT } from './graph.ts';
import { type Region, regionsOf, replacedBy } from './regions.ts';
import { changedSettings, type SettingChange } from './settings.ts';
import { sameType } from './types.ts';
import { type RewiredOutput, type Rewiring, rewiredOutputs, rewirings, type Sides } from './wiring.ts';

/** A type that is another: of what a call gives, or of a variable. Null where there is none. */
export interface TypeChange {
  /** `:1` for the second result, `@1` for the second call; the name of a variable. Empty for the node's own result. */
  readonly of: string;
  readonly before: TensorType | null;
  readonly after: TensorType | null;
}

/** A pair that differs in more than its name. */
export interface NodeChange {
  readonly a: number;
  readonly b: number;
  readonly settings: readonly SettingChange[];
  readonly types: readonly TypeChange[];
  readonly variables: readonly TypeChange[];
  /** True where nothing that is said accounts for it: versions of Keras mean different things by one config. */
  readonly isOtherwise: boolean;
}

export interface Changes {
  readonly pairs: Counterparts;
  readonly removed: readonly Region[];
  readonly added: readonly Region[];
  /** For each region that was added, the number of the one that it stands for, or -1. */
  readonly replaced: readonly number[];
  readonly changed: readonly NodeChange[];
  /** Pairs whose types differ for nothing but that those of their operands do. */
  readonly following: readonly NodeChange[];
  readonly rewired: readonly Rewiring[];
  readonly outputs: readonly RewiredOutput[];
  readonly renamed: readonly (readonly [a: number, b: number])[];
  readonly trainable: readonly (readonly [a: number, b: number])[];
  readonly training: readonly { readonly a: number; readonly b: number; readonly settings: readonly SettingChange[] }[];
}

/**
 * What differs between two graphs.
 * @param a nodes in wiring order, as those of `b`
 * @param isOneForm true where both were written alike: what only one of them says of training is then a difference
 */
export function changesOf(a: DiffGraph, b: DiffGraph, isOneForm: boolean): Changes {
  const pairs = counterparts(a, b);
  const [before, after] = [regionsOf(a, pairs.ofA), regionsOf(b, pairs.ofB)];
  const sides: Sides = { graphs: [a, b], pairs, regions: [before.regions, after.regions], regionOf: [before.of, after.of] };
  const changed: NodeChange[] = [];
  const following: NodeChange[] = [];
  const rewired: Rewiring[] = [];
  const renamed: (readonly [number, number])[] = [];
  const trainable: (readonly [number, number])[] = [];
  const training: Changes['training'][number][] = [];
  /** Nodes of the second graph whose types are other ones. */
  const moved = new Set<number>();
  const isNew = (j: number): boolean => (pairs.ofB[j] as number) < 0;
  b.nodes.forEach((node, j) => {
    const i = pairs.ofB[j] as number;
    if (i < 0) return;
    const other = a.nodes[i] as DiffNode;
    if (other.name !== node.name && node.kind !== INPUT) renamed.push([i, j]);
    if (other.trainable !== null && node.trainable !== null && other.trainable !== node.trainable) trainable.push([i, j]);
    // What makes no difference to the results: in another form of the file it may be but another way to write it.
    const idle = other.signature === node.signature && isOneForm ? changedSettings(other.settings, node.settings) : [];
    const trained = changedSettings(other.training, node.training).filter(
      ({ before, after }) => isOneForm || (before !== null && after !== null),
    );
    const untold = [...trained, ...idle];
    if (untold.length > 0) training.push({ a: i, b: j, settings: untold });
    const others = rewirings(i, j, sides);
    rewired.push(...others);
    const change = changeOf(i, j, other, node);
    if (change.types.length > 0) moved.add(j);
    // What an input is, the interface says.
    if (node.kind === INPUT) return;
    if (change.settings.length + change.types.length + change.variables.length === 0 && !change.isOtherwise) return;
    const operands = operandsOf(node);
    const follows = operands.some((operand) => moved.has(operand)) || (!change.isOtherwise && (others.length > 0 || operands.some(isNew)));
    if (follows && change.settings.length === 0) following.push(change);
    else changed.push(change);
  });
  return {
    pairs,
    removed: before.regions,
    added: after.regions,
    replaced: replacedBy(before.regions, after.regions, pairs.ofA),
    changed,
    following,
    rewired,
    outputs: rewiredOutputs(sides),
    renamed,
    trainable,
    training,
  };
}

function changeOf(i: number, j: number, a: DiffNode, b: DiffNode): NodeChange {
  const types = resultTypes(a, b);
  // A weight that is a node has one type.
  const variables = b.kind === WEIGHT ? [] : variableTypes(a, b);
  const isSame = a.signature === b.signature;
  // Where both compute alike, settings are only written in other ways.
  const calls = a.calls.length === b.calls.length ? [] : [{ key: 'calls', before: String(a.calls.length), after: String(b.calls.length) }];
  const settings = [...(isSame ? [] : changedSettings(a.settings, b.settings)), ...calls];
  const isUntold = settings.length + types.length + variables.length === 0 && countOfUses(a) === countOfUses(b) && b.kind !== WEIGHT;
  // What skipc cannot compile on one side alone, for what is before it, has nothing but its settings to be compared by.
  return { a: i, b: j, settings, types, variables, isOtherwise: !isSame && isUntold && isCompiled(a) && isCompiled(b) };
}

/** A layer that reads more tensors, or fewer, computes something else for that. */
const countOfUses = ({ calls }: DiffNode): number => calls.reduce((sum, { uses }) => sum + uses.length, 0);

const isCompiled = ({ calls }: DiffNode): boolean => calls.every(({ types }) => types.every((type) => type !== null));

function resultTypes(a: DiffNode, b: DiffNode): readonly TypeChange[] {
  return b.calls.flatMap((call, n) => {
    const other = a.calls[n];
    if (other === undefined) return [];
    return Array.from({ length: Math.max(call.types.length, other.types.length) }, (_, k): TypeChange => {
      return { of: `${n === 0 ? '' : `@${n}`}${k === 0 ? '' : `:${k}`}`, before: other.types[k] ?? null, after: call.types[k] ?? null };
    }).filter(({ before, after }) => !sameType(before, after));
  });
}

function variableTypes(a: DiffNode, b: DiffNode): readonly TypeChange[] {
  const typesOf = ({ weights }: DiffNode): ReadonlyMap<string, TensorType> => new Map(weights.map(({ slot, type }) => [slot, type]));
  const [one, two] = [typesOf(a), typesOf(b)];
  // Variables of what could not be compiled are known where its values are, if at all.
  const areAlike = isCompiled(a) === isCompiled(b);
  return [...new Set([...one.keys(), ...two.keys()])]
    .map((of): TypeChange => ({ of, before: one.get(of) ?? null, after: two.get(of) ?? null }))
    .filter(({ before, after }) => (before === null || after === null ? areAlike : !sameType(before, after)));
}
