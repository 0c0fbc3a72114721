import type { LossFunction, Metric } from '../runtime/evaluate/metric.ts';
import { array, integer, nullable, number, type Schema, withDefault } from '../schema/build.ts';

/** Whose formula is meant, where these differ. */
export type Meaning = 'keras3' | 'keras2' | 'tfjs';

interface Row<C, O> {
  readonly className: string;
  /** What else it goes by, besides its class name and that in snake case. */
  readonly names?: readonly string[];
  /** One line for the table. */
  readonly doc: string;
  /** What Keras writes besides name, dtype and reduction. */
  readonly config: Schema<C>;
  /** What the config gets wrong that its schema cannot say, or null. */
  fault?(config: NoInfer<C>): string | null;
  options(config: NoInfer<C>, meaning: Meaning): O;
  /** Options that are always written: what the config is by default is not what the function has without them. */
  readonly keeps?: readonly string[];
  /** True where Keras reads the logits in place of an output that is a softmax or a sigmoid. */
  readsLogits?(config: NoInfer<C>): boolean;
}

/** A loss class or function of Keras. */
export interface LossRow<C = unknown, O = unknown> extends Row<C, O> {
  /** A function of `src/runtime/evaluate`: generated modules call it by its name. */
  make(options: O): LossFunction;
}

/** A metric class of Keras. It is the mean of what `values` gives, or what `make` makes: functions of `src/runtime/evaluate`. */
export interface MetricRow<C = unknown, O = unknown> extends Row<C, O> {
  values?(options: O): LossFunction;
  make?(options: O): Metric;
  /** True where the result is a list of numbers. */
  isList?(config: NoInfer<C>): boolean;
}

/** A loss or metric of Keras that is not computed, and why. */
export interface RefusedRow {
  readonly className: string;
  readonly names?: readonly string[];
  readonly doc: string;
  readonly what: string;
  readonly instead: string;
}

/** Declares a loss; the config's type follows from its schema. */
export const loss = <C, O>(row: LossRow<C, O>): LossRow => row as unknown as LossRow;

/** Declares a metric; the config's type follows from its schema. */
export const metric = <C, O>(row: MetricRow<C, O>): MetricRow => row as unknown as MetricRow;

/** Axes as Keras takes them: one, several, or null for all. */
export const axes = { type: ['integer', 'array', 'null'], items: { type: 'integer' } } as Schema<number | readonly number[] | null>;
export const lastAxis = withDefault(axes, -1);
export const oneAxis = withDefault(integer(), -1);

/** Bounds on what a config may ask memory for. */
export const MOST_THRESHOLDS = 100_000;
export const MOST_CLASSES = 1_000_000;

const threshold = number({ minimum: 0, maximum: 1 });
export const thresholds = withDefault(
  { anyOf: [threshold, array(threshold, { minItems: 1, maxItems: MOST_THRESHOLDS }), { type: 'null' }] } as Schema<
    number | readonly number[] | null
  >,
  null,
);
export const noNumber = withDefault(nullable(number()), null);
export const noInteger = withDefault(nullable(integer()), null);
