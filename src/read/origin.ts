import type { Origin } from '../model/graph.ts';
import type { Found } from './detect.ts';
import { isKeras1 } from './keras1/translate.ts';
import { isObject } from './spec.ts';

const TFJS = 'tfjs-layers';

/** Whose meaning a model has: what `keras_version` says, else what the form of its JSON shows. */
export function originOf(found: Found): Origin {
  // The innermost statement is nearest to what wrote the model.
  const versions = found.around.map((object) => object['keras_version']).filter((version) => typeof version === 'string');
  const version = versions.at(-1) ?? null;
  if (version === null) return { keras: evidence(found), writer: madeByTfjs(found) ? TFJS : 'keras', version };
  if (version.startsWith(TFJS)) return { keras: 2, writer: TFJS, version };
  const major = Number.parseInt(version, 10);
  return { keras: major >= 3 ? 3 : major <= 1 ? 1 : 2, writer: 'keras', version };
}

function madeByTfjs(found: Found): boolean {
  return found.around.some(
    (object) =>
      object['backend'] === 'tensor_flow.js' || (typeof object['generatedBy'] === 'string' && object['generatedBy'].includes(TFJS)),
  );
}

const OLD_MODULE = /^(keras\.src\.engine|keras\.engine|keras\.layers\.core|tensorflow\.|tf_keras\.)/;
const NEW_MODULE = /^keras\.src\.(models|layers|ops)\b/;

/** The version by what only one of them writes, the plainest evidence first; a file that shows nothing is Keras 2. */
function evidence(found: Found): 1 | 2 | 3 {
  const { config } = found.model;
  const listed = Array.isArray(config) ? config : isObject(config) ? config['layers'] : [];
  const layers = (Array.isArray(listed) ? listed : []).filter(isObject);
  return byModule(found.model, layers) ?? byOldConfig(layers) ?? byNodes(layers) ?? byConfig(layers) ?? 2;
}

function byModule(model: Readonly<Record<string, unknown>>, layers: readonly Readonly<Record<string, unknown>>[]): 2 | 3 | null {
  for (const { module } of [model, ...layers]) {
    if (typeof module !== 'string') continue;
    if (OLD_MODULE.test(module)) return 2;
    if (NEW_MODULE.test(module)) return 3;
  }
  return null;
}

/** Keras 1 had other names for what a layer is told. */
function byOldConfig(layers: readonly Readonly<Record<string, unknown>>[]): 1 | null {
  const old = layers.some(
    ({ class_name: className, config }) => typeof className === 'string' && isObject(config) && isKeras1({ className, config }),
  );
  return old ? 1 : null;
}

function byNodes(layers: readonly Readonly<Record<string, unknown>>[]): 2 | 3 | null {
  for (const { inbound_nodes: nodes } of layers) {
    const first: unknown = Array.isArray(nodes) ? nodes[0] : undefined;
    if (Array.isArray(first)) return 2;
    if (isObject(first)) return Array.isArray(first['args']) ? 3 : 2;
  }
  return null;
}

function byConfig(layers: readonly Readonly<Record<string, unknown>>[]): 2 | 3 | null {
  for (const { config } of layers) {
    if (!isObject(config)) continue;
    if (config['batch_input_shape'] !== undefined) return 2;
    if (config['batch_shape'] !== undefined) return 3;
    if (isObject(config['dtype']) && config['dtype']['class_name'] === 'DTypePolicy') return 3;
  }
  return null;
}
