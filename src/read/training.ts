import type { Training } from '../model/training.ts';
import type { Found } from './detect.ts';
import { checkNesting } from './nesting.ts';
import { isObject } from './spec.ts';

/** How tfjs, Keras 2 and Keras 3 call what a model was compiled with. */
const KEYS = ['trainingConfig', 'training_config', 'compile_config'] as const;

/**
 * What the model was compiled with, wherever around it that is said; null where it was not compiled.
 * @throws SkipcError `nesting-too-deep`
 */
export function trainingOf({ around }: Found, file: string | undefined): Training | null {
  // The innermost statement is nearest to what wrote the model.
  for (const object of around.toReversed()) {
    for (const key of KEYS) {
      const config = object[key];
      if (!isObject(config) || config['loss'] === undefined) continue;
      checkNesting(config, file);
      const { loss = null, loss_weights: lossWeights = null, metrics = null, weighted_metrics: weightedMetrics = null } = config;
      return { loss, lossWeights, metrics, weightedMetrics, pointer: `/${key}` };
    }
  }
  return null;
}
