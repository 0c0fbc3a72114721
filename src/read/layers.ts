import { fail, type Location } from '../diagnostics/error.ts';
import { brief, validate } from '../schema/validate.ts';
import { readFunctional } from './functional.ts';
import { type LayerEnvelope, layerEnvelope, layerIdentity } from './keras.ts';
import { orderingOf, translated } from './keras1/translate.ts';
import { readSequential } from './sequential.ts';
import { isObject, type LayerSpec, type ModelSpec } from './spec.ts';

/** What of a model's or layer's envelope tells what is inside. */
export type Envelope = Pick<LayerEnvelope, 'class_name' | 'config' | 'build_config'>;

/**
 * A model's layers, nodes, inputs and outputs, nested models included.
 * @throws SkipcError `model-subclassed` where the class is neither Sequential nor functional
 */
export function readModelSpec(envelope: Envelope, name: string | null, where: Location): ModelSpec {
  const read = container(envelope);
  if (read === null) fail('model-subclassed', { className: envelope.class_name }, where);
  return read(envelope, name, where);
}

/** How a class keeps its layers, or null where it is an ordinary layer. */
function container({ class_name: className, config }: Envelope): typeof readFunctional | null {
  if (className === 'Sequential') return readSequential;
  if (className === 'Model' || className === 'Functional') return readFunctional;
  // A subclass that was made from inputs and outputs is saved, and means, the same as a functional model.
  const functional =
    isObject(config) && Array.isArray(config['layers']) && config['input_layers'] !== undefined && config['output_layers'] !== undefined;
  return functional ? readFunctional : null;
}

/** True where an envelope holds a model and not an ordinary layer. */
export const isModel = (envelope: Envelope): boolean => container(envelope) !== null;

const KERAS_OPS = /^keras\.(?:src\.)?(?=ops\b)/;
const KERAS = /^(keras|tf_keras|tensorflow)\b/;

/**
 * The name of a layer's class. Keras 3's ops and layers of other packages may be called as a layer of Keras is, `Add` say, and mean
 * something else: their module or package is part of the name. Only for those Keras writes a `registered_name`.
 */
export function classOf({ class_name: className, module, registered_name: registered }: LayerEnvelope): string {
  if (typeof module === 'string' && KERAS_OPS.test(module)) return `${module.replace(KERAS_OPS, '')}.${className}`;
  if (typeof registered !== 'string' || registered === '') return className;
  if (registered.includes('>')) return registered;
  return typeof module === 'string' && !KERAS.test(module) ? `${module}.${className}` : className;
}

/** A layer of a model before its calls are known. */
export type Uncalled = Omit<LayerSpec, 'nodes'> & {
  readonly nodes: unknown;
  readonly buildConfig: Readonly<Record<string, unknown>> | null;
};

/**
 * The layers listed in a model, in file order; those that Keras 1 wrote as Keras 2 would write them.
 * @param pointers where each stands, when they are not the items of one list
 * @throws SkipcError `config-invalid` naming the layer, `layer-duplicate`
 */
export function readLayers(listed: readonly unknown[], where: Location, pointers?: readonly string[]): readonly Uncalled[] {
  const names = new Set<string>();
  const unnamed = new Map<string, number>();
  const ordering = orderingOf(listed.map(configOf));
  return listed.map((value, i) => {
    const pointer = pointers?.[i] ?? `${where.pointer ?? ''}/${i}`;
    const envelope = validate(layerEnvelope, value, { ...where, pointer, layer: nameOf(value) ?? undefined });
    const name = nameOf(envelope) ?? numbered(envelope.class_name, unnamed, names);
    const at: Location = { ...where, pointer, layer: name };
    if (names.has(name)) fail('layer-duplicate', { name: brief(name) }, at);
    names.add(name);
    const identity = Array.isArray(envelope.config)
      ? {}
      : validate(layerIdentity, envelope.config, { ...at, pointer: `${pointer}/config` });
    const config = isObject(envelope.config) ? envelope.config : { layers: envelope.config };
    const layer = container(envelope) === null ? translated({ className: classOf(envelope), config }, ordering) : null;
    return {
      name,
      className: layer?.className ?? envelope.class_name,
      config: layer?.config ?? config,
      trainable: identity.trainable !== false,
      pointer,
      nodes: envelope.inbound_nodes,
      buildConfig: envelope.build_config ?? null,
      model: layer !== null ? null : readModelSpec(envelope, name, at),
    };
  });
}

const configOf = (layer: unknown): Readonly<Record<string, unknown>> =>
  isObject(layer) && isObject(layer['config']) ? layer['config'] : {};

/** The name by which nodes refer to a layer stands beside its config; layers of a Sequential have theirs in it. */
function nameOf(layer: unknown): string | null {
  if (!isObject(layer)) return null;
  const { name, config } = layer;
  if (typeof name === 'string') return name;
  return isObject(config) && typeof config['name'] === 'string' ? config['name'] : null;
}

/** A name for a nested model that its file gives none: its class in snake case and a number, as Keras names layers. */
function numbered(className: string, counts: Map<string, number>, taken: ReadonlySet<string>): string {
  const base = className.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();
  let count = counts.get(base) ?? 0;
  do count++;
  while (taken.has(`${base}_${count}`));
  counts.set(base, count);
  return `${base}_${count}`;
}
