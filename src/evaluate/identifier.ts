import { brief } from '../schema/validate.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a model file, or a user, calls a loss or a metric. */
export interface Identifier {
  /** As a message can show it, where it is no name. */
  readonly name: string;
  /** Null where it is named and nothing else. */
  readonly config: Json | null;
  readonly kind: 'name' | 'class' | 'function' | 'custom';
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Modules whose classes are Keras's own. */
const OWN = /^(builtins|keras|keras_core|tf_keras|tensorflow|tensorflow_core)(\.|$)/;
const WRAPPERS: ReadonlySet<unknown> = new Set(['MeanMetricWrapper', 'LossFunctionWrapper']);
const MOST_WRAPPERS = 8;

/**
 * Reads an identifier in any of its forms: a name, `{class_name, config}`, a function `{class_name: 'function', config: name}`, or a
 * wrapper around one of these, whose other keys are the function's.
 */
export function identifierOf(given: unknown): Identifier {
  let inner = given;
  let around: Json | null = null;
  for (let depth = 0; depth <= MOST_WRAPPERS; depth++) {
    if (typeof inner === 'string') return { name: inner, config: around, kind: around === null ? 'name' : 'function' };
    if (!isObject(inner)) break;
    const { class_name: className, config, module, registered_name: registered } = inner;
    if (typeof className !== 'string' || isForeign(module, registered)) break;
    if (className === 'function' && typeof config === 'string') return { name: config, config: around ?? {}, kind: 'function' };
    if (!WRAPPERS.has(className)) {
      if (around !== null || className.startsWith('__')) break;
      return { name: className, config: isObject(config) ? withoutTensors(config) : {}, kind: 'class' };
    }
    if (!isObject(config) || config['fn'] === undefined) break;
    const { fn, ...others } = config;
    inner = fn;
    around = { ...withoutTensors(others), ...(around ?? {}) };
  }
  return { name: customName(inner), config: null, kind: 'custom' };
}

/** True for a class that a user has registered, or that is of another package: Keras's of the same name is not meant. */
const isForeign = (module: unknown, registered: unknown): boolean =>
  (typeof module === 'string' && !OWN.test(module)) || (typeof registered === 'string' && /^(?!keras>).*>/i.test(registered));

function customName(given: unknown): string {
  if (!isObject(given)) return brief(given);
  const { class_name: className, config, registered_name: registered } = given;
  if (className === '__lambda__') return 'lambda, which is Python code';
  const shown = typeof registered === 'string' && registered !== 'function' ? registered : className;
  return brief(typeof shown === 'string' ? (shown === 'function' ? config : shown) : given);
}

/** Keras 3 writes arrays in a config as `{class_name: '__tensor__', config: {value}}`. */
function withoutTensors(config: Json): Json {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => {
      const isArray = isObject(value) && (value['class_name'] === '__tensor__' || value['class_name'] === '__numpy__');
      return [key, isArray && isObject(value['config']) ? value['config']['value'] : value];
    }),
  );
}
