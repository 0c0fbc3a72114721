import type { Lowering } from '../row.ts';

/** The weights of cosines 2 pi i / n in each window that Keras's `stft` knows by name; both are periodic. */
const NAMED: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['hann', [0.5, 0.5]],
  ['hamming', [0.54, 0.46]],
]);

/** A window over frames of a length, as a config names or holds it; null for none. */
export function windowOf(layer: Lowering, window: string | readonly number[] | null, length: number): readonly number[] | null {
  if (window === null) return null;
  if (typeof window !== 'string') {
    return window.length === length ? window : layer.mismatch(`the window has sequence_length, ${length}, values`, String(window.length));
  }
  const [mean, swing] = NAMED.get(window) ?? layer.mismatch('window is hann, hamming, null or a list of numbers', JSON.stringify(window));
  return Array.from({ length }, (_, i) => (length === 1 ? 1 : mean - swing * Math.cos((2 * Math.PI * i) / length)));
}
