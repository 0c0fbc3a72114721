import { type Dim, isKnown, type TensorType } from '../../ir/types.ts';
import { array, either, integer, oneOf } from '../../schema/build.ts';
import { mismatch } from '../row.ts';

/** Attributes that every sliding window has. */
export const padding = oneOf('same', 'valid');
const pair = array(integer({ minimum: 0 }), { minItems: 2, maxItems: 2 });
/** As `padding`, or what is put before and behind each axis. */
export const explicitPadding = either(padding, array(pair, { minItems: 2, maxItems: 2 }));
export type Padding = 'same' | 'valid' | readonly (readonly number[])[];
export const sizes = (rank: number) => array(integer({ minimum: 1 }), { minItems: rank, maxItems: rank });

/** How many elements a dilated kernel spans. */
export const span = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1;

/**
 * The size of one axis after a window has moved over it (TensorFlow's rule):
 * `same` gives ceil(n / stride), `valid` floor((n - span) / stride) + 1; what is put around an axis makes it longer.
 * @returns null where the size is not known and changes
 */
export function windowed(
  size: Dim,
  window: number,
  stride: number,
  pad: 'same' | 'valid' | readonly number[],
  operands: readonly TensorType[],
): Dim | null {
  const around = typeof pad === 'string' ? 0 : pad.reduce((sum, count) => sum + count, 0);
  if (!isKnown(size)) return stride === 1 && (pad === 'same' || window === 1 + around) ? size : null;
  if (pad === 'same') return Math.ceil(size / stride);
  if (size + around < window) mismatch(`a window of ${window} does not fit into ${size + around}`, operands);
  return Math.floor((size + around - window) / stride) + 1;
}
