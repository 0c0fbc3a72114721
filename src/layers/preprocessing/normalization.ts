import type { Value } from '../../ir/program.ts';
import { type Dim, isKnown, type Shape } from '../../ir/types.ts';
import { anything, array, boolean, either, integer, nullable, object, withDefault } from '../../schema/build.ts';
import { type Lowering, layer } from '../row.ts';
import { numbersOf } from './numbers.ts';

/** Keras's epsilon: no standard deviation is taken to be smaller. */
const LEAST = 1e-7;

export const normalization = layer({
  className: 'Normalization',
  doc: '(x - mean) / sqrt(variance), with moments that were given or adapted; or the inverse',
  config: object({
    axis: withDefault(nullable(either(integer(), array(integer()))), -1),
    mean: withDefault(anything, null),
    variance: withDefault(anything, null),
    invert: withDefault(boolean, false),
  }),
  lower(layer) {
    const { axis, mean: given, variance, invert } = layer.config;
    const { shape } = layer.x.type;
    const kept = axesOf(layer, axis, shape);
    const [mean, deviation] = given === null ? adapted(layer, kept, shape) : fixed(layer, given, variance, kept, shape);
    if (invert) return layer.op('add', [layer.op('mul', [layer.x, deviation], {}, 'stretched'), mean], {});
    return layer.op('div', [layer.op('sub', [layer.x, mean], {}, 'centred'), deviation], {});
  },
});

/** The axes with moments of their own, ascending. */
function axesOf(layer: Lowering, axis: number | readonly number[] | null, shape: Shape): readonly number[] {
  const axes = (axis === null ? [] : [axis].flat()).map((at) => (at < 0 ? at + shape.length : at)).sort((a, b) => a - b);
  const bad = axes.find((at) => shape[at] === undefined || !isKnown(shape[at] as Dim));
  if (bad !== undefined) return layer.mismatch(`Normalization needs the size of axis ${bad}`, shape);
  return axes;
}

/** Moments that `adapt` left as variables. The third variable, a count of samples, is not needed. */
function adapted(layer: Lowering, kept: readonly number[], shape: Shape): readonly [Value, Value] {
  const own = kept.map((axis) => shape[axis] as number);
  const mean = layer.weight('mean', own, { trainable: false });
  const variance = layer.weight('variance', own, { trainable: false });
  const root = layer.op('sqrt', [variance], {}, 'root');
  const deviation = layer.op('maximum', [root, layer.scalar(LEAST, 'least')], {}, 'deviation');
  // From the first kept axis on: those before broadcast by themselves.
  const spread = shape.map((dim, axis) => (kept.includes(axis) ? (dim as number) : 1)).slice(kept[0] ?? shape.length);
  if (spread.length === kept.length) return [mean, deviation];
  const along = (value: Value, role: string): Value => layer.op('reshape', [value], { shape: spread }, role);
  return [along(mean, 'mean_along'), along(deviation, 'deviation_along')];
}

/** Moments that the config holds: numbers, or arrays whose axes are the last of the kept ones. */
function fixed(layer: Lowering, mean: unknown, variance: unknown, kept: readonly number[], shape: Shape): readonly [Value, Value] {
  const [center, spread] = [numbersOf(mean), numbersOf(variance)];
  if (center === null || spread === null || center.shape.join() !== spread.shape.join() || center.shape.length > kept.length)
    return layer.mismatch('Normalization takes mean and variance of one shape, with no more axes than it keeps', String([mean, variance]));
  if (spread.values.some((value) => value < 0)) return layer.mismatch('a variance is below zero', String(variance));
  const own = kept.slice(kept.length - center.shape.length);
  const fits = own.every((axis, i) => center.shape[i] === 1 || center.shape[i] === shape[axis]);
  if (!fits) return layer.mismatch(`mean and variance of shape [${center.shape}] do not fit the axes [${kept}]`, shape);
  const first = own[0] ?? shape.length;
  const along = shape.slice(first).map((_, i) => center.shape[own.indexOf(first + i)] ?? 1);
  const deviations = spread.values.map((value) => Math.max(Math.sqrt(value), LEAST));
  return [layer.constant(center.values, along, 'mean'), layer.constant(deviations, along, 'deviation')];
}
