import type { Lowering } from './row.ts';

/** Refuses a call that the model's file makes with `training=True`: its values would be random, or those of the batch. */
export function refuseTraining(layer: Lowering): void {
  if (layer.kwargs['training'] === true) {
    layer.unsupported(
      'the layer is called with training=True, and skipc computes inference',
      'call it without, or leave it out with --skip',
    );
  }
}
