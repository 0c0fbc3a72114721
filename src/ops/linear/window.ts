import { type Dim, isKnown, type TensorType } from '../../ir/types.ts';
import { array, integer, oneOf } from '../../schema/build.ts';
import { mismatch } from '../row.ts';

/** Attributes that every sliding window has. */
export const padding = oneOf('same', 'valid');
export const sizes = (rank: number) => array(integer({ minimum: 1 }), { minItems: rank, maxItems: rank });

/** How many elements a dilated kernel spans. */
export const span = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1;

/**
 * The size of one axis after a window has moved over it (TensorFlow's rule):
 * `same` gives ceil(n / stride), `valid` floor((n - span) / stride) + 1.
 * @returns null where the size is not known and changes
 */
export function windowed(size: Dim, window: number, stride: number, pad: 'same' | 'valid', operands: readonly TensorType[]): Dim | null {
  if (!isKnown(size)) return stride === 1 && (pad === 'same' || window === 1) ? size : null;
  if (pad === 'same') return Math.ceil(size / stride);
  if (size < window) mismatch(`a window of ${window} does not fit into ${size}`, operands);
  return Math.floor((size - window) / stride) + 1;
}
