import type { Settings } from './graph.ts';

/** Settings of a layer: what can change its results, and what matters to training at most. */
export interface SplitSettings {
  readonly meaning: Settings;
  readonly training: Settings;
}

type Fields = Readonly<Record<string, unknown>>;

/** Says how a layer was written, or what its graph and its weights say as well. */
const ELSEWHERE =
  /^(?:name|module|registered_name|build_config|shared_object_id|batch_input_shape|batch_shape|input_shape|build_input_shape|quantization_config)$/;
const STATED_FOR_TRAINING = /(?:_|^)(?:initializer|regularizer|constraint|trainable)$/;
/** What Keras's own layers do in training alone: of other people's, it may be anything. */
const TRAINING = /(?:_|^)(?:initializer|regularizer|constraint|trainable)$|^(?:momentum|seed|rate|noise_shape|stddev|renorm\w*)$/;

/**
 * The settings of a layer's config, those of objects in it by paths: `layer.units`.
 * @param config as the file has it
 * @param read the part of it that the layer's row reads, defaults filled in; null where skipc has no row, and all of it may matter
 */
export function settingsOf(config: Fields, read: Fields | null): SplitSettings {
  const meaning = new Map<string, string>();
  const training = new Map<string, string>();
  for (const [key, value] of Object.entries(read ?? config)) {
    for (const [path, text] of flat(key, value)) {
      const last = path.slice(path.lastIndexOf('.') + 1);
      // A layer's own flag is its node's.
      if (path === 'trainable') continue;
      const isRead = read !== null && !path.includes('.');
      const isTraining = read === null ? STATED_FOR_TRAINING : TRAINING;
      (!isRead && (isTraining.test(last) || isTraining.test(key)) ? training : meaning).set(path, text);
    }
  }
  if (read === null) return { meaning, training };
  for (const [key, value] of Object.entries(config)) {
    if (Object.hasOwn(read, key) || key === 'trainable') continue;
    for (const [path, text] of flat(key, value)) training.set(path, text);
  }
  return { meaning, training };
}

/**
 * A value as paths and JSON. A serialised object is its class and its config, a policy the dtype that it names; versions of Keras write
 * both as mere names, too.
 */
export function flat(path: string, value: unknown): readonly (readonly [path: string, json: string])[] {
  if (ELSEWHERE.test(path.slice(path.lastIndexOf('.') + 1))) return [];
  if (!isObject(value)) return [[path, jsonOf(value)]];
  const { registered_name: registered, config } = value;
  // A class that is not Keras's own is told from others of its name by the package that registered it.
  const className = typeof registered === 'string' && registered.includes('>') ? registered : value['class_name'];
  if (typeof className === 'string' && /^(?:DTypePolicy|FloatDTypePolicy|Policy)$/.test(className) && isObject(config))
    return [[path, jsonOf(config['name'])]];
  if (typeof className === 'string' && typeof config === 'string') return [[path, jsonOf(config)]];
  if (typeof className === 'string' && isObject(config)) return [[path, jsonOf(className)], ...within(path, config)];
  return within(path, value);
}

const within = (path: string, object: Fields) =>
  Object.keys(object)
    .sort()
    .flatMap((key) => flat(`${path}.${key}`, object[key]));

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON with keys in order; what JSON has no number for is a string. */
export function jsonOf(value: unknown): string {
  return (
    JSON.stringify(value, (_, item: unknown) => {
      if (typeof item === 'number' && !Number.isFinite(item)) return String(item);
      return isObject(item)
        ? Object.fromEntries(
            Object.keys(item)
              .sort()
              .map((key) => [key, item[key]]),
          )
        : item;
    }) ?? 'null'
  );
}

/** A setting that two nodes do not have in common, as JSON; null where it is not set, or null. */
export interface SettingChange {
  readonly key: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** What differs, keys in order. Keras writes sizes that are alike as a number and as a list. */
export function changedSettings(a: Settings, b: Settings): readonly SettingChange[] {
  const keys = [...new Set([...a.keys(), ...b.keys()])].sort();
  return keys
    .map((key) => ({ key, before: given(a.get(key)), after: given(b.get(key)) }))
    .filter(
      ({ before, after }) =>
        before !== after && !(before !== null && after !== null && (isSpread(before, after) || isSpread(after, before))),
    );
}

const given = (json: string | undefined): string | null => (json === undefined || json === 'null' ? null : json);

/** True for `2` and `[2,2]`. */
const isSpread = (one: string, list: string): boolean =>
  list.startsWith('[') &&
  /^-?\d+$/.test(one) &&
  list.length > 2 &&
  list
    .slice(1, -1)
    .split(',')
    .every((item) => item === one);
