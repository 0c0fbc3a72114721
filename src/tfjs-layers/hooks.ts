import type { Tensor } from '@tensorflow/tfjs-core';
import type { CallId } from '../model/graph.ts';

/** What a run of the peer tells on its way. A call of a layer that gives several tensors may run once for each of them. */
export interface PeerHooks {
  /**
   * After each call, in the order in which they run.
   * @param outputs the call's tensors; they are disposed by and by after this returns
   * @param mask what the call passes on as the mask of its first tensor, null where that is nothing
   */
  seen?(call: CallId, outputs: readonly Tensor[], mask: Tensor | null): void;
  /** Around each call, to time it. */
  around?<T>(call: CallId, run: () => T): T;
}
