import type { Location } from '../diagnostics/error.ts';
import type { ModelGraph, Origin } from '../model/graph.ts';
import { validate } from '../schema/validate.ts';
import { inlineModel } from './inline.ts';
import { layerEnvelope } from './keras.ts';
import { isModel, readModelSpec } from './layers.ts';

/**
 * The model that a layer's config holds, as that of `TimeDistributed` may; null where it holds an ordinary layer.
 * @param value as the config has it: `{class_name, config}`
 * @throws SkipcError as `readModel`
 */
export function nestedModel(value: unknown, origin: Origin, where: Location): ModelGraph | null {
  const envelope = validate(layerEnvelope, structuredClone(value), where);
  return isModel(envelope) ? inlineModel(readModelSpec(envelope, null, where), origin, where.file) : null;
}
