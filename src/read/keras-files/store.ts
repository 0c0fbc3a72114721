import type { Hdf5 } from '../hdf5.ts';
import { heldLayer, heldLayers, layersOf, type SavedLayer, snakeCase } from './layers.ts';
import { absentBeside } from './lora.ts';
import { variablesOf } from './variables.ts';

/**
 * Where Keras 3, and tf.keras from 2.12 on, keep a model's state: a group for each layer, found along the attributes of the
 * objects (`layers/bidirectional/forward_layer/cell/vars/0`). In a list of layers a group is called after the layer's class, with
 * a number from the second of its class on, in the list's order; the layer's name has no part in that.
 * See `_save_state` and `_save_container_state` in https://github.com/keras-team/keras/blob/master/keras/src/saving/saving_lib.py.
 */
export interface StateStore {
  /** The layer whose state a group holds, and the names that lead to it; null for a layer that the topology does not describe. */
  locate(group: string): Located;
  /** Every variable's dataset by its group, and the names under which it is to be found. */
  variables(): readonly StoredVariable[];
}

export interface Located {
  readonly layer: SavedLayer | null;
  /** Names of the models and layers around it, and its own. */
  readonly names: readonly string[];
}

export interface StoredVariable {
  readonly path: string;
  /** One name, and one more for each place where a shared layer stands. */
  readonly names: readonly string[];
  /** Set where the file does not hold the variable, which then is zeros of this shape; `path` is that of the one it goes with. */
  readonly zeros?: readonly number[];
}

/** Where models list their layers; the second is what tf.keras up to 2.14 wrote. */
const OLD_LIST = '_layer_checkpoint_dependencies';
const LISTS: ReadonlySet<string> = new Set(['layers', OLD_LIST]);
const VARS = 'vars';
/** Of the layers that draw random numbers: states that are no weights. */
const SEED = /\/_?(seed_|random_)?generator\//;

/** Looks at an open file with a model's topology beside it. */
export function stateStore(hdf5: Hdf5, model: SavedLayer): StateStore {
  const paths = hdf5.below('');
  const groups = childGroups(paths);
  const repeated = repeatedLayers(model);
  const lists = new Map<string, ReadonlyMap<string, SavedLayer>>();
  const listed = (group: string, layers: readonly SavedLayer[]): ReadonlyMap<string, SavedLayer> => {
    const known = lists.get(group) ?? layersByGroup(hdf5, group, groups.get(group) ?? new Set(), layers, repeated);
    lists.set(group, known);
    return known;
  };

  const locate = (group: string): Located => {
    const segments = group === '' ? [] : group.split('/');
    const names: string[] = [];
    let layer: SavedLayer | null = model;
    for (let i = 0; i < segments.length; i++) {
      const segment = segments[i] as string;
      const next = segments[i + 1];
      const list: readonly SavedLayer[] | null = layer && (LISTS.has(segment) ? layersOf(layer) : heldLayers(layer, segment));
      if (list !== null && next !== undefined) {
        layer = listed(segments.slice(0, i + 1).join('/'), list).get(next) ?? null;
        names.push(...(layer === null ? [segment, next] : [layer.name]));
        i++;
      } else {
        layer = layer && heldLayer(layer, segment);
        names.push(layer?.name ?? segment);
      }
    }
    return { layer, names };
  };

  return {
    locate,
    variables() {
      const found = paths.flatMap((path) => {
        const segments = path.split('/');
        const [top] = segments;
        // Beside the layers the file holds the states of the optimizer and the metrics.
        if (segments.at(-2) !== VARS || (top !== VARS && !LISTS.has(top ?? '')) || SEED.test(path)) return [];
        const { layer, names } = locate(segments.slice(0, -2).join('/'));
        const name = variableName(layer, segments.at(-1) as string);
        if (name === null) return [];
        const absent = absentBeside(layer, name, () => hdf5.dataset(path)?.shape ?? []);
        return [{ path, names: [...names, name] }, ...absent.map(({ name, shape }) => ({ path, names: [...names, name], zeros: shape }))];
      });
      const others = otherNames(model, repeated, found);
      return found.map(({ names, ...stored }) => ({ ...stored, names: [names, ...others(names)].map((all) => all.join('/')) }));
    },
  };
}

/** Groups by the group around them. */
function childGroups(paths: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, Set<string>>();
  for (const path of paths) {
    const at = path.lastIndexOf('/');
    const parent = at < 0 ? '' : path.slice(0, at);
    const children = groups.get(parent) ?? new Set();
    groups.set(parent, children.add(path.slice(at + 1)));
  }
  return groups;
}

/** A variable is stored under its number; null for one that another layer stores too. */
function variableName(layer: SavedLayer | null, key: string): string | null {
  if (!/^\d+$/.test(key)) return key;
  const name = layer === null ? undefined : variablesOf(layer)[Number(key)];
  if (layer?.className === 'SpectralNormalization' && name === 'kernel') return null;
  return name ?? `${VARS}/${key}`;
}

/**
 * Which layer of a list each of its groups holds. Newer files say the layer's name beside its variables. Where they do not, or
 * where these are not the names of this model, the layers are counted as Keras counts them.
 */
function layersByGroup(
  hdf5: Hdf5,
  group: string,
  children: ReadonlySet<string>,
  layers: readonly SavedLayer[],
  repeated: ReadonlySet<SavedLayer>,
): ReadonlyMap<string, SavedLayer> {
  return byName(hdf5, group, children, layers) ?? byCount(children, layers, repeated, !group.endsWith(OLD_LIST));
}

function byName(
  hdf5: Hdf5,
  group: string,
  children: ReadonlySet<string>,
  layers: readonly SavedLayer[],
): ReadonlyMap<string, SavedLayer> | null {
  const named = new Map(layers.map((layer) => [layer.name, layer]));
  const found = new Map<string, SavedLayer>();
  for (const child of children) {
    const name = hdf5.text(`${group}/${child}/${VARS}`, 'name');
    const layer = name === null ? undefined : named.get(name);
    if (layer === undefined || child.replace(/_\d+$/, '') !== baseOf(layer).replace(/_\d+$/, '')) return null;
    found.set(child, layer);
  }
  return new Set(found.values()).size === children.size ? found : null;
}

/**
 * Classes whose name in a topology is not the one in Python: what `keras.Model(inputs, outputs)` makes is a Functional, though older
 * topologies call it a Model.
 */
const PYTHON_NAMES: ReadonlyMap<string, string> = new Map([
  ['Model', 'Functional'],
  ['GroupQueryAttention', 'GroupedQueryAttention'],
]);

const baseOf = ({ className }: SavedLayer): string => snakeCase(PYTHON_NAMES.get(className) ?? className);

/**
 * The n-th group of a class is its n-th layer, where there are as many. tf.keras 2.12 came across each layer with weights twice, and
 * left every second number out. A layer that was saved elsewhere has no group: Keras 3 counts it nevertheless, tf.keras 2.13 and 2.14
 * did not.
 * @param countsAll false for lists of tf.keras up to 2.14: where the numbers do not settle it, nothing does
 */
function byCount(
  children: ReadonlySet<string>,
  layers: readonly SavedLayer[],
  repeated: ReadonlySet<SavedLayer>,
  countsAll: boolean,
): ReadonlyMap<string, SavedLayer> {
  const found = new Map<string, SavedLayer>();
  const groups = numbered(children);
  for (const [base, all] of byClass(layers)) {
    const same = groups.get(base) ?? [];
    const own = all.filter((layer) => !repeated.has(layer));
    const noGaps = same.every(({ number }, i) => number === i);
    const ranked = same.length === all.length ? all : same.length === own.length && noGaps ? own : null;
    same.forEach(({ child, number }, rank) => {
      const layer = ranked === null ? (countsAll ? all[number] : undefined) : ranked[rank];
      if (layer !== undefined) found.set(child, layer);
    });
  }
  return found;
}

/** Groups by the name that they share, each with its number, in the order of these. */
function numbered(children: ReadonlySet<string>): ReadonlyMap<string, readonly { readonly child: string; readonly number: number }[]> {
  const groups = new Map<string, { readonly child: string; readonly number: number }[]>();
  for (const child of children) {
    const [, base = child, number = '0'] = /^(.*)_(\d+)$/.exec(child) ?? [];
    const same = groups.get(base) ?? [];
    same.push({ child, number: Number(number) });
    groups.set(base, same);
  }
  for (const same of groups.values()) same.sort((a, b) => a.number - b.number);
  return groups;
}

function byClass(layers: readonly SavedLayer[]): ReadonlyMap<string, readonly SavedLayer[]> {
  const classes = new Map<string, SavedLayer[]>();
  for (const layer of layers) {
    const base = baseOf(layer);
    const same = classes.get(base) ?? [];
    same.push(layer);
    classes.set(base, same);
  }
  return classes;
}

/** A model's layers with the names that lead to them, nested ones included, in the order in which Keras saves them. */
function* places(model: SavedLayer): Generator<Located & { readonly layer: SavedLayer }> {
  const open = [{ layer: model, names: [] as readonly string[] }];
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    yield top;
    const { layer, names } = top;
    for (const child of [...(layersOf(layer) ?? [])].reverse()) open.push({ layer: child, names: [...names, child.name] });
  }
}

const identity = ({ className, name }: SavedLayer): string => `${className} ${name}`;

/** Layers that are called as one before them, in another model: they may be that one again. Not every topology says so. */
function repeatedLayers(model: SavedLayer): ReadonlySet<SavedLayer> {
  const seen = new Set<string>();
  const repeated = new Set<SavedLayer>();
  for (const { layer } of places(model)) {
    if (seen.has(identity(layer))) repeated.add(layer);
    seen.add(identity(layer));
  }
  return repeated;
}

/**
 * A layer that stands in two models is saved where Keras comes across it first, with all that is in it, and once.
 * @returns the other names of what lies in such a layer
 */
function otherNames(
  model: SavedLayer,
  repeated: ReadonlySet<SavedLayer>,
  variables: readonly { readonly names: readonly string[] }[],
): (names: readonly string[]) => readonly (readonly string[])[] {
  const heads = ({ names }: { readonly names: readonly string[] }) => names.slice(0, -1).map((_, i) => names.slice(0, i + 1).join('/'));
  const saved = new Set(variables.flatMap(heads));
  const first = new Map<string, string>();
  const others = new Map<string, (readonly string[])[]>();
  let within: string | null = null;
  for (const { layer, names } of places(model)) {
    const path = names.join('/');
    // What is inside a repeated model goes with it.
    if (within !== null && path.startsWith(`${within}/`)) continue;
    within = null;
    if (saved.has(path) && !first.has(identity(layer))) first.set(identity(layer), path);
    const original = repeated.has(layer) && !saved.has(path) ? first.get(identity(layer)) : undefined;
    if (original === undefined) continue;
    others.set(original, [...(others.get(original) ?? []), names]);
    within = path;
  }
  return (names) =>
    names.slice(0, -1).flatMap((_, i) => {
      const elsewhere = others.get(names.slice(0, i + 1).join('/')) ?? [];
      return elsewhere.map((other) => [...other, ...names.slice(i + 1)]);
    });
}
