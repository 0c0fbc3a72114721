import { fail } from '../diagnostics/error.ts';

/** `x * scale + offset` in float32, as keras.layers.Rescaling: one of each, or one a channel. */
export interface Rescaling {
  readonly scale: readonly number[];
  readonly offset: readonly number[];
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** A number as people and CSV files write it; NaN for anything else, infinities too. */
export function parseNumber(text: string): number {
  const trimmed = text.trim();
  const value = NUMBER.test(trimmed) ? Number(trimmed) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}

/**
 * What `--rescale` and `--offset` ask for; null where neither is given.
 * @throws SkipcError `data-option`
 */
export function parseRescaling(rescale: string | undefined, offset: string | undefined): Rescaling | null {
  if (rescale === undefined && offset === undefined) return null;
  return {
    scale: rescale === undefined ? [1] : factors('--rescale', rescale),
    offset: offset === undefined ? [0] : factors('--offset', offset),
  };
}

function factors(option: string, given: string): number[] {
  return given.split(',').map((part) => {
    const [over, under = '1', ...more] = part.split('/').map((side) => parseNumber(side));
    const value = (over as number) / Number(under);
    if (more.length > 0 || !Number.isFinite(value)) {
      fail('data-option', {
        option,
        given,
        expected: 'a number or a fraction such as 1/255, or one for each channel, with commas between',
      });
    }
    return Math.fround(value);
  });
}

/**
 * Rescales values in place.
 * @param channels how many channels there are
 * @param stride how far the next channel is: 1 where channels come last, else the values of a channel
 * @throws SkipcError `data-option` where there are not as many factors as channels
 */
export function rescaleInPlace(values: Float32Array, { scale, offset }: Rescaling, channels: number, stride: number): void {
  checkChannels('--rescale', scale, channels);
  checkChannels('--offset', offset, channels);
  for (let i = 0; i < values.length; i++) {
    const channel = Math.floor(i / stride) % channels;
    const factor = scale[scale.length === 1 ? 0 : channel] as number;
    const term = offset[offset.length === 1 ? 0 : channel] as number;
    values[i] = Math.fround((values[i] as number) * factor) + term;
  }
}

function checkChannels(option: string, factors: readonly number[], channels: number): void {
  if (factors.length === 1 || factors.length === channels) return;
  fail('data-option', { option, given: factors.join(','), expected: `one number, or one for each of the ${channels} channels` });
}
