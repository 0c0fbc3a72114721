/** How an axis is sampled: for each place of the result, where its span of the source begins, and the weights of that span. */
export interface Spans {
  /** The weights of one place. */
  readonly length: number;
  readonly starts: Int32Array;
  /** `length` for each place; those behind the source's end are zero. */
  readonly weights: Float32Array;
}

type Sampler = (from: number, to: number) => Spans;

const { fround } = Math;

/** A kernel around each place's centre, not widened where an image shrinks (no antialias), its weights made to add up to 1. */
const kernel =
  (radius: number, weigh: (distance: number) => number): Sampler =>
  (from, to) => {
    const scale = fround(1 / fround(to / from));
    return spans(to, (place) => {
      const centre = fround(fround(place + 0.5) * scale);
      const first = clamp(Math.ceil(fround(centre - radius) - 0.5), from);
      const last = clamp(Math.floor(fround(centre + radius) - 0.5), from);
      return [first, normalised(range(first, last).map((source) => weigh(Math.abs(source + 0.5 - centre))))];
    });
  };

/** The nearest pixel of half-pixel centres. */
const nearest: Sampler = (from, to) => {
  const scale = fround(from / to);
  return spans(to, (place) => [clamp(Math.floor(fround(fround(place + 0.5) * scale)), from), [1]]);
};

/** The mean of the area that a place covers. */
const area: Sampler = (from, to) => {
  const scale = fround(from / to);
  return spans(to, (place) => {
    const begin = fround(place * scale);
    const end = fround((place + 1) * scale);
    const first = Math.floor(begin);
    const weights = range(first, Math.ceil(end) - 1).map((source) => (Math.min(source + 1, end) - Math.max(source, begin)) / scale);
    // What rounding puts behind the last pixel is that pixel's.
    const inside = weights.slice(0, Math.max(1, from - first));
    const behind = weights.slice(inside.length).reduce((sum, weight) => sum + weight, 0);
    inside.push((inside.pop() ?? 0) + behind);
    return [clamp(first, from), inside];
  });
};

/** Positions between pixels that TensorFlow's bicubic kernel tells apart. */
const STEPS = 1024;

/** Cubic convolution (Keys, a = -1/2) at one of 1024 positions between pixels; pixels outside the image weigh nothing. */
const bicubic: Sampler = (from, to) => {
  const scale = fround(from / to);
  return spans(to, (place) => {
    const at = fround(fround(fround(place + 0.5) * scale) - 0.5);
    const pixel = Math.floor(at);
    const between = roundToEven(fround(fround(at - pixel) * STEPS)) / STEPS;
    const sources = range(pixel - 1, pixel + 2).filter((source) => source >= 0 && source < from);
    return [sources[0] ?? clamp(pixel, from), normalised(sources.map((source) => cubic(Math.abs(source - pixel - between))))];
  });
};

const cubic = (x: number): number => (x >= 2 ? 0 : x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : (1.5 * x - 2.5) * x * x + 1);

const lanczos = (radius: number): Sampler =>
  kernel(radius, (x) => {
    if (x > radius) return 0;
    return x <= 1e-3 ? 1 : (radius * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / radius)) / (Math.PI * Math.PI * x * x);
  });

/** A standard deviation of half a pixel, up to three of them. */
const gaussian = kernel(1.5, (x) => (x >= 1.5 ? 0 : Math.exp(-2 * x * x)));

/** Mitchell and Netravali, Reconstruction filters in computer graphics, 1988, with B = C = 1/3. */
const mitchell = kernel(2, (x) =>
  x >= 2 ? 0 : x >= 1 ? (((-7 / 18) * x + 2) * x - 10 / 3) * x + 16 / 9 : ((7 / 6) * x - 2) * x * x + 8 / 9,
);

/**
 * The methods of tf.image.resize without antialias, by their names, but `bilinear`: each axis by itself. See TensorFlow's
 * core/kernels/image: scale_and_translate_op, sampling_kernels, resize_area_op, resize_bicubic_op, resize_nearest_neighbor_op.
 */
export const SAMPLERS: ReadonlyMap<string, Sampler> = new Map<string, Sampler>([
  ['nearest', nearest],
  ['bicubic', bicubic],
  ['area', area],
  ['lanczos3', lanczos(3)],
  ['lanczos5', lanczos(5)],
  ['gaussian', gaussian],
  ['mitchellcubic', mitchell],
]);

function spans(places: number, span: (place: number) => readonly [start: number, weights: readonly number[]]): Spans {
  const all = Array.from({ length: places }, (_, place) => span(place));
  const length = Math.max(...all.map(([, weights]) => weights.length));
  const weights = new Float32Array(places * length);
  all.forEach(([, values], place) => void weights.set(values, place * length));
  return { length, starts: Int32Array.from(all, ([start]) => start), weights };
}

function normalised(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Math.abs(sum) < 1e-30 ? weights.map(() => 0) : weights.map((weight) => weight / sum);
}

const clamp = (index: number, length: number): number => Math.min(Math.max(index, 0), length - 1);
const range = (first: number, last: number): number[] => Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);

function roundToEven(x: number): number {
  const floor = Math.floor(x);
  return x - floor === 0.5 ? floor + (floor % 2) : Math.round(x);
}
