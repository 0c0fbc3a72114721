import type { Value } from '../../ir/program.ts';
import { type Dim, elements, isKnown } from '../../ir/types.ts';
import type { Lowering } from '../row.ts';

export type Reduction = 'average' | 'max';

/** A window that moves over the spatial axes; `same` padding is never counted. */
export interface PoolWindow {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly pad: 'same' | 'valid';
}

const OPS = { average: 'avgPool', max: 'maxPool' } as const;

/** Pools [batch, ...spatial, channels] over two or three spatial axes. */
export function pool(layer: Lowering, x: Value, reduction: Reduction, pooling: PoolWindow): Value {
  return pooling.window.length === 2 ? layer.op(OPS[reduction], [x], pooling) : poolVolume(layer, x, reduction, pooling);
}

const part = ({ window, strides, pad }: PoolWindow, from: number, to: number): PoolWindow => ({
  window: window.slice(from, to),
  strides: strides.slice(from, to),
  pad,
});

const stays = ({ window, strides }: PoolWindow): boolean => [...window, ...strides].every((size) => size === 1);

/**
 * Over depth and height first, a row of pixels being the channels, then over width. Maxima and means of a box are maxima and
 * means of its sides, and the 3-D kernels of tfjs are wrong: wasm's maximum starts at 0, all pad wrongly where a window moves
 * further than it spans.
 */
function poolVolume(layer: Lowering, x: Value, reduction: Reduction, pooling: PoolWindow): Value {
  const [batch, , , width, channels] = x.type.shape as readonly [Dim, Dim, Dim, Dim, number];
  const [faces, rows] = [part(pooling, 0, 2), part(pooling, 2, 3)];
  let y = x;
  if (!stays(faces)) {
    const flat = layer.op('reshape', [x], { shape: [...x.type.shape.slice(0, 3), isKnown(width) ? width * channels : null] }, 'faces');
    const pooled = layer.op(OPS[reduction], [flat], faces, 'faces');
    y = layer.op('reshape', [pooled], { shape: [...pooled.type.shape.slice(0, 3), width, channels] }, 'faces');
  }
  if (stays(rows)) return y;

  const [, depth, height] = y.type.shape as readonly [Dim, Dim, Dim];
  if (isKnown(depth) || isKnown(height)) {
    const lines = isKnown(depth) && isKnown(height) ? elements([depth, height]) : null;
    const flat = layer.op('reshape', [y], { shape: [batch, lines, width, channels] }, 'rows');
    const along = { window: [1, ...rows.window], strides: [1, ...rows.strides], pad: rows.pad };
    const pooled = layer.op(OPS[reduction], [flat], along, 'rows');
    return layer.op('reshape', [pooled], { shape: [batch, depth, height, ...pooled.type.shape.slice(2)] });
  }
  // Two unknown sizes in one could not be told apart again: here the lines of a face are the channels.
  const across = layer.op('transpose', [y], { perm: [0, 3, 1, 2, 4] }, 'rows');
  const flat = layer.op('reshape', [across], { shape: [batch, width, depth, null] }, 'rows');
  const along = { window: [...rows.window, 1], strides: [...rows.strides, 1], pad: rows.pad };
  const pooled = layer.op(OPS[reduction], [flat], along, 'rows');
  const apart = layer.op('reshape', [pooled], { shape: [...pooled.type.shape.slice(0, 3), height, channels] }, 'rows');
  return layer.op('transpose', [apart], { perm: [0, 2, 3, 1, 4] });
}
