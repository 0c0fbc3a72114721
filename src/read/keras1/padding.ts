import { isObject } from '../spec.ts';

type Config = Readonly<Record<string, unknown>>;

/** The ends of the axes as Keras 1 names them, in the order of the axes. */
const ENDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['ZeroPadding1D', ['left_pad', 'right_pad']],
  ['ZeroPadding2D', ['top_pad', 'bottom_pad', 'left_pad', 'right_pad']],
]);

/** The config of a ZeroPadding layer whose `padding` is four numbers or names the ends, as only Keras 1 has it, with pairs instead. */
export function paddingOf(className: string, config: Config): Config {
  const { padding } = config;
  const names = ENDS.get(className) ?? [];
  const ends = isObject(padding) ? named(padding, names) : Array.isArray(padding) && padding.length === 4 ? padding : null;
  if (ends === null || ends.length !== names.length || !ends.every((end) => typeof end === 'number')) return config;
  if (ends.length === 2) return { ...config, padding: ends };
  return { ...config, padding: [ends.slice(0, 2), ends.slice(2)] };
}

/** An end that is left out has no padding. */
function named(padding: Config, names: readonly string[]): readonly unknown[] | null {
  if (!Object.keys(padding).every((name) => names.includes(name))) return null;
  return names.map((name) => (Object.hasOwn(padding, name) ? padding[name] : 0));
}
