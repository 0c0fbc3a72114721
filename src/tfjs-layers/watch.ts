import type { Tensor } from '@tensorflow/tfjs-core';
import type { CallId } from '../model/graph.ts';
import { messageOf } from './assemble.ts';
import type { PeerHooks } from './hooks.ts';
import type { PeerLayer } from './library.ts';

/** A model, or one call of it, that tfjs-layers could make and cannot run. */
export class PeerFailure extends Error {
  readonly call: CallId | null;

  constructor(call: CallId | null, cause: unknown) {
    super(`tfjs-layers cannot run ${call === null ? 'the model' : JSON.stringify(call)}: ${messageOf(cause)}`, { cause });
    this.name = 'PeerFailure';
    this.call = call;
  }
}

/**
 * A layer as one of its calls sees it: tfjs-layers runs a call through the layer that its result names, and this one tells of it. All else
 * is the layer's own.
 * @param hooks those of the run at hand
 */
export function watched(layer: PeerLayer, call: CallId, hooks: () => PeerHooks): PeerLayer {
  let outputs: readonly Tensor[] = [];
  const apply = (inputs: Tensor[], kwargs?: object): Tensor | Tensor[] => {
    const run = (): Tensor | Tensor[] => layer.apply(inputs, kwargs) as Tensor | Tensor[];
    const { around, seen } = hooks();
    let result: Tensor | Tensor[];
    try {
      result = around === undefined ? run() : around(call, run);
    } catch (error) {
      throw error instanceof PeerFailure ? error : new PeerFailure(call, error);
    }
    outputs = [result].flat();
    if (!layer.supportsMasking) seen?.(call, outputs, null);
    return result;
  };
  // Asked for right behind the call, of layers that support masks.
  const computeMask = (inputs: Tensor[], given: Tensor[]): ReturnType<PeerLayer['computeMask']> => {
    const mask = layer.computeMask(inputs, given);
    hooks().seen?.(call, outputs, [mask].flat()[0] ?? null);
    return mask;
  };
  return Object.assign(Object.create(layer) as PeerLayer, { apply, computeMask });
}
