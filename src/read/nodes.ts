import { fail, type Location } from '../diagnostics/error.ts';
import { brief, validate } from '../schema/validate.ts';
import { kerasTensor, tensorTriple } from './keras.ts';
import { isObject, type NodeSpec, Reference, type SpecArg } from './spec.ts';

/** Keras 2 writes a constant among tensors as `["_CONSTANT_VALUE", -1, value, {}]`. */
const CONSTANT = '_CONSTANT_VALUE';

/**
 * The calls of a layer, from `inbound_nodes` in any form that Keras 1, 2, 3 or tfjs-layers write.
 * @param names the layers of the same model: in keyword arguments of Keras 2, a list is a tensor only if it starts with one
 * @throws SkipcError `config-invalid`
 */
export function readNodes(nodes: unknown, names: ReadonlySet<string>, layer: Location): readonly NodeSpec[] {
  const where: Location = { ...layer, pointer: `${layer.pointer ?? ''}/inbound_nodes` };
  if (nodes === undefined || nodes === null) return [];
  // Some op layers leave out the list around their only call.
  if (!Array.isArray(nodes) || isTensor(nodes)) return [readNode(nodes, names, where)];
  return nodes.map((node: unknown, i) => readNode(node, names, { ...where, pointer: `${where.pointer}/${i}` }));
}

function readNode(node: unknown, names: ReadonlySet<string>, where: Location): NodeSpec {
  const pointer = where.pointer ?? '';
  if (isObject(node) && Array.isArray(node['args']) && (node['kwargs'] === undefined || isObject(node['kwargs']))) {
    const args = node['args'].map((arg: unknown) => withHistory(arg, where));
    return { args, kwargs: mapValues(node['kwargs'] ?? {}, (arg) => withHistory(arg, where)), pointer };
  }
  const keywords: Readonly<Record<string, unknown>>[] = [];
  const structure = withTriples(node, keywords, where);
  const kwargs = mapValues(keywords[0] ?? {}, (arg) => withHidden(arg, names, where));
  // Keras calls a layer of several tensors with one list of them, and a layer of one with that one.
  const list = !isTensor(node) && Array.isArray(structure) ? structure : [structure];
  return { args: list.length > 1 ? [list] : list, kwargs, pointer };
}

/** Keras 3: tensors are `__keras_tensor__` objects at any depth of the arguments; the rest is JSON. */
function withHistory(value: unknown, where: Location): SpecArg {
  if (Array.isArray(value)) return value.map((item) => withHistory(item, where));
  if (!isObject(value)) return scalar(value, where);
  if (value['class_name'] === '__tuple__' && Array.isArray(value['items'])) return value['items'].map((item) => withHistory(item, where));
  if (value['class_name'] !== '__keras_tensor__') return plainObject(value, (item) => withHistory(item, where), where);
  const { config } = validate(kerasTensor, value, where);
  const [layer, call, tensor] = config.keras_history;
  const stated = Array.isArray(config.shape) ? { shape: config.shape, dtype: config.dtype ?? 'float32' } : null;
  return new Reference(layer, call, tensor, 'history', stated);
}

/** Keras 2: `[layer, call, tensor, kwargs]` in lists and dicts; every tensor of a node carries the same keyword arguments. */
function withTriples(value: unknown, keywords: Readonly<Record<string, unknown>>[], where: Location): SpecArg {
  if (isTensor(value)) {
    if (isObject(value[3])) keywords.push(value[3]);
    if (value[0] === CONSTANT) return scalar(value[2], where);
    return triple(value, where);
  }
  if (Array.isArray(value)) return value.map((item) => withTriples(item, keywords, where));
  if (isObject(value)) return mapValues(value, (item) => withTriples(item, keywords, where));
  return fail('config-invalid', { found: brief(value), expected: 'a tensor [layer, call, index]' }, where);
}

/** Keras 2 keyword arguments: a list `[layer, call, index]` of a layer of this model is a tensor, all else is JSON. */
function withHidden(value: unknown, names: ReadonlySet<string>, where: Location): SpecArg {
  if (isTensor(value) && value.length === 3 && names.has(value[0]) && Number.isInteger(value[1]) && Number.isInteger(value[2])) {
    return triple(value, where);
  }
  if (Array.isArray(value)) return value.map((item) => withHidden(item, names, where));
  if (isObject(value)) return plainObject(value, (item) => withHidden(item, names, where), where);
  return scalar(value, where);
}

const isTensor = (value: unknown): value is readonly [string, ...unknown[]] => Array.isArray(value) && typeof value[0] === 'string';

/** A tensor as `[layer, call, index, ...]`. */
export function triple(value: unknown, where: Location): Reference {
  const [layer, call, tensor] = validate(tensorTriple, value, where);
  return new Reference(layer, call, tensor, 'list');
}

/** JSON in arguments must not look like a tensor of the graph. */
function plainObject(value: Readonly<Record<string, unknown>>, convert: (item: unknown) => SpecArg, where: Location): SpecArg {
  if (typeof value['tensor'] === 'string' && Object.keys(value).length === 1) {
    fail('config-invalid', { found: brief(value), expected: 'a tensor as Keras writes it' }, where);
  }
  return mapValues(value, convert);
}

function scalar(value: unknown, where: Location): SpecArg {
  if (value === undefined) return null;
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map((item) => scalar(item, where));
  return fail('config-invalid', { found: brief(value), expected: 'a constant' }, where);
}

/** `fromEntries` defines keys such as `__proto__` instead of assigning to them. */
const mapValues = (object: Readonly<Record<string, unknown>>, convert: (value: unknown) => SpecArg): Readonly<Record<string, SpecArg>> =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, convert(value)]));
