import { brief } from '../schema/validate.ts';
import { PEER_ACTIVATIONS, PEER_CLASSES, PEER_IDLE } from './classes.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A layer as tfjs-layers makes one: the config in its own spelling, without a name. */
export interface PeerConfig {
  readonly className: string;
  readonly config: Record<string, unknown>;
}

/** Raised where tfjs-layers has nothing that the model's layer could be said in; the message is the reason. */
export class Inexpressible extends Error {}

const refuse = (reason: string): never => {
  throw new Inexpressible(reason);
};

/** Strings that tfjs-layers spells in camel case. Numbers and lists are as Keras writes them. */
const ENUMERATED: ReadonlySet<string> = new Set(['data_format', 'output_mode', 'padding', 'interpolation', 'merge_mode']);
/** What a key is called that Keras 3 renamed. */
const OLD_NAMES: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map([['LeakyReLU', { negative_slope: 'alpha' }]]);
/** Wrappers in wrappers. */
const DEEPEST = 16;

/**
 * The config of a layer of Keras 2, Keras 3 or tfjs-layers, in the form that tfjs-layers reads.
 * @throws Inexpressible
 */
export function peerConfig(className: string, given: Fields, depth = 0): PeerConfig {
  const idle = PEER_IDLE.get(className);
  if (idle !== undefined) return idle;
  const keys = PEER_CLASSES.get(className) ?? refuse(`tfjs-layers has no layer ${brief(className)} that a model could call`);
  if (depth > DEEPEST) refuse('wrappers in wrappers lie too deep');
  if (given['turned_kernel'] === true) refuse('the kernel is stored as Theano convolves with it');
  const names = OLD_NAMES.get(className) ?? {};
  const config: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    const name = Object.hasOwn(names, key) ? (names[key] as string) : key;
    if (!keys.includes(name) || value === undefined) continue;
    config[camelCase(name)] = peerValue(className, name, value, depth);
  }
  if (className === 'Bidirectional') checkBackward(given);
  // The default takes long, and fails where tfjs has no chained ops; cells in a stack are not told that their weights will be set.
  return { className, config: className.endsWith('Cell') ? { ...config, recurrentInitializer: 'zeros' } : config };
}

function peerValue(className: string, key: string, value: unknown, depth: number): unknown {
  if (key === 'activation' || key === 'recurrent_activation') return activation(value);
  if (key === 'layer' || key === 'cell') return inner(value, depth);
  if (key === 'cells') return Array.isArray(value) ? value.map((cell) => inner(cell, depth)) : refuse('its cells are no list');
  const plain = withoutTuples(value);
  if (key === 'axis' && Array.isArray(plain) && plain.length === 1 && className !== 'LayerNormalization') return plain[0];
  // The others take one number for all axes.
  if (className === 'UpSampling2D' && key === 'size' && typeof plain === 'number') return [plain, plain];
  return ENUMERATED.has(key) && typeof plain === 'string' ? camelCase(plain) : plain;
}

/** The layer or cell in a wrapper, as tfjs-layers deserialises it. */
function inner(value: unknown, depth: number): object {
  const { class_name: className, config } = fieldsOf(value);
  if (typeof className !== 'string' || Array.isArray(config) || Array.isArray(fieldsOf(config)['layers'])) {
    return refuse('tfjs-layers does not take a model in a wrapper from its file');
  }
  const made = peerConfig(className, fieldsOf(config), depth + 1);
  // Keras 3 writes the forward layer of a Bidirectional by the name it has there; tfjs-layers puts that word before it itself.
  const name = tensorName(fieldsOf(config)['name'])?.replace(/^forward_(?=.)/, '');
  return { ...made, config: { ...made.config, name: name ?? 'inner' } };
}

function activation(value: unknown): string {
  if (value === null || value === undefined) return 'linear';
  // Keras 3 writes a function as an object, whose config is its name.
  const name = typeof value === 'string' ? value : fieldsOf(value)['class_name'] === 'function' ? fieldsOf(value)['config'] : null;
  return PEER_ACTIVATIONS.get(String(name)) ?? refuse(`tfjs-layers has no activation ${brief(name ?? value)}`);
}

/** tfjs-layers makes the backward layer from the forward one. */
function checkBackward(given: Fields): void {
  const [forward, backward] = [fieldsOf(given['layer']), fieldsOf(given['backward_layer'])];
  if (given['backward_layer'] === undefined || given['backward_layer'] === null) return;
  const compared = ({ class_name: className, config }: Fields): string => {
    const { name: _, go_backwards: __, ...rest } = peerConfig(String(className), fieldsOf(config)).config;
    const { goBackwards: ___, ...others } = rest;
    return JSON.stringify([className, others]);
  };
  if (compared(forward) !== compared(backward)) refuse('tfjs-layers has no Bidirectional with a backward layer of its own');
}

/** A name that tfjs-layers takes as the name of tensors, or null. */
export const tensorName = (name: unknown): string | null =>
  typeof name === 'string' && /^[A-Za-z0-9][-A-Za-z0-9._/]*$/.test(name) && !(name in {}) ? name : null;

/** Lists, where Keras 3 wrote tuples as objects. */
function withoutTuples(value: unknown): unknown {
  const { class_name: className, items } = fieldsOf(value);
  const list = className === '__tuple__' ? items : value;
  return Array.isArray(list) ? list.map(withoutTuples) : list;
}

const camelCase = (name: string): string => name.replace(/_+(\w|$)/g, (_, letter: string) => letter.toUpperCase());

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
