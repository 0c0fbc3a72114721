import { engine, type Tensor } from '@tensorflow/tfjs-core';
import type { EvaluatedPrefix } from './features.ts';

/** Refuses to go on where batches would be computed with other weights than those before, or be kept under the key of those. */
export function unchanged(weights: Readonly<Record<string, Tensor>>): () => void {
  const before = Object.values(weights);
  const backend = engine().backendName;
  return () => {
    const now = Object.values(weights);
    if (now.some((tensor, i) => tensor !== before[i])) throw new Error('the weights were refreshed while evaluate ran: call it again');
    if (now.some(({ isDisposed }) => isDisposed)) throw new Error('the weights were disposed while evaluate ran');
    if (engine().backendName !== backend) throw new Error('the backend was changed while evaluate ran: call it again');
  };
}

/** The prefix, which does not run where that is so. */
export const checkedBy = (check: () => void, prefix: EvaluatedPrefix): EvaluatedPrefix => ({
  ...prefix,
  run(inputs) {
    check();
    return prefix.run(inputs);
  },
});
