import type { Value } from '../../ir/program.ts';
import { isKnown } from '../../ir/types.ts';
import type { Call } from './call.ts';
import { type Operation, operation } from './operation.ts';

type Margins = readonly (readonly [number, number])[];

function marginsOf(call: Call, x: Value): Margins {
  const { values, shape } = call.literal('pad_width');
  const rank = x.type.shape.length;
  if (!values.every((count) => Number.isInteger(count) && count >= 0)) return call.mismatch('margins from 0 on', values);
  const pair = (i: number): readonly [number, number] => [values[i] as number, values[i + 1] as number];
  if (shape.length === 0) return Array.from({ length: rank }, () => [values[0] as number, values[0] as number] as const);
  if (shape.length === 1 && shape[0] === 1) return Array.from({ length: rank }, () => [values[0] as number, values[0] as number] as const);
  if ((shape.length === 1 && shape[0] === 2) || (shape[0] === 1 && shape[1] === 2)) return Array.from({ length: rank }, () => pair(0));
  if (shape.length !== 2 || shape[1] !== 2 || shape[0] !== rank) return call.mismatch('a pair of margins for each axis', shape);
  return Array.from({ length: rank }, (_, i) => pair(2 * i));
}

/** The places along an axis that numpy's `reflect`, `symmetric` and `edge` show around it. */
function placesOf(size: number, [before, after]: readonly [number, number], mode: string): readonly number[] {
  const period = mode === 'reflect' ? Math.max(2 * (size - 1), 1) : 2 * size;
  return Array.from({ length: before + size + after }, (_, i) => {
    const place = i - before;
    if (mode === 'edge') return Math.min(Math.max(place, 0), size - 1);
    const within = ((place % period) + period) % period;
    return within < size ? within : mode === 'reflect' ? period - within : period - 1 - within;
  });
}

const pad = operation({
  keras: 'numpy.Pad',
  call: 'x constant_values',
  tf: { pad: 'tensor:x paddings:pad_width mode constant_values' },
  node: { Pad: 'x pad_width', PadV2: 'x pad_width constant_values', MirrorPad: 'x pad_width ; mode' },
  doc: 'a constant, or what a mirror shows, around x',
  lower(call) {
    const { layer } = call;
    const x = call.tensor('x');
    const margins = marginsOf(call, x);
    const mode = call.text('mode', 'constant').toLowerCase();
    if (mode === 'constant') {
      const value = call.number('constant_values', 0);
      if (x.type.dtype === 'i32' && !Number.isInteger(value)) return call.mismatch('an integer around integers', value);
      return layer.op('pad', [x], { paddings: margins, value });
    }
    if (!['reflect', 'symmetric', 'edge'].includes(mode))
      return call.unsupported(`the mode ${mode}`, 'use constant, reflect, symmetric or edge');
    return margins.reduce<Value>((padded, [before, after], axis) => {
      const size = padded.type.shape[axis];
      if (before + after === 0 || size === undefined) return padded;
      if (!isKnown(size))
        return call.unsupported(`the mode ${mode} along an axis of unknown size`, "give the size in the shape of the model's input");
      call.bounded(before + size + after);
      const places = placesOf(size, [before, after], mode);
      return layer.op('gather', [padded, layer.constant(places, [places.length], 'places', 'i32')], { axis }, 'padded');
    }, x);
  },
});

export const paddingOperations: readonly Operation[] = [pad];
