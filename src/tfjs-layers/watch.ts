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

/** Something that whoever watches has thrown: no fault of tfjs-layers, through which it passes. */
export class Interruption extends Error {}

function told<T>(tell: () => T): T {
  try {
    return tell();
  } catch (error) {
    throw error instanceof PeerFailure ? error : new Interruption('', { cause: error });
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
    const run = (): Tensor | Tensor[] => {
      try {
        return layer.apply(inputs, kwargs) as Tensor | Tensor[];
      } catch (error) {
        throw new PeerFailure(call, error);
      }
    };
    const { around, seen } = hooks();
    const result = around === undefined ? run() : told(() => around(call, run));
    outputs = [result].flat();
    if (!layer.supportsMasking) told(() => seen?.(call, outputs, null));
    return result;
  };
  // Asked for right behind the call, of layers that support masks.
  const computeMask = (inputs: Tensor[], given: Tensor[]): ReturnType<PeerLayer['computeMask']> => {
    const mask = layer.computeMask(inputs, given);
    told(() => hooks().seen?.(call, outputs, [mask].flat()[0] ?? null));
    return mask;
  };
  return Object.assign(Object.create(layer) as PeerLayer, { apply, computeMask });
}
