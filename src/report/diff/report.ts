import type { TensorType } from '../../ir/types.ts';
import type { Changes, NodeChange, TypeChange } from './changes.ts';
import { type DiffNode, INPUT, type Tap, WEIGHT } from './graph.ts';
import { interfaceChanges, orderChanges, type PortChange } from './interface.ts';
import { notesOf } from './notes.ts';
import type { Region } from './regions.ts';
import type { Diff, SideCost } from './schema.ts';
import { changedSettings, type SettingChange } from './settings.ts';
import { commonVariables, type Side, type ValueChanges } from './side.ts';

/** The report of what differs between two sides. */
export function report(a: Side, b: Side, unit: Diff['unit'], changes: Changes, values: ValueChanges): Diff {
  const [one, two] = [a.graph.nodes, b.graph.nodes];
  const nameA = (node: number): string => one[node]?.name ?? '';
  const nameB = (node: number): string => two[node]?.name ?? '';
  const pair = ([i, j]: readonly [number, number]) => ({ a: nameA(i), b: nameB(j) });
  const ports = interfaceChanges(a.interface, b.interface, renamedPort(a, b, changes));
  const order = orderChanges(a.interface, b.interface);
  const compiled = a.compiled === null || b.compiled === null ? [] : changedSettings(a.compiled, b.compiled).map(parsed);
  const trainable = changes.trainable.map(([i, j]) => ({
    ...pair([i, j]),
    before: one[i]?.trainable === true,
    after: two[j]?.trainable === true,
  }));
  const training = changes.training.map(({ a, b, settings }) => ({ ...pair([a, b]), settings: settings.map(parsed) }));
  const changed = changes.changed.map((change) => changeOf(change, one, two));
  const rewired = changes.rewired.map(({ a: i, b: j, role, before, after }) => ({
    ...pair([i, j]),
    role,
    before: before && tapName(before, one),
    after: after && tapName(after, two),
  }));
  const changedValues = values.changed.map(({ a: i, b: j, distance }) => ({
    a: weightName(one[i.node] as DiffNode, i.weight),
    b: weightName(two[j.node] as DiffNode, j.weight),
    shape: ((two[j.node] as DiffNode).weights[j.weight]?.type.shape ?? []).map(Number),
    norm: measure(distance?.norm),
    relative: measure(distance?.relative ?? undefined),
    largest: measure(distance?.largest),
  }));
  const [removed, added] = [regionsOf(changes.removed, one), regionsOf(changes.added, two)];
  const outputs = changes.outputs.map(({ key, before, after }) => ({ key, before: tapName(before, one), after: tapName(after, two) }));
  const counts = [
    ports,
    order,
    removed,
    added,
    changed,
    changes.following,
    rewired,
    outputs,
    changes.renamed,
    trainable,
    training,
    compiled,
    changedValues,
  ];
  const verdict =
    ports.length + order.length === 0 ? 'unchanged' : ports.some(({ verdict }) => verdict === 'breaking') ? 'breaking' : 'compatible';
  return {
    'skipc-diff': 1,
    same: counts.every(({ length }) => length === 0),
    unit,
    a: a.about,
    b: b.about,
    interface: { verdict, changes: ports, order },
    removed: removed.map(({ region }) => region),
    added: added.map(({ region, number }) => {
      const replaces = removed.findIndex((other) => other.number === changes.replaced[number]);
      return { ...region, replaces: replaces < 0 ? null : replaces };
    }),
    changed,
    following: changes.following.map((change) => changeOf(change, one, two)),
    rewired,
    outputs,
    renamed: changes.renamed.map(pair),
    trainable,
    training,
    compiled,
    weights: {
      compared: values.notCompared === null,
      variables: commonVariables(a.graph, b.graph, changes).length,
      changed: changedValues.toSorted((x, y) => weight(y) - weight(x)),
    },
    cost: { before: withNodes(a), after: withNodes(b) },
    notes: notesOf(a, b, changes, ports, values),
  };
}

/** Layers or ops: what computes. */
const withNodes = ({ graph, cost }: Side): SideCost => ({
  nodes: graph.nodes.filter(({ kind }) => kind !== INPUT && kind !== WEIGHT).length,
  ...cost,
});

const parsed = ({ key, before, after }: SettingChange): Diff['compiled'][number] => {
  const value = (json: string | null): unknown => (json === null ? null : JSON.parse(json));
  return { key, before: value(before), after: value(after) };
};

const measure = (value: number | undefined): Diff['weights']['changed'][number]['norm'] =>
  value === undefined ? null : Number.isFinite(value) ? value : Number.isNaN(value) ? 'NaN' : 'Infinity';

/** Largest first: what is no number before all, then by how far values have gone in relation to what they were. */
function weight({ relative, norm }: Diff['weights']['changed'][number]): number {
  const value = relative ?? norm;
  return typeof value === 'number' ? value : value === null ? 0 : Number.MAX_VALUE;
}

/** Regions without inputs, as the interface says these, each with its number. */
function regionsOf(regions: readonly Region[], all: readonly DiffNode[]) {
  const nameOf = (node: number): string => all[node]?.name ?? '';
  return regions.flatMap(({ nodes, after, before, outputs }, number) => {
    const shown = nodes.filter((node) => all[node]?.kind !== INPUT).map((node) => ({ name: nameOf(node), kind: all[node]?.kind ?? '' }));
    return shown.length === 0 ? [] : [{ number, region: { nodes: shown, after: after.map(nameOf), before: before.map(nameOf), outputs } }];
  });
}

const changeOf = ({ a, b, settings, types, variables, isOtherwise }: NodeChange, one: readonly DiffNode[], two: readonly DiffNode[]) => ({
  a: one[a]?.name ?? '',
  b: two[b]?.name ?? '',
  kind: two[b]?.kind ?? '',
  settings: settings.map(parsed),
  types: types.map(typeChange),
  variables: variables.map(typeChange),
  isOtherwise,
});

const plain = (type: TensorType | null) => type && { dtype: type.dtype, shape: type.shape };
const typeChange = ({ of, before, after }: TypeChange) => ({ of, before: plain(before), after: plain(after) });

const tapName = ({ node, call, result }: Tap, nodes: readonly DiffNode[]): string =>
  `${nodes[node]?.name ?? ''}${call === 0 ? '' : `@${call}`}${result === 0 ? '' : `:${result}`}`;

/** A weight's own node, in a dump, is called after its variable already. */
const weightName = ({ name, kind, weights }: DiffNode, i: number): string =>
  kind === 'weight' ? name : `${name}/${weights[i]?.variable ?? ''}`;

/** The new keys of outputs and inputs whose tensors have counterparts under other keys. */
function renamedPort(a: Side, b: Side, { pairs }: Changes): (of: PortChange['of'], key: string) => string | null {
  const placeOf = (node: number, { call, result }: Tap): string => `${node}:${call}:${result}`;
  const keys = new Map(b.graph.outputs.map(({ key, tap }) => [placeOf(tap.node, tap), key]));
  const outputs = new Map(a.graph.outputs.map(({ key, tap }) => [key, keys.get(placeOf(pairs.ofA[tap.node] as number, tap))]));
  const inputs = new Map(
    a.graph.nodes.flatMap(({ name, kind }, i): [string, string][] => {
      const other = b.graph.nodes[pairs.ofA[i] as number];
      return kind === INPUT && other !== undefined ? [[name, other.name]] : [];
    }),
  );
  return (of, key) => (of === 'output' ? outputs.get(key) : of === 'input' ? inputs.get(key) : undefined) ?? null;
}
