import { isObject } from '../spec.ts';

/** A layer as a topology describes it, seen as the holder of variables and of other layers. */
export interface SavedLayer {
  /** The class's own name, without package: Keras's weight files number layers by it. */
  readonly className: string;
  /** False for a class that somebody has registered: it may be called as one of Keras's is, and is another. */
  readonly builtIn: boolean;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Reads the envelope of a layer or model; null where the JSON is none. */
export function savedLayer(envelope: unknown): SavedLayer | null {
  if (!isObject(envelope) || typeof envelope['class_name'] !== 'string') return null;
  const { class_name: className, config, name, module, registered_name: registered } = envelope;
  // Up to Keras 2.2.2 a Sequential's config is the list of its layers.
  const settings = Array.isArray(config) ? { layers: config } : isObject(config) ? config : {};
  const given = typeof name === 'string' ? name : settings['name'];
  return {
    className,
    builtIn: !(typeof registered === 'string' && registered.includes('>')) && (typeof module !== 'string' || KERAS.test(module)),
    name: typeof given === 'string' ? given : snakeCase(className),
    config: settings,
  };
}

const KERAS = /^(keras|tf_keras|tensorflow)\b/;
const OPERATION = /^keras\.src\.ops\b/;

const listed = new WeakMap<object, readonly SavedLayer[]>();

/**
 * The layers that a model lists, the same objects for the same model; null for a layer that is no model. Nodes that call a
 * function of `keras.ops` are no layers.
 */
export function layersOf({ config }: SavedLayer): readonly SavedLayer[] | null {
  const { layers } = config;
  if (!Array.isArray(layers)) return null;
  const known = listed.get(layers) ?? envelopes(layers.filter((layer) => !isOperation(layer)));
  listed.set(layers, known);
  return known;
}

const isOperation = (layer: unknown): boolean => isObject(layer) && typeof layer['module'] === 'string' && OPERATION.test(layer['module']);

const envelopes = (list: readonly unknown[]): readonly SavedLayer[] => list.map(savedLayer).filter((layer) => layer !== null);

/** The attributes under which attention layers keep their projections, and the names that they give these. */
const PROJECTIONS: ReadonlyMap<string, string> = new Map([
  ['query_dense', 'query'],
  ['key_dense', 'key'],
  ['value_dense', 'value'],
  ['gate_dense', 'gate'],
  ['output_dense', 'attention_output'],
]);
const ATTENTIONS: ReadonlySet<string> = new Set(['MultiHeadAttention', 'GroupedQueryAttention', 'GroupQueryAttention']);
const RECURRENT = /^(SimpleRNN|GRU|LSTM|ConvLSTM[123]D)$/;

/** The layer that another keeps under an attribute of its own; null where the topology describes none. */
export function heldLayer(holder: SavedLayer, attribute: string): SavedLayer | null {
  const { className, config } = holder;
  const projection = PROJECTIONS.get(attribute.replace(/^_/, ''));
  if (projection !== undefined && ATTENTIONS.has(className)) return { ...holder, className: 'EinsumDense', name: projection };
  if (attribute === 'forward_layer' || attribute === 'backward_layer') return direction(holder, attribute);
  if (attribute === 'cell' && RECURRENT.test(className)) {
    const cell = className.replace(/^(ConvLSTM)[123]D$/, '$1');
    return { ...holder, className: `${cell}Cell`, name: snakeCase(`${cell}Cell`) };
  }
  return savedLayer(own(config, attribute) ?? own(config, attribute.replace(/^_/, '')));
}

/** The layers that another keeps in a list under an attribute of its own: cells, say. Null where the topology describes none. */
export function heldLayers({ config }: SavedLayer, attribute: string): readonly SavedLayer[] | null {
  const list = own(config, attribute);
  const held = Array.isArray(list) ? envelopes(list) : [];
  return held.length > 0 ? held : null;
}

const own = (object: Readonly<Record<string, unknown>>, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined);

/** Keras names the two layers of a Bidirectional after the one it was made from, unless it was given the second. */
function direction({ config }: SavedLayer, attribute: 'forward_layer' | 'backward_layer'): SavedLayer | null {
  const layer = savedLayer(config['layer']);
  const given = attribute === 'backward_layer' ? savedLayer(config['backward_layer']) : null;
  if (given !== null || layer === null) return given;
  const name = layer.name.replace(/^(forward|backward)_/, '');
  return { ...layer, name: `${attribute.replace(/_layer$/, '')}_${name}` };
}

/** A class's name as Keras makes other names of it: `Conv2DTranspose` is `conv2d_transpose`, `PReLU` `p_re_lu`. */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
