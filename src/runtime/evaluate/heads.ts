import type { LossFunction, LossReduction, Metric } from './metric.ts';

/** What is computed of one output, as the model was compiled with it. */
export interface Head {
  /** What it is measured by; absent where only metrics are wanted. */
  readonly loss?: HeadLoss;
  /** By the names under which they are reported. */
  readonly metrics?: Readonly<Record<string, HeadMetric>>;
  /** Those that sample weights weigh. */
  readonly weightedMetrics?: Readonly<Record<string, HeadMetric>>;
  /** The mask of the output among what the program gives: what it leaves out does not count. */
  readonly mask?: string;
}

export interface HeadLoss {
  readonly of: LossFunction;
  /** What it reads in place of the output: the logits. */
  readonly reads?: string;
  /** How much it counts in the sum of all. */
  readonly weight?: number;
  readonly reduction?: LossReduction;
  /** The name under which it is reported, where the model has several. */
  readonly name?: string;
}

export interface HeadMetric {
  readonly of: Metric;
  readonly reads?: string;
}
