import type { Location } from '../diagnostics/error.ts';
import type { ModelGraph, Origin } from '../model/graph.ts';
import { validate } from '../schema/validate.ts';
import { inlineModel } from './inline.ts';
import { layerEnvelope } from './keras.ts';
import { classOf, isModel, readModelSpec } from './layers.ts';

/** What a layer's config holds where it wraps another: an ordinary layer, or a model. */
export interface Nested {
  readonly className: string;
  readonly model: ModelGraph | null;
}

/**
 * The layer, or the model, in the config of another layer, such as `TimeDistributed`.
 * @param value as the config has it: `{class_name, config}`
 * @throws SkipcError as `readModel`
 */
export function readNested(value: unknown, origin: Origin, where: Location): Nested {
  const envelope = validate(layerEnvelope, structuredClone(value), where);
  if (!isModel(envelope)) return { className: classOf(envelope), model: null };
  return { className: envelope.class_name, model: inlineModel(readModelSpec(envelope, null, where), origin, where.file) };
}
