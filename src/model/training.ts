/**
 * What a model was compiled with, as its file says it: names, serialised objects, and lists and dicts of these by output. Nothing is
 * looked up yet, so that a model whose loss skipc does not know still compiles.
 */
export interface Training {
  readonly loss: unknown;
  readonly lossWeights: unknown;
  readonly metrics: unknown;
  readonly weightedMetrics: unknown;
  /** JSON pointer of it in the file. */
  readonly pointer: string;
}
