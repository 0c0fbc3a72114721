import { builtInLayers } from '../../layers/index.ts';
import { isObject } from '../spec.ts';

/**
 * A Keras 3 topology out of a whole-model HDF5 file, with the module of each graph op. Keras leaves modules out there, and an op may be
 * called as a layer is, `Add` say. A layer's config says whether it is trainable, an op's does not; of the one layer that does not say
 * so either, SpatialDropout1D, there is no op. Recursive over nesting, which was checked.
 */
export function withOpModules(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withOpModules);
  if (!isObject(json)) return json;
  const inner = Object.fromEntries(Object.entries(json).map(([key, value]) => [key, withOpModules(value)]));
  return isOp(json) ? { ...inner, module: 'keras.ops' } : inner;
}

function isOp({ class_name: className, config, module, inbound_nodes: nodes }: Readonly<Record<string, unknown>>): boolean {
  const [node]: readonly unknown[] = Array.isArray(nodes) ? nodes : [];
  const isKeras3 = isObject(node) && Array.isArray(node['args']) && isObject(node['kwargs']);
  const isUnnamed = (module ?? null) === null && isObject(config) && !Object.hasOwn(config, 'trainable');
  return isKeras3 && isUnnamed && builtInLayers.has(`ops.${String(className)}`);
}
