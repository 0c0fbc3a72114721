import { categoricalHinge, hinge, squaredHinge } from '../../runtime/evaluate/hinges.ts';
import { dice, tversky } from '../../runtime/evaluate/overlaps.ts';
import { circle } from '../../runtime/evaluate/similarities.ts';
import { boolean, number, object, withDefault } from '../../schema/build.ts';
import { axes, loss, type Meaning, type RefusedRow } from '../row.ts';

/** tfjs takes labels as they are; Keras takes 0 for -1. */
const signed = (_: unknown, meaning: Meaning) => ({ signed: meaning === 'tfjs' });
const allAxes = withDefault(axes, null);

export const hinges = [
  loss({
    className: 'Hinge',
    doc: 'mean(max(1 - y x, 0)), labels being -1 and 1, or 0 and 1',
    config: object({}),
    make: hinge,
    options: signed,
  }),
  loss({
    className: 'SquaredHinge',
    doc: 'mean(max(1 - y x, 0)^2), labels being -1 and 1, or 0 and 1',
    config: object({}),
    make: squaredHinge,
    options: signed,
  }),
  loss({
    className: 'CategoricalHinge',
    doc: 'max(1 + max((1 - y) x) - sum(y x), 0)',
    config: object({}),
    make: categoricalHinge,
    options: () => ({}),
  }),
];

export const overlaps = [
  loss({
    className: 'Dice',
    doc: '1 - 2 sum(y x) / (sum(y) + sum(x))',
    config: object({ axis: allAxes }),
    make: dice,
    options: ({ axis }) => ({ axis }),
  }),
  loss({
    className: 'Tversky',
    doc: 'Dice with weights for what is missed and what is wrong',
    config: object({ alpha: withDefault(number(), 0.5), beta: withDefault(number(), 0.5), axis: allAxes }),
    make: tversky,
    options: ({ alpha, beta, axis }) => ({ alpha, beta, axis }),
  }),
];

export const similarities = [
  loss({
    className: 'Circle',
    doc: 'of embeddings: near within a class, far between classes',
    config: object({ gamma: withDefault(number(), 80), margin: withDefault(number(), 0.4), remove_diagonal: withDefault(boolean, true) }),
    make: circle,
    options: ({ gamma, margin, remove_diagonal }) => ({ gamma, margin, removeDiagonal: remove_diagonal }),
  }),
];

export const refusedLosses: readonly RefusedRow[] = [
  {
    className: 'CTC',
    doc: 'of sequences of labels without places',
    what: 'the loss CTC aligns sequences while training, which skipc does not do',
    instead: 'name another with --loss, or metrics alone with --metric',
  },
];
