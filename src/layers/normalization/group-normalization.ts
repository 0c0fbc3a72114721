import type { Value } from '../../ir/program.ts';
import { type Dim, elements, isKnown } from '../../ir/types.ts';
import { boolean, integer, nullable, number, object, withDefault } from '../../schema/build.ts';
import { axesOf, axisConfig, sizesOf } from '../axes.ts';
import { type Lowering, layer } from '../row.ts';
import { inverseRoot, refuseIntegers, varianceOf } from './moments.ts';

export const groupNormalization = layer({
  className: 'GroupNormalization',
  doc: '(x - mean) / deviation over each group of channels of each sample, then gamma and beta; groups=-1 is one channel each',
  config: object({
    groups: withDefault(nullable(integer({ minimum: -1 })), 32),
    axis: withDefault(nullable(axisConfig), -1),
    epsilon: withDefault(nullable(number({ minimum: 0 })), 1e-3),
    center: withDefault(nullable(boolean), true),
    scale: withDefault(nullable(boolean), true),
  }),
  lower(layer) {
    refuseIntegers(layer);
    if (layer.origin.keras !== 3 && layer.mask() !== null) {
      return layer.unsupported('Keras 2 weighs the moments of a GroupNormalization layer by the mask', 'give it a tensor without a mask');
    }
    const { x } = layer;
    const [axis = 0, ...more] = axesOf(layer, layer.config.axis ?? -1, x);
    if (more.length > 0 || axis === 0) return layer.mismatch('GroupNormalization takes one axis behind the batch', x.type.shape);
    const [channels = 1] = sizesOf(layer, [axis], x);
    const groups = layer.config.groups === -1 ? channels : (layer.config.groups ?? 32);
    if (groups < 1 || channels % groups !== 0)
      return layer.mismatch(`${channels} channels do not part into ${groups} groups`, x.type.shape);
    const gamma = layer.config.scale === false ? null : layer.weight('gamma', [channels]);
    const beta = layer.config.center === false ? null : layer.weight('beta', [channels]);

    const grouped = inGroups(layer, x, axis, groups);
    const mean = layer.op('mean', [grouped.value], { axes: grouped.axes, keepDims: true });
    const centred = layer.op('sub', [grouped.value, mean], {}, 'centred');
    const inverse = inverseRoot(layer, varianceOf(layer, centred, grouped.axes), layer.config.epsilon ?? 1e-3);

    // Per sample and channel, so that the image itself is touched by one multiplication and one addition.
    const batch = x.type.shape[0] ?? 1;
    const perGroup = (value: Value, role: string): Value => layer.op('reshape', [value], { shape: [batch, groups, 1] }, role);
    const perChannel = (weight: Value, role: string): Value => layer.op('reshape', [weight], { shape: [groups, channels / groups] }, role);
    const factor = perGroup(inverse, 'group_factor');
    const spread =
      gamma !== null
        ? layer.op('mul', [factor, perChannel(gamma, 'grouped_gamma')], {}, 'factor')
        : layer.op('tile', [factor], { reps: [1, 1, channels / groups] }, 'factor');
    const moved = layer.op('mul', [perGroup(mean, 'group_mean'), spread], {}, 'scaled_mean');
    const shift =
      beta !== null ? layer.op('sub', [perChannel(beta, 'grouped_beta'), moved], {}, 'offset') : layer.op('neg', [moved], {}, 'offset');
    const shape = x.type.shape.map((_, i) => (i === 0 ? batch : i === axis ? channels : 1));
    const alongChannels = (value: Value, role: string): Value => layer.op('reshape', [value], { shape }, role);
    const scaled = layer.op('mul', [x, alongChannels(spread, 'scale')], {}, 'scaled');
    return layer.op('add', [scaled, alongChannels(shift, 'shift')], {});
  },
});

/**
 * The tensor as [batch, before, group, rest], and the axes over which a group extends. Axes are merged, for kernels of low
 * rank are faster; unless that would leave two sizes open.
 */
function inGroups(layer: Lowering, x: Value, axis: number, groups: number): { readonly value: Value; readonly axes: number[] } {
  const { shape } = x.type;
  const [batch = 1, ...inner] = shape;
  const before = inner.slice(0, axis - 1);
  const rest = [Number(shape[axis]) / groups, ...inner.slice(axis)];
  const [left, right] = [merged(before), merged(rest)];
  const parts: (Dim | null)[][] = left.includes(null) && right.includes(null) ? [before, rest] : [left, right];
  const [leading = [], trailing = []] = parts;
  const value = layer.op('reshape', [x], { shape: [batch, ...leading, groups, ...trailing] }, 'grouped');
  const axes = value.type.shape.map((_, i) => i).filter((i) => i !== 0 && i !== leading.length + 1);
  return { value, axes };
}

/** Sizes as one: null where it is not known when compiling. */
function merged(sizes: readonly Dim[]): (Dim | null)[] {
  if (sizes.length < 2) return [...sizes];
  return [sizes.every(isKnown) ? elements(sizes) : null];
}
