import type { Described } from './translate.ts';

/** Keras 2 has a layer for each mode. `cos` gives a tensor of another rank than Dot with `normalize` does, and has none. */
const MODES: ReadonlyMap<unknown, string> = new Map([
  ['sum', 'Add'],
  ['mul', 'Multiply'],
  ['ave', 'Average'],
  ['max', 'Maximum'],
  ['concat', 'Concatenate'],
  ['dot', 'Dot'],
]);

/**
 * The layer that a `Merge` of Keras 1, which Keras 2.0 to 2.2 still write, stands for: one that merges by a function is itself, and
 * no layer that is known.
 */
export function mergeOf(layer: Described): Described {
  const { mode, mode_type: type, concat_axis: axis, dot_axes: axes } = layer.config;
  const className = type === undefined || type === null || type === 'raw' ? MODES.get(mode) : undefined;
  if (className === undefined) return layer;
  const more = mode === 'concat' ? { axis: axis ?? -1 } : mode === 'dot' ? { axes: flat(axes ?? -1) } : {};
  return { className, config: { ...layer.config, ...more } };
}

/** Each of two axes may stand in a list of its own. */
const flat = (axes: unknown): unknown => (Array.isArray(axes) ? axes.flat() : axes);
