import type { Value } from '../../ir/program.ts';
import { type Dim, isKnown } from '../../ir/types.ts';
import type { Lowering } from '../row.ts';

/** `causal` is for sequences: no output sees what comes later. */
export type Padding = 'valid' | 'same' | 'causal';

/** What slides along an axis: how many elements it spans, and how far it moves. */
export interface Window {
  readonly span: number;
  readonly stride: number;
}

export interface Padded {
  readonly x: Value;
  /** How the op itself is to pad. */
  readonly pad: 'same' | 'valid';
}

/**
 * Pads the spatial axes of [batch, ...spatial, channels] with zeros as far as tfjs's ops do not do so rightly themselves: wasm's
 * convolutions and all 3-D ones take `same` wrongly where a window moves further than it spans.
 */
export function padded(layer: Lowering, x: Value, windows: readonly Window[], padding: Padding): Padded {
  if (padding === 'valid') return { x, pad: 'valid' };
  if (padding === 'same' && windows.every(({ span, stride }) => span >= stride)) return { x, pad: 'same' };
  return { x: explicitlyPadded(layer, x, windows, padding), pad: 'valid' };
}

/** As `padded`, for what knows no padding of its own. */
export function explicitlyPadded(layer: Lowering, x: Value, windows: readonly Window[], padding: Padding): Value {
  if (padding === 'valid') return x;
  const around = windows.map((window, i) => {
    const size = x.type.shape[i + 1] as Dim;
    if (padding === 'same') return same(layer, size, window);
    return [i === windows.length - 1 ? window.span - 1 : 0, 0] as const;
  });
  return pad(layer, x, around);
}

/** Zeros around the spatial axes, [before, after] for each. */
export function pad(layer: Lowering, x: Value, around: readonly (readonly [number, number])[]): Value {
  if (around.flat().every((zeros) => zeros === 0)) return x;
  return layer.op('pad', [x], { paddings: [[0, 0], ...around, [0, 0]], value: 0 }, 'padded');
}

/** TensorFlow's `same`: (ceil(n / stride) - 1) stride + span - n elements where that is above 0, the odd one at the end. */
function same(layer: Lowering, size: Dim, { span, stride }: Window): readonly [number, number] {
  const halves = (total: number): readonly [number, number] => [Math.floor(total / 2), Math.ceil(total / 2)];
  if (span === 1) return [0, 0];
  if (stride === 1) return halves(span - 1);
  if (isKnown(size)) return halves(Math.max((Math.ceil(size / stride) - 1) * stride + span - size, 0));
  // One more element at the end is right whether or not the last window needs it: no further window fits.
  if (span === 2 && stride > span) return [0, 1];
  return layer.unsupported(
    `padding same with a window of ${span} that moves by ${stride} along an axis of unknown size: what is padded depends on it`,
    'give the input a fixed size, or use padding valid',
  );
}
