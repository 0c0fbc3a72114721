import type { Hdf5 } from '../hdf5.ts';
import { layersOf, type SavedLayer } from './layers.ts';
import type { StoredVariable } from './store.ts';

/**
 * How Keras 1 and 2 keep weights, and every Keras in a whole-model `.h5`: a group for each layer of the model, under its name,
 * with the names of its weights in an attribute. A nested model's group holds the weights of all its layers.
 * See `save_weights_to_hdf5_group` in https://github.com/keras-team/keras/blob/master/keras/src/legacy/saving/legacy_h5_format.py.
 */
export const hasLayerGroups = (hdf5: Hdf5, root: string): boolean => attributeList(hdf5, root, 'layer_names') !== null;

/**
 * Every weight, named after the layer that the model calls so. Keras takes such files in the order of their layers, whatever these
 * are called; so names that are not all the model's are replaced by the model's, where both list as many layers.
 * @param root the group that holds the layers' groups; empty for the file itself
 */
export function layerGroupVariables(hdf5: Hdf5, root: string, model: SavedLayer): readonly StoredVariable[] {
  const below = (path: string): string => (root === '' ? path : `${root}/${path}`);
  const layers = attributeList(hdf5, root, 'layer_names') ?? [];
  const groups = layers.map((layer) => ({ layer, weights: attributeList(hdf5, below(layer), 'weight_names') ?? [] }));
  const renamed = newNames(groups, model);
  return [...groups, { layer: TOP, weights: attributeList(hdf5, below(TOP), 'weight_names') ?? [] }].flatMap(({ layer, weights }) =>
    weights.map((weight) => ({
      path: below(`${layer}/${weight}`),
      names: [[renamed.get(layer) ?? layer, ...within(layer, weight)].join('/')],
    })),
  );
}

/** The weights that a model has beside those of its layers. */
const TOP = 'top_level_model_weights';

function newNames(
  groups: readonly { readonly layer: string; readonly weights: readonly string[] }[],
  model: SavedLayer,
): ReadonlyMap<string, string> {
  const all = layersOf(model) ?? [];
  // A Sequential does not count its input among its layers.
  const layers = model.className === 'Sequential' ? all.filter(({ className }) => className !== 'InputLayer') : all;
  const names = new Set(layers.map(({ name }) => name));
  if (layers.length !== groups.length || groups.every(({ layer, weights }) => weights.length === 0 || names.has(layer))) return new Map();
  return new Map(groups.map(({ layer }, i) => [layer, layers[i]?.name ?? layer]));
}

/** What of a weight's name is below its layer: the name may say the layer again, and scopes around it. */
function within(layer: string, weight: string): readonly string[] {
  const path = weight.split('/');
  const own = layer.split('/');
  const at = path.findIndex((_, i) => i + own.length < path.length && own.every((segment, k) => path[i + k] === segment));
  return at < 0 ? path : path.slice(at + own.length);
}

/** A list of names. Where it is longer than an attribute may be, Keras splits it: `weight_names0`, `weight_names1` and so on. */
function attributeList(hdf5: Hdf5, path: string, name: string): readonly string[] | null {
  const whole = hdf5.texts(path, name);
  if (whole !== null) return whole;
  const parts: string[] = [];
  for (let i = 0; ; i++) {
    const part = hdf5.texts(path, `${name}${i}`);
    if (part === null) return i === 0 ? null : parts;
    parts.push(...part);
  }
}
