/** Convolutions and poolings as they are defined, one multiplication at a time, channels last. */

export interface Grid {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const size = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
const offset = (shape: readonly number[], place: readonly number[]): number =>
  place.reduce((at, i, axis) => at * (shape[axis] as number) + i, 0);

/** Every place of a shape, the last axis fastest. */
function* places(shape: readonly number[]): Generator<readonly number[]> {
  const strides = shape.map((_, axis) => size(shape.slice(axis + 1)));
  for (let i = 0; i < size(shape); i++) yield strides.map((stride, axis) => Math.floor(i / stride) % (shape[axis] as number));
}

/** Numbers that look random, and are the same in every run. */
export function numbers(shape: readonly number[], seed: number): Grid {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 31 - 1.25;
  };
  return { shape, data: Array.from({ length: size(shape) }, next) };
}

export interface Moving {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: 'valid' | 'same' | 'causal';
}

/** Output size of an axis and the zeros before it. */
function frame(n: number, taps: number, stride: number, dilation: number, padding: Moving['padding']): readonly [number, number] {
  const span = (taps - 1) * dilation + 1;
  if (padding === 'causal') return [Math.floor((n - 1) / stride) + 1, span - 1];
  if (padding === 'valid') return [Math.floor((n - span) / stride) + 1, 0];
  const out = Math.ceil(n / stride);
  return [out, Math.floor(Math.max((out - 1) * stride + span - n, 0) / 2)];
}

/**
 * Slides `taps` over x and reduces what each window holds.
 * @param reduce is given, for one output channel, the places in x that the window covers and their taps
 */
function slide(
  x: Grid,
  taps: readonly number[],
  channels: number,
  { strides, dilations, padding }: Moving,
  reduce: (covered: readonly { readonly place: readonly number[]; readonly tap: readonly number[] }[], channel: number) => number,
): Grid {
  const frames = taps.map((k, i) => frame(x.shape[i + 1] as number, k, strides[i] as number, dilations[i] as number, padding));
  const shape = [x.shape[0] as number, ...frames.map(([out]) => out), channels];
  const data = [...places(shape)].map((at) => {
    const covered = [...places(taps)].flatMap((tap) => {
      const place = tap.map(
        (t, i) => (at[i + 1] as number) * (strides[i] as number) + t * (dilations[i] as number) - (frames[i]?.[1] as number),
      );
      const inside = place.every((p, i) => p >= 0 && p < (x.shape[i + 1] as number));
      return inside ? [{ place: [at[0] as number, ...place], tap }] : [];
    });
    return reduce(covered, at.at(-1) as number);
  });
  return { shape, data };
}

const value = ({ shape, data }: Grid, place: readonly number[]): number => data[offset(shape, place)] as number;

/** kernel: [...taps, in / groups, out]. */
export function conv(x: Grid, kernel: Grid, groups: number, moving: Moving): Grid {
  const [inner, out] = kernel.shape.slice(-2) as [number, number];
  return slide(x, kernel.shape.slice(0, -2), out, moving, (covered, channel) => {
    const from = Math.floor(channel / (out / groups)) * inner;
    let sum = 0;
    for (const { place, tap } of covered)
      for (let c = 0; c < inner; c++) sum += value(x, [...place, from + c]) * value(kernel, [...tap, c, channel]);
    return sum;
  });
}

/** kernel: [...taps, in, multiplier]. */
export function depthwiseConv(x: Grid, kernel: Grid, moving: Moving): Grid {
  const [inner, multiplier] = kernel.shape.slice(-2) as [number, number];
  return slide(x, kernel.shape.slice(0, -2), inner * multiplier, moving, (covered, channel) => {
    const [c, m] = [Math.floor(channel / multiplier), channel % multiplier];
    return covered.reduce((sum, { place, tap }) => sum + value(x, [...place, c]) * value(kernel, [...tap, c, m]), 0);
  });
}

export function pooled(x: Grid, window: readonly number[], strides: readonly number[], padding: 'valid' | 'same', mean: boolean): Grid {
  const moving = { strides, padding, dilations: window.map(() => 1) };
  return slide(x, window, x.shape.at(-1) as number, moving, (covered, channel) => {
    const values = covered.map(({ place }) => value(x, [...place, channel]));
    return mean ? values.reduce((sum, v) => sum + v, 0) / values.length : Math.max(...values);
  });
}

/**
 * kernel: [...taps, out, in]. Each element of x puts the kernel, scaled, at its stride-th place; of all of that Keras keeps what
 * its padding says.
 */
export function convTranspose(
  x: Grid,
  kernel: Grid,
  { strides, dilations, padding }: Moving,
  outputPadding: readonly number[] | null,
): Grid {
  const [out, inner] = kernel.shape.slice(-2) as [number, number];
  const taps = kernel.shape.slice(0, -2);
  const axes = taps.map((k, i) => {
    const [n, s] = [x.shape[i + 1] as number, strides[i] as number];
    const span = (k - 1) * (dilations[i] as number) + 1;
    const more = outputPadding?.[i];
    if (padding === 'valid') return { length: (n - 1) * s + span + (more ?? Math.max(s - span, 0)), before: 0 };
    const total = more === undefined ? s + span - 2 : span + (span % 2) - 2 + more;
    return {
      length: more === undefined ? n * s : (n - 1) * s + (span % 2) + more,
      before: span - 1 - Math.min(Math.ceil(total / 2), span - 1),
    };
  });
  const shape = [x.shape[0] as number, ...axes.map(({ length }) => length), out];
  const data = Array.from({ length: size(shape) }, () => 0);
  for (const at of places(x.shape.slice(0, -1)))
    for (const tap of places(taps)) {
      const place = tap.map(
        (t, i) => (at[i + 1] as number) * (strides[i] as number) + t * (dilations[i] as number) - (axes[i]?.before as number),
      );
      if (!place.every((p, i) => p >= 0 && p < (axes[i]?.length as number))) continue;
      for (let f = 0; f < out; f++) {
        const target = offset(shape, [at[0] as number, ...place, f]);
        for (let c = 0; c < inner; c++) data[target] = (data[target] as number) + value(x, [...at, c]) * value(kernel, [...tap, f, c]);
      }
    }
  return { shape, data };
}
