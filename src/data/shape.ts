type Size = number | string;

/** True where sizes could be those of a sample; names stand for any size. */
export const fits = (found: readonly number[], wanted: readonly Size[]): boolean =>
  found.length === wanted.length && wanted.every((size, axis) => typeof size === 'string' || size === found[axis]);

/**
 * The sizes that a sample has once an axis of length 1 is added or dropped, where it does not fit as it is: grey images often come without
 * their channel axis, columns without their second. Null where no such axis helps.
 */
export function fitted(found: readonly number[], wanted: readonly Size[]): readonly number[] | null {
  const candidates = [
    found,
    ...(wanted.at(-1) === 1 ? [[...found, 1]] : []),
    ...(wanted[0] === 1 && wanted.length === 3 ? [[1, ...found]] : []),
    ...(found.at(-1) === 1 ? [found.slice(0, -1)] : []),
  ];
  return candidates.find((sizes) => fits(sizes, wanted)) ?? null;
}

export interface ImageAxes {
  /** Null where the model does not say it. */
  readonly height: number | null;
  readonly width: number | null;
  readonly channels: 1 | 3 | 4;
  /** Where the channels are; grey images may have no such axis. */
  readonly layout: 'last' | 'first' | 'none';
}

/** How images lie in an input; null where it is none of images. Channels are the last axis where either could be. */
export function imageAxes(shape: readonly Size[]): ImageAxes | null {
  const sizes = shape.slice(1);
  const known = (size: Size | undefined): number | null => (typeof size === 'number' ? size : null);
  if (sizes.length === 2) return { height: known(sizes[0]), width: known(sizes[1]), channels: 1, layout: 'none' };
  if (sizes.length !== 3) return null;
  const [first, second, last] = sizes;
  if (isChannels(last)) return { height: known(first), width: known(second), channels: last, layout: 'last' };
  if (isChannels(first)) return { height: known(second), width: known(last), channels: first, layout: 'first' };
  return typeof last === 'string' ? { height: known(first), width: known(second), channels: 3, layout: 'last' } : null;
}

const isChannels = (size: Size | undefined): size is 1 | 3 | 4 => size === 1 || size === 3 || size === 4;
